import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Platform } from '../../actors/agents/api.ts'
import { AppError } from '../../core/errors.ts'
import { type Listening, listen } from '../../http/server.ts'
import { eventually } from '../support/eventually.ts'
import { jsonInit, stubApp, stubPlatform } from './stub.ts'

const HEALTHY = {
  version: '1',
  roles: [],
  backend: 'postgres',
  lab: null,
  postgres: true,
  queue: true,
  lagMs: 5,
} as const
const running: Listening[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
})

/** A platform whose actors move only when told, and never by themselves. */
function quietLive(): { live: Platform['live']; followers: () => number } {
  let followers = 0
  const live = {
    now: async () => '7.1',
    async *follow(_by: unknown, { signal }: { signal: AbortSignal }) {
      followers += 1
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      followers -= 1
      yield* []
    },
  } as unknown as Platform['live']
  return { live, followers: () => followers }
}

async function start(parts: Partial<Platform> = {}, config: { maxStreams?: number } = {}): Promise<Listening> {
  const system = async () => HEALTHY
  const server = await listen({
    app: stubApp(stubPlatform({ system, ...parts }), config),
    host: '127.0.0.1',
    port: 0,
    graceMs: 500,
  })
  running.push(server)
  return server
}

/** What the server says to bytes that no client library would send. */
async function raw(url: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1').on('data', (piece: string) => (answer += piece))
  socket.on('error', () => undefined)
  socket.write(text)
  await once(socket, 'close')
  return answer
}

describe('the server', () => {
  it('answers where it says it listens', async () => {
    const { url } = await start()
    const response = await fetch(`${url}/livez`)
    expect([response.status, await response.json()]).toEqual([200, { status: 'alive' }])
  })

  it('says so when its port is taken', async () => {
    const { url } = await start()
    const again = listen({ app: stubApp(stubPlatform()), host: '127.0.0.1', port: Number(new URL(url).port) })
    await expect(again).rejects.toMatchObject({
      code: 'config.invalid',
      message: expect.stringContaining('EADDRINUSE'),
    })
  })

  it('answers HEAD without a body, also where GET streams for ever', async () => {
    const { live, followers } = quietLive()
    const { url } = await start({ live })
    const response = await fetch(`${url}/v1/live`, { method: 'HEAD' })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream'])
    expect(await response.text()).toBe('')
    expect(followers()).toBe(0)
    expect(await metric(url, 'troupe_live_streams')).toBe(0)
  })

  it('closes the door on requests that are two at once, or have too much to say', async () => {
    const { url } = await start()
    const both =
      'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
    expect(await raw(url, both)).toMatch(/^HTTP\/1\.1 400 /)
    expect(await raw(url, `GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 /,
    )
    expect(await raw(url, 'GET /livez HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
    expect(await raw(url, 'NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
    expect((await fetch(`${url}/livez`)).status).toBe(200)
  })

  it('refuses a chunked body over the limit without taking all of it', async () => {
    const { url } = await start()
    const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) })
    const init = { ...jsonInit(''), method: 'POST', body, duplex: 'half' }
    const status = await fetch(`${url}/v1/events`, init as RequestInit).then(
      (response) => response.status,
      // The connection may be cut before the answer is read, which says the same.
      () => 413,
    )
    expect(status).toBe(413)
    expect((await fetch(`${url}/livez`)).status).toBe(200)
  })
})

describe('the live stream', () => {
  it('begins with a cursor, so that a reader cut off at once knows from where to go on', async () => {
    const { live } = quietLive()
    const { url } = await start({ live })
    const leave = new AbortController()
    const response = await fetch(`${url}/v1/live?topics=actors`, { signal: leave.signal })
    const first = await response.body?.getReader().read()
    expect(new TextDecoder().decode(first?.value)).toBe('event: ping\nid: 7.1\ndata: {"cursor":"7.1"}\n\n')
    leave.abort()
  })

  it('lets go of its source when the reader hangs up', async () => {
    const { live, followers } = quietLive()
    const { url } = await start({ live })
    const leave = new AbortController()
    const response = await fetch(`${url}/v1/live`, { signal: leave.signal })
    const reader = response.body?.getReader()
    await reader?.read()
    const next = reader?.read().catch(() => undefined)
    await eventually('the source to be followed', () => followers() === 1)
    leave.abort()
    await next
    await eventually('the source to be let go', () => followers() === 0)
    await eventually('the stream to be gone', async () => (await metric(url, 'troupe_live_streams')) === 0)
    expect(followers()).toBe(0)
  })

  it('ends when the server stops, and does not hold it up', async () => {
    const { live } = quietLive()
    const server = await start({ live })
    const response = await fetch(`${server.url}/v1/live`)
    const text = response.text()
    await server.stop()
    running.splice(0)
    expect(await text).toContain('id: 7.1')
  })

  it('is there for so many readers at once', async () => {
    const { live } = quietLive()
    const { url } = await start({ live }, { maxStreams: 2 })
    const leave = new AbortController()
    await Promise.all([1, 2].map(() => fetch(`${url}/v1/live`, { signal: leave.signal })))
    const third = await fetch(`${url}/v1/live`)
    expect([third.status, third.headers.get('retry-after'), await third.json()]).toEqual([
      503,
      '1',
      expect.objectContaining({ code: 'live.too_many_streams', retryable: true }),
    ])
    leave.abort()
    await eventually('a place to be free', async () => {
      const response = await fetch(`${url}/v1/live`)
      await response.body?.cancel()
      return response.status === 200
    })
  })

  it('takes only ids of its own', async () => {
    const { url } = await start({ live: quietLive().live })
    for (const id of ['x', '1', '1.1.1', '-1.0', `${'9'.repeat(30)}.1`, '1.1; drop']) {
      const response = await fetch(`${url}/v1/live`, { headers: { 'last-event-id': id } })
      expect([id, response.status]).toEqual([id, 400])
    }
    expect((await fetch(`${url}/v1/live?topics=everything`)).status).toBe(400)
  })
})

describe('health', () => {
  it('is ready when Postgres and the queue answer and no mail waits for long', async () => {
    const { url } = await start({ system: async () => HEALTHY })
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
  })

  it('says why it is not ready, and is alive all the same', async () => {
    const cases: [Platform['system'], string][] = [
      [async () => ({ ...HEALTHY, postgres: false }), 'Postgres'],
      [async () => ({ ...HEALTHY, queue: false }), 'queue'],
      [async () => ({ ...HEALTHY, lagMs: 90_000 }), '90 s'],
      [async () => Promise.reject(new AppError('database.unavailable', 'no')), 'could not be read'],
    ]
    for (const [system, word] of cases) {
      const { url } = await start({ system })
      const response = await fetch(`${url}/readyz`)
      const { reasons } = (await response.json()) as { reasons: string[] }
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
      expect(reasons.join()).toContain(word)
      expect((await fetch(`${url}/livez`)).status).toBe(200)
    }
  })

  it('counts requests for Prometheus, by route and not by path', async () => {
    const { url } = await start({ system: async () => HEALTHY })
    await fetch(`${url}/v1/nothing/${'x'.repeat(50)}`)
    await fetch(`${url}/v1/instances/abc`)
    const text = await (await fetch(`${url}/metrics`)).text()
    expect(text).toContain('troupe_http_requests_total{route="none",status="404"} 1')
    expect(text).toContain('troupe_http_requests_total{route="GET /v1/instances/:id",status="500"} 1')
    expect(text).not.toContain('abc')
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(/^# TYPE \w+ (gauge|counter)$|^\w+(\{[^{}]*\})? [\d.e+-]+$/)
    }
  })
})

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1])
}
