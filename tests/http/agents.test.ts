import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { type Client, createClient, definition, YAML } from './client.ts'

let running: TestPlatform
let ask: Client
beforeAll(async () => {
  running = await startPlatform()
  ask = createClient(running)
})
afterAll(() => running.stop())

describe('the registry', () => {
  it('takes a definition as a draft, knows it again, and gives back its bytes', async () => {
    const text = definition('draft-one')
    const first = await ask<{ status: string; contentHash: string }>('POST /v1/agents', 201, {
      body: text,
      headers: YAML,
    })
    expect(first.body.status).toBe('draft')
    expect(first.headers.get('location')).toBe('/v1/agents/draft-one/versions/1.0.0')
    await ask('POST /v1/agents', 200, { body: text, headers: YAML })
    const exported = await ask<string>('GET /v1/agents/draft-one/versions/1.0.0/export', 200)
    expect(exported.body).toBe(text)
    expect(exported.headers.get('content-disposition')).toBe('attachment; filename="draft-one-1.0.0.yaml"')
    const version = await ask('GET /v1/agents/draft-one/versions/1.0.0', 200)
    expect(version.headers.get('etag')).toBe(`"${first.body.contentHash}"`)
  })

  it('takes JSON too, and says by its name which file is wrong', async () => {
    await ask('POST /v1/agents', 201, { body: { metadata: { id: 'as-json', name: 'J', version: '1.0.0' } } })
    const exported = await ask('GET /v1/agents/as-json/versions/1.0.0/export', 200)
    expect(exported.headers.get('content-type')).toBe('application/json')
  })

  it('says what is wrong with a definition, where, and what was meant', async () => {
    const body = `${definition('wrong')}trigers: []\n`
    const { body: problem } = await ask<{ code: string; problems: { path: string; line: number }[] }>(
      'POST /v1/agents/validate',
      422,
      { body, headers: YAML },
    )
    expect(problem.code).toBe('agent.bad_definition')
    expect(problem.problems[0]).toMatchObject({ path: 'trigers', line: expect.any(Number) })
    await ask('POST /v1/agents', 422, { body, headers: YAML })
    await ask('GET /v1/agents/wrong', 404)
    const { body: fine } = await ask('POST /v1/agents/validate', 200, { body: definition('fine'), headers: YAML })
    expect(fine).toEqual({ valid: true, id: 'fine', version: '1.0.0', warnings: [] })
    await ask('GET /v1/agents/fine', 404)
  })

  it('never changes a version that was published', async () => {
    await ask('POST /v1/agents?publish=true', 201, { body: definition('fixed'), headers: YAML })
    const other = definition('fixed', { on: 'test.other' })
    const { body } = await ask<{ code: string }>('POST /v1/agents', 409, { body: other, headers: YAML })
    expect(body.code).toBe('agent.version_exists')
    await ask('DELETE /v1/agents/fixed/versions/1.0.0', 409)
    expect((await ask<string>('GET /v1/agents/fixed/versions/1.0.0/export', 200)).body).toBe(definition('fixed'))
  })

  it('lists agents by status, tag and words', async () => {
    await ask('POST /v1/agents', 201, { body: definition('listed'), headers: YAML })
    const ids = async (query: string): Promise<string[]> =>
      (await ask<{ items: { id: string }[] }>(`GET /v1/agents?${query}`, 200)).body.items.map(({ id }) => id)
    expect(await ids('status=draft')).toContain('listed')
    expect(await ids('status=published')).not.toContain('listed')
    expect(await ids('q=AGENT%20listed')).toEqual(['listed'])
    expect(await ids('tag=nothing')).toEqual([])
  })

  it('throws drafts away, and takes versions out of service', async () => {
    await ask('POST /v1/agents', 201, { body: definition('gone'), headers: YAML })
    await ask('DELETE /v1/agents/gone/versions/1.0.0', 204)
    await ask('GET /v1/agents/gone', 404)
    await ask('POST /v1/agents?publish=true', 201, { body: definition('old'), headers: YAML })
    const { body } = await ask('POST /v1/agents/old/versions/1.0.0/deprecate', 200)
    expect(body).toMatchObject({ status: 'deprecated' })
    await ask('POST /v1/agents/old/versions/9.9.9/publish', 404)
  })

  it('tells the JSON Schema of definitions and how an agent has done', async () => {
    expect((await ask('GET /v1/agents/schema', 200)).headers.get('content-type')).toBe('application/schema+json')
    await ask('GET /v1/agents/nobody/metrics', 404)
    expect((await ask('GET /v1/agents/fixed/metrics', 200)).body).toMatchObject({ items: [], nextCursor: null })
  })
})

