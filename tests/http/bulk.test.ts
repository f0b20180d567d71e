import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BulkOutcome } from '../../actors/agents/instances/bulk-api.ts'
import type { InstanceView } from '../../actors/agents/instances/instances-api.ts'
import { eventually } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { backends } from '../support/redis.ts'
import { type Client, createClient, definition, YAML } from './client.ts'

describe.each(await backends())('many at once, on $name', ({ redisUrl }) => {
  let running: TestPlatform
  let ask: Client
  beforeAll(async () => {
    running = await startPlatform({ redisUrl })
    ask = createClient(running)
    for (const id of ['alpha', 'beta']) {
      await ask('POST /v1/agents?publish=true', 201, { body: definition(id, { wait: '1h' }), headers: YAML })
      for (let n = 0; n < 5; n++) await ask('POST /v1/instances', 201, { body: { agent: id, key: `${id}-${n}` } })
    }
  })
  afterAll(() => running.stop())

  interface List {
    items: InstanceView[]
    nextCursor: string | null
    counts: Record<string, number>
    total: number
  }
  const list = async (query: string): Promise<List> => (await ask<List>(`GET /v1/instances?${query}`, 200)).body
  const bulk = async (body: object): Promise<BulkOutcome> =>
    (await ask<BulkOutcome>('POST /v1/instances/bulk', 200, { body })).body

  it('are counted by state, whatever page or state is looked at, and found by a part of their name', async () => {
    // Publishing starts one of each, too.
    const all = await list('limit=3')
    expect([all.items.length, all.total, all.counts]).toEqual([3, 12, { idle: 12 }])
    expect((await list('state=paused')).total).toBe(12)
    const alphas = await list('q=ALPHA-')
    expect(alphas.items.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4].map((n) => `alpha-${n}`))
    expect(alphas.total).toBe(5)
    expect((await list('q=agent%20beta')).total).toBe(6)
    expect((await list('q=%25')).total).toBe(0)
    const pages: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: List = await list(`limit=5${cursor === '' ? '' : `&cursor=${cursor}`}`)
      pages.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor
    }
    expect(pages).toHaveLength(12)
    expect(new Set(pages).size).toBe(12)
  })

  it('are driven by one command, which a dry run tries out without doing anything', async () => {
    const dry = await bulk({ selector: { agent: 'alpha' }, action: 'pause', dryRun: true })
    expect(dry).toMatchObject({ dryRun: true, matched: 6, done: 6, refused: 0 })
    expect(new Set(dry.items.map(({ result }) => result))).toEqual(new Set(['accepted']))
    expect((await list('state=paused')).items).toEqual([])
    const done = await bulk({ selector: { agent: 'alpha' }, action: 'pause', reason: 'maintenance' })
    expect(done).toMatchObject({ matched: 6, done: 6, refused: 0, failed: 0 })
    expect((await list('')).counts).toEqual({ idle: 6, paused: 6 })
    const { body: history } = await ask<{ items: object[] }>('GET /v1/actors/agent/alpha-0/history?order=desc', 200)
    expect(history.items[0]).toMatchObject({
      event: { type: 'PAUSE', reason: 'maintenance', by: 'local' },
      sender: 'user/local',
    })
    const { body: audit } = await ask<{ items: object[] }>('GET /v1/audit?target=agent/alpha-0', 200)
    expect(audit.items[0]).toMatchObject({ action: 'instance.pause', target: 'agent/alpha-0', principal: 'local' })
  })

  it('each refuse for themselves, with the reason, and one that does not exist is told', async () => {
    const request = { selector: { ids: ['alpha-1', 'beta-1', 'nobody'] }, action: 'resume' }
    const dry = await bulk({ ...request, dryRun: true })
    expect(dry).toMatchObject({ matched: 3, done: 1, refused: 2 })
    const { items, ...counts } = await bulk(request)
    expect(counts).toEqual({ dryRun: false, matched: 3, done: 1, refused: 2, failed: 0 })
    const byId = new Map(items.map((item) => [item.id, item]))
    expect(byId.get('alpha-1')).toMatchObject({ result: 'done', reason: null })
    expect(byId.get('beta-1')).toMatchObject({ result: 'refused', reason: expect.stringContaining('RESUME') })
    expect(byId.get('nobody')).toMatchObject({ result: 'refused', reason: 'it does not exist' })
    await ask('POST /v1/instances/bulk', 400, { body: { selector: {}, action: 'pause' } })
    await ask('POST /v1/instances/bulk', 400, { body: { selector: { all: true }, action: 'explode' } })
  })

  it('are found by the device that a run of theirs works on', async () => {
    const gateway = { kind: 'stb', pool: 'p', host: 'h', gateway: 'http://127.0.0.1:9', connectivity: 'online' }
    await ask('PUT /v1/devices/box-1', 200, { body: gateway })
    const text = definition('gamma', { on: 'gamma.go', wait: '1h' }).replace(
      'skills:',
      'device: { acquire: box-1 }\nskills:',
    )
    await ask('POST /v1/agents?publish=true', 201, { body: text, headers: YAML })
    await ask('POST /v1/events', 202, { body: { type: 'gamma.go', source: '/test' } })
    await eventually('the run to begin', async () => (await list('device=box-1')).total === 1)
    expect((await list('device=box-2')).total).toBe(0)
  })

  it('of dead letters are sent again or discarded, each once', async () => {
    const { sql } = running.platform.runtime
    await sql`
      insert into dead_letters (address, message_id, event, reason)
      select 'agent/beta-2', 'letter-' || n, json_build_object('type', case when n % 2 = 0 then 'RESUME' else 'PAUSE' end), 'test'
      from generate_series(1, 6) n`
    const path = 'POST /v1/dead-letters/bulk'
    const of = async (body: object): Promise<BulkOutcome> => (await ask<BulkOutcome>(path, 200, { body })).body
    const selector = { address: 'agent/beta-2', type: 'PAUSE' }
    expect(await of({ selector, action: 'redrive', dryRun: true })).toMatchObject({ matched: 3, done: 3 })
    expect(await of({ selector, action: 'redrive' })).toMatchObject({ matched: 3, done: 3, refused: 0 })
    expect(await of({ selector, action: 'redrive' })).toMatchObject({ matched: 0 })
    const left = await of({ selector: { all: true }, action: 'discard' })
    expect(left).toMatchObject({ matched: 3, done: 3 })
    const ids = left.items.map(({ id }) => Number(id))
    expect(await of({ selector: { ids: [...ids, 999_999] }, action: 'redrive' })).toMatchObject({ refused: 4, done: 0 })
    await ask(path, 400, { body: { selector: {}, action: 'discard' } })
  })
})

