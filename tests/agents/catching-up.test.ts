import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMachine } from 'xstate'
import type { LiveItem } from '../../actors/agents/inspect/live-api.ts'
import { LOCAL } from '../../core/principal.ts'
import { readMovesAfter } from '../../db/feed.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

const READERS = 120
const MESSAGES = 600
/** Of its states the names alone are long, as those of a deep statechart are. */
const [here, there] = ['h', 't'].map((letter) => letter.repeat(2_000)) as [string, string]
const listener = createMachine({
  initial: here,
  states: { [here]: { on: { MOVE: there } }, [there]: { on: { MOVE: here } } },
})

describe('many who catch up at once', { timeout: 120_000 }, () => {
  let at: TestPlatform

  beforeAll(async () => {
    at = await startPlatform({ machines: { listener } })
    await at.platform.runtime.spawn('listener', { key: 'all' })
    for (let sent = 0; sent < MESSAGES; sent += 200)
      await Promise.all(Array.from({ length: 200 }, () => at.platform.runtime.send('listener/all', { type: 'MOVE' })))
    await at.platform.runtime.settled('listener/all')
  }, 120_000)
  afterAll(() => at.stop())

  function follow(signal: AbortSignal): AsyncIterator<LiveItem> {
    const options = { cursor: '0.0', topics: ['actors' as const], kinds: ['listener'], signal }
    return at.platform.live.follow(LOCAL, options)[Symbol.asyncIterator]()
  }

  it('let whoever asks for something else through, and come to the end one and all', async () => {
    const end = new AbortController()
    const readers = Array.from({ length: READERS }, () => follow(end.signal))
    let begun = 0
    let done = 0
    const catchingUp = readers.map(async (reader) => {
      for (let revision = 1; revision <= MESSAGES + 1; revision++) {
        const { value } = await reader.next()
        if (revision === 1) begun += 1
        expect(value).toMatchObject({ event: 'actor', data: { revision } })
      }
      done += 1
    })
    // All of them stand there by now, and one more who only wants to know how an actor is.
    await at.platform.actors.get(LOCAL, 'listener/all')
    expect(begun).toBeLessThan(READERS / 2)
    // The same over HTTP, while they are in the middle of it.
    const response = await fetch(`${at.url}/v1/actors/listener/all`)
    expect(response.status).toBe(200)
    expect(done).toBeLessThan(READERS / 2)
    await Promise.all(catchingUp)
    end.abort()
    expect(done).toBe(READERS)
  })

  it('read pages that end when they are large', async () => {
    const bytes = 50_000
    const page = await readMovesAfter(at.platform.runtime.sql, '0.0', { rows: 500, bytes })
    const sizes = page.map(({ size }) => size)
    const sum = sizes.reduce((total, size) => total + size, 0)
    expect(sum).toBeGreaterThanOrEqual(bytes)
    expect(sum - (sizes.at(-1) ?? 0)).toBeLessThan(bytes)
    // One that is larger than any page comes alone.
    expect(
      await readMovesAfter(at.platform.runtime.sql, page.at(-1)?.cursor ?? '', { rows: 500, bytes: 1 }),
    ).toHaveLength(1)
  })
})