describe('instances', () => {
  interface Instance {
    id: string
    state: string
    revision: number
    waitingFor: string
  }

  it('are started once, however often', async () => {
    await ask('POST /v1/agents', 201, { body: definition('worker'), headers: YAML })
    const { body: refused } = await ask<{ code: string }>('POST /v1/instances', 409, { body: { agent: 'worker' } })
    expect(refused.code).toBe('agent.not_published')
    await ask('POST /v1/agents/worker/versions/1.0.0/publish', 200)
    const first = await ask<Instance>('POST /v1/instances', 201, { body: { agent: 'worker', key: 'worker-2' } })
    expect(first.headers.get('location')).toBe('/v1/instances/worker-2')
    await ask('POST /v1/instances', 200, { body: { agent: 'worker', key: 'worker-2' } })
    await ask('POST /v1/instances', 404, { body: { agent: 'nobody' } })
    const { body } = await ask<{ items: Instance[] }>('GET /v1/instances?agent=worker', 200)
    expect(body.items.map(({ id }) => id)).toContain('worker-2')
  })

  it('pause with a reason and go on; what they refuse now is told with what they accept', async () => {
    const { body: before, headers } = await ask<Instance>('GET /v1/instances/worker-2', 200)
    expect(headers.get('etag')).toBe(`"${before.revision}"`)
    const paused = await ask<Instance>('POST /v1/instances/worker-2/pause', 200, { body: { reason: 'lunch' } })
    expect(paused.body).toMatchObject({ state: 'paused' })
    expect(paused.body.waitingFor).toContain('lunch')
    expect(paused.headers.get('etag')).toBe(`"${paused.body.revision}"`)
    const { body: refused } = await ask<{ code: string; state: string; allowedEvents: string[] }>(
      'POST /v1/instances/worker-2/retry',
      409,
    )
    expect(refused.code).toBe('event.refused')
    expect(refused.state).toBe('paused')
    // And not POLICY.DUE or UPGRADE, which nobody outside may send.
    const allowed = ['RESUME', 'STOP']
    expect(refused.allowedEvents).toEqual(allowed)
    const sent = await ask<{ allowedEvents: string[] }>('POST /v1/actors/agent/worker-2/events', 409, {
      body: { type: 'RETRY' },
    })
    expect(sent.body.allowedEvents).toEqual(allowed)
    const { body: resumed } = await ask<Instance>('POST /v1/instances/worker-2/resume', 200)
    expect(resumed.state).toBe('idle')
  })

  it('start again after a stop, alone or with others, and only then', async () => {
    const one = 'POST /v1/instances/worker-2'
    const { body: stopped } = await ask<Instance>(`${one}/stop`, 200, { body: { reason: 'night' } })
    expect(stopped.state).toBe('stopped')
    const { body: started } = await ask<Instance>(`${one}/start`, 200, { body: { reason: 'morning' } })
    expect(started.state).toBe('idle')
    await ask(`${one}/start`, 409)
    await ask(`${one}/stop`, 200)
    await ask('POST /v1/instances/bulk', 200, { body: { selector: { ids: ['worker-2'] }, action: 'start' } })
    expect((await ask<Instance>('GET /v1/instances/worker-2', 200)).body.state).toBe('idle')
  })

  it('are changed only as they were seen, when asked so', async () => {
    const { body } = await ask<Instance>('GET /v1/instances/worker-2', 200)
    const stale = { headers: { 'if-match': `"${body.revision - 1}"` } }
    const { body: refused } = await ask<{ revision: number }>('POST /v1/instances/worker-2/pause', 412, stale)
    expect(refused.revision).toBe(body.revision)
    const fresh = { headers: { 'if-match': `"${body.revision}"` } }
    await ask('POST /v1/instances/worker-2/pause', 200, fresh)
    await ask('POST /v1/instances/worker-2/resume', 400, { headers: { 'if-match': 'seven' } })
    await ask('POST /v1/instances/worker-2/resume', 200, { headers: { 'if-match': '*' } })
    const { body: now } = await ask<Instance>('GET /v1/instances/worker-2', 200)
    await ask('GET /v1/instances/worker-2', 304, { headers: { 'if-none-match': `"${now.revision}"` } })
  })

  it('do one thing for one click, however often it arrives', async () => {
    const { body: before } = await ask<Instance>('GET /v1/instances/worker-2', 200)
    const click = { body: {}, headers: { 'idempotency-key': 'click-1' } }
    const answers = await Promise.all(
      [1, 2, 3].map(() => running.request('POST', '/v1/instances/worker-2/pause', {}, click.headers)),
    )
    for (const answer of answers) expect([200, 409]).toContain(answer.status)
    const again = await ask<Instance>('POST /v1/instances/worker-2/pause', 200, click)
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(again.body.revision).toBe(before.revision + 1)
    await ask('POST /v1/instances/worker-2/pause', 422, { ...click, body: { reason: 'other' } })
    await ask('POST /v1/instances/worker-2/resume', 200)
  })

  it('run for an event, and the run can be read, counted and cancelled', async () => {
    const { body: event } = await ask<{ id: string; deliveries: { address: string }[] }>('POST /v1/events', 202, {
      body: { type: 'test.happened' },
    })
    // Other agents hear it too; the figures below are the worker's.
    const [key = ''] = event.deliveries
      .map(({ address }) => address.replace('agent/', ''))
      .filter((id) => id.startsWith('worker'))
    const run = await eventually('a run to succeed', async () => {
      const { body } = await ask<{ items: { id: string; outcome: string | null }[] }>(
        `GET /v1/runs?instance=${key}`,
        200,
      )
      return body.items.find(({ outcome }) => outcome === 'succeeded')
    })
    const { body: whole, headers } = await ask<{ revision: number; steps: object[] }>(`GET /v1/runs/${run.id}`, 200)
    const actor = await ask<{ revision: number }>(`GET /v1/actors/run/${run.id}`, 200)
    expect(whole.revision).toBe(actor.body.revision)
    expect(headers.get('etag')).toBe(actor.headers.get('etag'))
    expect(whole.steps).toEqual([expect.objectContaining({ step: 'pause', status: 'succeeded' })])
    await ask(`POST /v1/runs/${run.id}/cancel`, 409, { body: { reason: 'late' } })
    await ask(`POST /v1/actors/run/${run.id}/events`, 409, { body: { type: 'CANCEL', by: 'me', reason: '' } })
    await ask(`POST /v1/runs/${run.id}/decide`, 400, { body: { decision: 'maybe' } })
    await ask('GET /v1/runs/nothing', 404)
    await ask(`GET /v1/runs/${run.id}/evidence/nothing`, 404)
    const { body: metrics } = await ask<{ items: object[] }>('GET /v1/agents/worker/metrics', 200)
    expect(metrics.items).toEqual([expect.objectContaining({ version: '1.0.0', failed: 0, successRate: 1 })])
    const { body: seen } = await ask<{ runs: { id: string }[]; deliveries: object[] }>(
      `GET /v1/events/${event.id}`,
      200,
    )
    expect(seen.runs.map(({ id }) => id)).toContain(run.id)
    expect(seen.deliveries.length).toBeGreaterThan(0)
  })
})