describe('two versions of an agent', () => {
  let running: TestPlatform
  beforeAll(async () => {
    running = await startPlatform()
  })
  afterAll(() => running.stop())

  it('are compared by their text and by their meaning', async () => {
    const ask = createClient(running)
    await ask('POST /v1/agents', 201, { body: definition('two'), headers: YAML })
    const second = definition('two', { version: '1.1.0', wait: '20ms' }).replace('# two', '# two, changed')
    await ask('POST /v1/agents', 201, { body: second, headers: YAML })
    const { body } = await ask<{ hunks: { lines: string[] }[]; changes: object[] }>(
      'GET /v1/agents/two/diff?from=1.0.0&to=1.1.0',
      200,
    )
    const lines = body.hunks.flatMap((hunk) => hunk.lines)
    expect(lines).toEqual(expect.arrayContaining(['-# two', '+# two, changed']))
    expect(body.changes).toEqual([
      { path: 'metadata.version', kind: 'changed', from: '1.0.0', to: '1.1.0' },
      { path: 'playbook.steps[pause].with.for', kind: 'changed', from: '10ms', to: '20ms' },
    ])
    const same = await ask<{ hunks: object[]; changes: object[] }>('GET /v1/agents/two/diff?from=1.0.0&to=1.0.0', 200)
    expect(same.body).toMatchObject({ hunks: [], changes: [] })
    await ask('GET /v1/agents/two/diff?from=1.0.0&to=9.0.0', 404)
    await ask('GET /v1/agents/two/diff?from=1.0.0', 400)
  })
})
