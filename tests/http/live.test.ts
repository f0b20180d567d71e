import { on, once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { type Client, createClient, definition, YAML } from './client.ts'

let running: TestPlatform
let ask: Client
beforeAll(async () => {
  running = await startPlatform()
  ask = createClient(running)
  await ask('POST /v1/agents?publish=true', 201, { body: definition('one'), headers: YAML })
})
afterAll(() => running.stop())

interface Move {
  id: string
  address: string
  kind: string
  revision: number
  event: { type: string }
  to: unknown
}

/** Reads moves of `agent/one` until one takes it to `revision`; then hangs up. */
async function readTo(revision: number, headers: Record<string, string> = {}, query = ''): Promise<Move[]> {
  const leave = new AbortController()
  const response = await fetch(`${running.url}/v1/live?topics=actors${query}`, { headers, signal: leave.signal })
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const moves: Move[] = []
  let text = ''
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const { value = '', done } = await reader.read()
    text += value
    const frames = text.split('\n\n')
    text = frames.pop() ?? ''
    for (const frame of frames) {
      const [, event, id, data = ''] = /^event: (\w+)\nid: ([\d.]+)\ndata: (.+)$/.exec(frame) ?? []
      const move = { ...(JSON.parse(data || '{}') as Move), id: id ?? '' }
      if (event === 'actor' && move.address === 'agent/one') moves.push(move)
    }
    if (done || moves.some((move) => move.revision >= revision)) break
  }
  leave.abort()
  return moves
}

const revisionNow = async (): Promise<number> =>
  (await ask<{ revision: number }>('GET /v1/actors/agent/one', 200)).body.revision

it('tells each step as it is committed, without what was said', async () => {
  const before = await revisionNow()
  const cursor = await running.platform.live.now(['actors'])
  const reading = readTo(before + 1, {}, `&cursor=${cursor}`)
  await ask('POST /v1/instances/one/pause', 200, { body: { reason: 'secret plans' } })
  const [move] = await reading
  expect(move).toMatchObject({
    address: 'agent/one',
    kind: 'agent',
    revision: before + 1,
    event: { type: 'PAUSE' },
    to: 'paused',
  })
  expect(JSON.stringify(move)).not.toContain('secret plans')
})

it('goes on where a reader was cut off, without gaps or doubles', async () => {
  const before = await revisionNow()
  const start = await running.platform.live.now(['actors'])
  await ask('POST /v1/instances/one/resume', 200)
  const first = await readTo(before + 1, { 'last-event-id': start })
  await ask('POST /v1/instances/one/pause', 200)
  await ask('POST /v1/instances/one/resume', 200)
  const second = await readTo(before + 3, { 'last-event-id': first.at(-1)?.id ?? '' })
  expect([...first, ...second].map(({ revision }) => revision)).toEqual([before + 1, before + 2, before + 3])
})

it('holds back what another team does', async () => {
  const other = { name: 'x', team: 'other', role: 'viewer' } as const
  const cursor = '0.0'
  const leave = new AbortController()
  const seen: string[] = []
  const reading = (async () => {
    const options = { cursor: `${cursor},${cursor}`, topics: ['actors', 'events'] as const, signal: leave.signal }
    for await (const item of running.platform.live.follow(other, options)) seen.push(item.event)
  })()
  // By the time a reader of the own team has read all of it, the other has too.
  await readTo(await revisionNow(), { 'last-event-id': cursor })
  leave.abort()
  await reading
  expect(seen).toEqual([])
})

interface Said {
  event: string
  id: string
  data: { address?: string; type?: string; kind?: string; revision?: number }
}

/** Opens a socket and gives what it says until it is enough; then hangs up. */
async function listen(query: string, enough: (said: Said[]) => boolean, options: ClientOptions = {}): Promise<Said[]> {
  const socket = new WebSocket(`${running.url.replace('http', 'ws')}/v1/live/ws?${query}`, options)
  const said: Said[] = []
  try {
    for await (const [message] of on(socket, 'message', { close: ['close'] }) as AsyncIterable<[Buffer]>) {
      said.push(JSON.parse(message.toString()) as Said)
      if (enough(said)) break
    }
  } finally {
    socket.terminate()
  }
  return said
}

const about = ({ event, data }: Said): string =>
  event === 'event' ? (data.type ?? '') : `${data.address} ${data.revision}`

it('says the same over a WebSocket, and goes on by cursor', async () => {
  const before = await revisionNow()
  const cursor = await running.platform.live.now(['actors'])
  await ask('POST /v1/instances/one/pause', 200)
  await ask('POST /v1/instances/one/resume', 200)
  const first = await listen(`cursor=${cursor}&address=agent/one`, (said) => said.length === 2)
  expect(first.map(({ event }) => event)).toEqual(['ping', 'actor'])
  const rest = await listen(`cursor=${first[1]?.id}&address=agent/one`, (said) => said.length === 2)
  expect([first[1], rest[1]].map((one) => one?.data.revision)).toEqual([before + 1, before + 2])
})

it('tells of topics, kinds and actors as they are asked for', async () => {
  const topics = ['actors', 'events', 'alerts', 'devices'] as const
  const cursor = await running.platform.live.now(topics)
  expect(cursor).toContain(',')
  await ask('POST /v1/alerts', 202, {
    body: { kind: 'blackscreen', device: 'tv', host: 'paris', severity: 'critical', fingerprint: 'fp-1' },
  })
  await ask('POST /v1/instances/one/pause', 200)
  const all = await listen(`cursor=${cursor}&topics=${topics.join(',')}`, (said) => {
    const told = said.map(about)
    return (
      told.some((one) => one.startsWith('agent/one')) &&
      told.includes('alert.blackscreen.firing') &&
      told.some((one) => one.startsWith('alert/'))
    )
  })
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length)
  const alerts = await listen(`cursor=${cursor.split(',')[0]}&topics=alerts`, (said) => said.length === 2)
  expect(alerts[1]?.data.kind).toBe('alert')
  const agents = await listen(`cursor=${cursor.split(',')[0]}&kinds=agent`, (said) => said.length === 2)
  expect(agents[1]?.data.address).toBe('agent/one')
  const events = await listen(`cursor=${cursor}&topics=events`, (said) => said.length === 2)
  expect(events[1]).toMatchObject({ event: 'event', data: { type: 'alert.blackscreen.firing', subject: 'tv' } })
  await ask('GET /v1/live?topics=weather', 400)
  await ask('GET /v1/live?address=agent', 400)
  await ask('POST /v1/instances/one/resume', 200)
})

it('opens no socket for a page of another site, nor without an upgrade', async () => {
  const refused = new WebSocket(`${running.url.replace('http', 'ws')}/v1/live/ws`, { origin: 'https://evil.example' })
  const [error] = (await once(refused, 'error')) as [Error]
  expect(error.message).toContain('403')
  await expect(listen('', (said) => said.length === 1, { origin: running.url })).resolves.toHaveLength(1)
  const { body } = await ask<{ code: string }>('GET /v1/live/ws', 426)
  expect(body.code).toBe('request.upgrade_required')
})
