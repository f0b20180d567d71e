import { afterAll, beforeAll, expect, it } from 'vitest'
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
  const cursor = await running.platform.actors.cursor()
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
  const start = await running.platform.actors.cursor()
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
    for await (const { address } of running.platform.actors.follow(other, { cursor, signal: leave.signal }))
      seen.push(address)
  })()
  // By the time a reader of the own team has read all of it, the other has too.
  await readTo(await revisionNow(), { 'last-event-id': cursor })
  leave.abort()
  await reading
  expect(seen).toEqual([])
})
