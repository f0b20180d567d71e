import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { type Client, createClient, definition, YAML } from './client.ts'

let running: TestPlatform
let ask: Client
beforeAll(async () => {
  running = await startPlatform()
  ask = createClient(running)
  await ask('POST /v1/agents?publish=true', 201, { body: definition('one'), headers: YAML })
  await ask('POST /v1/instances', 200, { body: { agent: 'one' } })
})
afterAll(() => running.stop())

const one = '/v1/actors/agent/one'
interface Actor {
  revision: number
  value: unknown
  nextEvents: string[]
}
interface Entry {
  revision: number
  event: { type: string }
  cursor: string
}
interface Page<Item> {
  items: Item[]
  nextCursor: string | null
}

describe('an actor', () => {
  it('says where it stands, why, and what it takes', async () => {
    const { body, headers } = await ask<Actor>(`GET ${one}`, 200)
    expect(headers.get('etag')).toBe(`"${body.revision}"`)
    await ask(`GET ${one}`, 304, { headers: { 'if-none-match': `"${body.revision}"` } })
    expect(body.nextEvents).toContain('PAUSE')
    const { body: why } = await ask<{ waitingFor: string; refusedEvents: { type: string; reason: string }[] }>(
      `GET ${one}/why`,
      200,
    )
    expect(why.waitingFor).not.toBe('')
    expect(why.refusedEvents).toContainEqual({ type: 'RETRY', reason: expect.stringMatching(/./) })
    const { body: list } = await ask<Page<{ address: string }>>('GET /v1/actors?kind=agent&status=active', 200)
    expect(list.items.map(({ address }) => address)).toContain('agent/one')
    await ask('GET /v1/actors/agent/nobody', 404)
    await ask('GET /v1/actors/agent/%2e%2e', 404)
  })

  it('takes an event that its machine knows, and refuses others with its state and what it takes', async () => {
    const { body } = await ask<{ status: string }>(`POST ${one}/events`, 202, {
      body: { type: 'PAUSE', by: 'me', reason: '' },
    })
    expect(body.status).toBe('accepted')
    const refused = await ask<{ code: string; allowedEvents: string[] }>(`POST ${one}/events`, 409, {
      body: { type: 'NONSENSE' },
    })
    expect(refused.body.code).toBe('event.refused')
    expect(refused.body.allowedEvents.length).toBeGreaterThan(0)
    await ask(`POST ${one}/events`, 400, { body: { kind: 'PAUSE' } })
    await ask(`POST ${one}/events`, 412, { body: { type: 'RESUME', by: 'me' }, headers: { 'if-match': '"999"' } })
    await running.platform.runtime.settled('agent/one')
  })

  it('refuses every event that only the runtime may send', async () => {
    for (const type of [
      'xstate.done.actor.approve',
      'xstate.after.1000.m.wait',
      'xstate.stop',
      'xstate.init',
      '*',
      '',
    ]) {
      const { body } = await ask<{ code: string }>(`POST ${one}/events`, 400, { body: { type } })
      expect([type, body.code]).toEqual([type, 'event.reserved_type'])
    }
  })

  it('applies an event with an Idempotency-Key once', async () => {
    const { body: before } = await ask<Actor>(`GET ${one}`, 200)
    const resume = { body: { type: 'RESUME', by: 'me', reason: '' }, headers: { 'idempotency-key': 'resume-1' } }
    await ask(`POST ${one}/events`, 202, resume)
    const again = await ask(`POST ${one}/events`, 202, resume)
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    await running.platform.runtime.settled('agent/one')
    expect((await ask<Actor>(`GET ${one}`, 200)).body.revision).toBe(before.revision + 1)
    expect((await ask<Page<unknown>>(`GET ${one}/mailbox`, 200)).body.items).toEqual([])
  })

  it('has a history that pages both ways, and replays to the state it is in', async () => {
    const { body: actor } = await ask<Actor>(`GET ${one}`, 200)
    const forth: number[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const on: string = cursor === '' ? '' : `&cursor=${cursor}`
      const page: Page<Entry> = (await ask<Page<Entry>>(`GET ${one}/history?limit=2${on}`, 200)).body
      forth.push(...page.items.map(({ revision }) => revision))
      cursor = page.nextCursor
    }
    expect(forth).toEqual(Array.from({ length: actor.revision }, (_, index) => index + 1))
    const { body: back } = await ask<Page<Entry>>(`GET ${one}/history?order=desc&limit=500`, 200)
    expect(back.items.map(({ revision }) => revision)).toEqual(forth.toReversed())
    const { body: now } = await ask<{ value: unknown; equal: boolean }>(`GET ${one}/replay?at=${actor.revision}`, 200)
    expect(now.value).toEqual(actor.value)
    expect(now.equal).not.toBe(false)
    await ask(`GET ${one}/replay`, 400)
    await ask(`GET ${one}/replay?at=-1`, 400)
    await ask(`GET ${one}/history?limit=1e9`, 400)
  })

  it('is drawn with its state lit, now and as it was', async () => {
    const now = await ask<string>(`GET ${one}/diagram.svg`, 200)
    expect(now.headers.get('content-type')).toContain('image/svg+xml')
    expect(now.headers.get('content-security-policy')).toContain('sandbox')
    expect(now.body).toMatch(/data-state="idle" data-active="true"/)
    expect(now.body).toContain('data-possible="true"')
    const { body: page } = await ask<Page<Entry>>(`GET ${one}/history`, 200)
    const paused = page.items.find(({ event }) => event.type === 'PAUSE')
    const then = await ask<string>(`GET ${one}/diagram.svg?at=${paused?.revision}`, 200)
    expect(then.body).toMatch(/data-state="paused" data-active="true"/)
    expect(then.body).toMatch(/data-fired="true"/)
    expect(then.body).not.toContain('data-possible="true"')
    // No picture is dated with a revision that never was.
    await ask(`GET ${one}/diagram.svg?at=9999`, 400)
  })
})

describe('machines', () => {
  it('are listed, described, drawn and written as text; by their hash for ever', async () => {
    const { body } = await ask<Page<{ kind: string; hash: string }>>('GET /v1/machines', 200)
    const agent = body.items.find(({ kind }) => kind === 'agent')
    const graph = await ask<{ geometry: { nodes: object[] } }>('GET /v1/machines/agent', 200)
    expect(graph.body.geometry.nodes.length).toBeGreaterThan(3)
    expect(graph.headers.get('cache-control')).toBe('private, no-cache')
    expect(graph.headers.get('etag')).toBe(`"${agent?.hash}"`)
    await ask('GET /v1/machines/agent', 304, { headers: { 'if-none-match': `"${agent?.hash}"` } })
    const kept = await ask(`GET /v1/machines/agent?hash=${agent?.hash}`, 200)
    expect(kept.headers.get('cache-control')).toContain('immutable')
    expect((await ask('GET /v1/machines/agent?hash=other', 200)).headers.get('cache-control')).not.toContain(
      'immutable',
    )
    expect((await ask<string>('GET /v1/machines/agent.svg', 200)).body).toMatch(/^<svg /)
    expect((await ask<string>('GET /v1/machines/agent.mmd', 200)).body).toMatch(/^stateDiagram-v2/)
    await ask('GET /v1/machines/nothing', 404)
    const scxml = await ask<string>('GET /v1/machines/agent.scxml', 200)
    expect(scxml.headers.get('content-type')).toContain('application/scxml+xml')
    expect(scxml.body).toMatch(/^<\?xml /)
    await ask('GET /v1/machines/nothing.scxml', 404)
  })
})
