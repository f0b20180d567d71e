import { describe, expect, it } from 'vitest'
import type { Platform } from '../../actors/agents/api.ts'
import { AppError } from '../../core/errors.ts'
import type { App } from '../../http/app.ts'
import { call, jsonInit, KEYS, stubApp, stubPlatform } from './stub.ts'

/** An app whose instances count how often they were started; `fail` is thrown by each start while it is there. */
function counting(): { app: App; starts: () => number; fail: (error?: Error) => void } {
  let starts = 0
  let failure: Error | undefined
  const instances = {
    async start(_by: unknown, { agent }: { agent: string }) {
      starts += 1
      if (failure) throw failure
      return { instance: { id: agent, revision: starts }, created: true }
    },
  } as unknown as Platform['instances']
  const keys = stubPlatform({ instances })
  return {
    app: stubApp(keys),
    starts: () => starts,
    fail(error) {
      failure = error
    },
  }
}

const start = (app: App, key: string, body: unknown = { agent: 'qa' }) =>
  call(app, 'POST /v1/instances', jsonInit(body, { 'idempotency-key': key }))

describe('a request with an Idempotency-Key', () => {
  it('is done once, and its repetition gets the same answer', async () => {
    const { app, starts } = counting()
    const first = await start(app, 'k1')
    const again = await start(app, 'k1')
    expect(starts()).toBe(1)
    expect(again.response.status).toBe(201)
    expect(again.body).toEqual(first.body)
    for (const name of ['location', 'etag', 'content-type']) {
      expect(again.response.headers.get(name)).toBe(first.response.headers.get(name))
    }
    expect(again.response.headers.get('idempotency-replayed')).toBe('true')
    expect(first.response.headers.get('idempotency-replayed')).toBeNull()
  })

  it('is refused when the key comes with another body', async () => {
    const { app, starts } = counting()
    await start(app, 'k1')
    const other = await start(app, 'k1', { agent: 'other' })
    expect([other.response.status, other.body.code]).toEqual([422, 'idempotency.body_differs'])
    expect(starts()).toBe(1)
  })

  it('is another one under another key, or without one', async () => {
    const { app, starts } = counting()
    await start(app, 'k1')
    await start(app, 'k2')
    await call(app, 'POST /v1/instances', jsonInit({ agent: 'qa' }))
    expect(starts()).toBe(3)
  })

  it('may be tried again after it failed on our side or was turned away', async () => {
    const { app, starts, fail } = counting()
    fail(new Error('broken'))
    expect((await start(app, 'k1')).response.status).toBe(500)
    fail(new AppError('agent.not_published', 'Not yet'))
    expect((await start(app, 'k1')).response.status).toBe(409)
    fail()
    expect((await start(app, 'k1')).response.status).toBe(201)
    expect(starts()).toBe(3)
  })

  it('does not run twice while the first is at work', async () => {
    const gate = Promise.withResolvers<void>()
    const entered = Promise.withResolvers<void>()
    const instances = {
      async start() {
        entered.resolve()
        await gate.promise
        return { instance: { id: 'qa', revision: 1 }, created: true }
      },
    } as unknown as Platform['instances']
    const app = stubApp(stubPlatform({ instances }))
    const first = start(app, 'k1')
    await entered.promise
    const second = await start(app, 'k1')
    expect([second.response.status, second.body.code, second.body.retryable]).toEqual([
      409,
      'idempotency.in_progress',
      true,
    ])
    gate.resolve()
    expect((await first).response.status).toBe(201)
  })

  it('must have a key that can be one', async () => {
    const { app } = counting()
    for (const key of ['', 'x'.repeat(201), 'a b']) {
      expect([key.slice(0, 5), (await start(app, key)).response.status]).toEqual([key.slice(0, 5), 400])
    }
  })

  it('gives its name to an event that has none, so that a lost answer never doubles it', async () => {
    const seen: (string | undefined)[] = []
    const events = {
      async ingest(_by: unknown, list: readonly { id?: string; type: string }[]) {
        seen.push(...list.map(({ id }) => id))
        return list.map(({ id, type }) => ({ id: id ?? '?', type, status: 'unhandled', deliveries: [] }))
      },
    } as unknown as Platform['events']
    const app = stubApp(stubPlatform({ events }))
    const headers = { 'idempotency-key': 'k1' }
    await call(app, 'POST /v1/events', jsonInit({ type: 'a.b' }, headers))
    await call(app, 'POST /v1/events', jsonInit({ type: 'a.b', id: 'own' }, { 'idempotency-key': 'k2' }))
    await call(app, 'POST /v1/events', jsonInit([{ type: 'a.b' }, { type: 'a.c' }], { 'idempotency-key': 'k3' }))
    await call(app, 'POST /v1/alerts', jsonInit({ kind: 'freeze' }, { 'idempotency-key': 'k4' }))
    expect(seen).toEqual(['k1', 'own', 'k3/0', 'k3/1', undefined])
  })

  it('never keeps an answer that holds a secret', async () => {
    const begun: string[] = []
    const base = stubPlatform({}, { keys: true })
    const platform = stubPlatform(
      {
        keys: {
          ...base.keys,
          create: async () => ({ key: 'trp_new-secret-key', view: { id: '1' } }),
          authenticate: base.keys.authenticate,
          required: base.keys.required,
        } as unknown as Platform['keys'],
        idempotency: {
          begin: async (_by: unknown, key: string) => {
            begun.push(key)
            return { state: 'new' }
          },
        } as unknown as Platform['idempotency'],
      },
      { keys: true },
    )
    const init = jsonInit(
      { name: 'ci', role: 'operator' },
      { 'idempotency-key': 'k1', authorization: `Bearer ${KEYS.admin}` },
    )
    expect((await call(stubApp(platform), 'POST /v1/keys', init)).response.status).toBe(201)
    expect(begun).toEqual([])
  })
})
