import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { note, type Run, stageOn } from '../scenarios/stage.ts'
import { expectInvariants } from '../support/invariants.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { backends } from '../support/redis.ts'

interface Receiver {
  host: string
  requests: number
  connections: number
  stop(): Promise<void>
}

async function receive(answer: RequestListener): Promise<Receiver> {
  const server: Server = createServer((request, response) => {
    receiver.requests += 1
    answer(request, response)
  })
  const receiver: Receiver = {
    host: '',
    requests: 0,
    connections: 0,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  server.on('connection', () => (receiver.connections += 1))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  receiver.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return receiver
}

describe.each(await backends())('on $name, receivers that misbehave', { timeout: 90_000 }, ({ redisUrl }) => {
  let at: TestPlatform
  const held: ServerResponse[] = []
  const stage = stageOn(() => at)
  const receivers: Record<string, Receiver> = {}
  const hostOf = (name: string): string => receivers[name]?.host ?? ''

  beforeAll(async () => {
    const inside = await receive((_request, response) => response.end('a secret'))
    const answers: Record<string, RequestListener> = {
      well: (_request, response) => response.end('fine'),
      slow: (_request, response) => held.push(response),
      broken: (_request, response) => response.writeHead(500).end('no'),
      gone: (request) => request.socket.destroy(),
      inward: (_request, response) => response.writeHead(302, { location: `http://${inside.host}/` }).end(),
      metadata: (_request, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest/' }).end(),
    }
    for (const [name, answer] of Object.entries(answers)) receivers[name] = await receive(answer)
    // Whoever is there may be asked, all but one.
    at = await startPlatform({ redisUrl, allowedHosts: Object.keys(answers).map(hostOf) })
    receivers['inside'] = inside
  })
  afterAll(async () => {
    await expectInvariants(at.platform.runtime, at.database.url)
    await at.stop()
    await Promise.all(Object.values(receivers).map((receiver) => receiver.stop()))
  })

  /** An agent that asks this receiver when it hears its own name. */
  async function publish(id: string, url: string, step: object = {}): Promise<void> {
    const asks = { id: 'ask', uses: 'http.get', with: { url }, ...step }
    await stage.publish({ id, on: `${id}.go`, steps: [asks, note('asked')], config: { auto_retry: false } })
  }
  async function ask(id: string, runs = 1): Promise<Run | undefined> {
    await stage.post({ type: `${id}.go` })
    return (await stage.ended(id, runs, 40_000)).at(-1)
  }

  it('fail the runs that ask them, after as many calls as were granted, and reach nothing through them', async () => {
    const retry = { attempts: 3, delay: '20ms' }
    await publish('to-gone', `http://${hostOf('gone')}/`, { retry })
    await publish('to-tls', `https://${hostOf('well')}/`, { retry })
    await publish('to-inward', `http://${hostOf('inward')}/`, { retry })
    await publish('to-metadata', `http://${hostOf('metadata')}/`, { retry })
    await publish('to-broken', `http://${hostOf('broken')}/`, { retry })
    const [gone, tls, inward, metadata, broken] = await Promise.all(
      ['to-gone', 'to-tls', 'to-inward', 'to-metadata', 'to-broken'].map((id) => ask(id)),
    )
    for (const run of [gone, tls, inward, metadata]) expect(run).toMatchObject({ outcome: 'failed' })
    expect(receivers['gone']?.requests).toBe(3)
    // What is refused stays refused: it is not asked for again.
    for (const name of ['inward', 'metadata']) expect([name, receivers[name]?.requests]).toEqual([name, 1])
    for (const run of [inward, metadata])
      expect((await stage.run(run?.id ?? '')).steps[0]).toMatchObject({ error: { code: 'tool.address_refused' } })
    expect(receivers['inside']?.connections).toBe(0)
    // An answer of 500 is an answer, which the playbook may judge.
    expect(broken).toMatchObject({ outcome: 'succeeded' })
  })

  it('hold up nobody but those who wait for them', async () => {
    // A call ends by itself after a while, and is made again.
    await publish('to-slow', `http://${hostOf('slow')}/`, { retry: { attempts: 5 } })
    await publish('to-well', `http://${hostOf('well')}/`)
    await publish('to-nobody', `http://${hostOf('slow')}/`, { timeout: '300ms' })
    for (let n = 0; n < 3; n++) await stage.post({ type: 'to-slow.go' })
    for (let n = 1; n <= 3; n++) expect(await ask('to-well', n)).toMatchObject({ outcome: 'succeeded' })
    expect(held.length).toBeGreaterThan(0)
    expect((await stage.runs('to-slow')).map(({ outcome }) => outcome)).toEqual([null, null, null])
    expect(await ask('to-nobody')).toMatchObject({ outcome: 'failed' })
    const answering = setInterval(() => held.splice(0).forEach((response) => response.end('at last')), 20)
    const slow = await stage.ended('to-slow', 3, 40_000)
    clearInterval(answering)
    expect(slow.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded', 'succeeded'])
  })
})
