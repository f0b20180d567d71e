import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { createOutbox, type Letter, type Outbox } from '../../examples/lab/outbox.ts'
import type { Outcome } from '../../examples/lab/platform.ts'
import { createManualClock, type ManualClock } from './manual-clock.ts'

const log = pino({ level: 'silent' })

interface Post {
  clock: ManualClock
  outbox: Outbox
  delivered: unknown[]
  /** What the next tries meet, before everything is delivered again. */
  trouble: Outcome[]
}

function post(...trouble: Outcome[]): Post {
  const clock = createManualClock()
  const delivered: unknown[] = []
  async function send({ body }: Letter): Promise<Outcome> {
    const outcome = trouble.shift() ?? { kind: 'delivered' }
    if (outcome.kind === 'delivered') delivered.push(body)
    return outcome
  }
  return { clock, outbox: createOutbox({ send, clock, log }), delivered, trouble }
}

const letter = (body: unknown, extra: Partial<Letter> = {}): Letter => ({ method: 'POST', path: '/', body, ...extra })
const away: Outcome = { kind: 'later', reason: 'nobody there' }

/** Lets the outbox try until it has nothing left; answers how long it waited before each further try. */
async function waits({ clock, outbox }: Post): Promise<number[]> {
  const lengths: number[] = []
  for (;;) {
    const next = await Promise.race([clock.sleeper(), outbox.drained()])
    if (next === undefined) return lengths
    lengths.push(next)
    clock.advance(next)
    // The woken loop needs a turn before it can be asked for its next wait.
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('an outbox', () => {
  it('keeps the order of its letters through any number of failures', async () => {
    const office = post(away, away, away)
    for (const body of ['first', 'second', 'third']) office.outbox.put(letter(body))
    await waits(office)
    expect(office.delivered).toEqual(['first', 'second', 'third'])
  })

  it('waits longer after each failure, up to ten seconds', async () => {
    const office = post(...Array.from({ length: 8 }, () => away))
    office.outbox.put(letter('hello'))
    expect(await waits(office)).toEqual([250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000])
  })

  it('waits as long as the platform asks', async () => {
    const office = post({ kind: 'later', reason: 'busy', retryAfterMs: 3000 })
    office.outbox.put(letter('hello'))
    expect(await waits(office)).toEqual([3000])
  })

  it('gives up a letter that the platform refuses, and goes on with the next', async () => {
    const office = post({ kind: 'refused', reason: 'malformed' })
    office.outbox.put(letter('bad'))
    office.outbox.put(letter('good'))
    await waits(office)
    expect(office.delivered).toEqual(['good'])
  })

  it('sends only the newest letter of a topic once the platform is back', async () => {
    const office = post(away)
    office.outbox.put(letter('alert'))
    for (const body of ['offline', 'online', 'offline again'])
      office.outbox.put(letter(body, { topic: 'connectivity' }))
    await waits(office)
    expect(office.delivered).toEqual(['alert', 'offline again'])
  })

  it('drops only incidents that began and ended unseen when the platform stays away for too long', async () => {
    const office = post(away)
    office.outbox.put(letter('0 firing', { incident: '0' }))
    for (let incident = 1; incident <= 150; incident += 1) {
      office.outbox.put(letter(`${incident} firing`, { incident: String(incident) }))
      office.outbox.put(letter(`${incident} resolved`, { incident: String(incident) }))
    }
    office.outbox.put(letter('0 resolved', { incident: '0' }))
    await waits(office)
    expect(office.delivered.length).toBeLessThanOrEqual(201)
    expect(office.delivered[0]).toBe('0 firing')
    expect(office.delivered.at(-1)).toBe('0 resolved')
    const fired = office.delivered.filter((body) => String(body).endsWith('firing'))
    expect(office.delivered.length).toBe(fired.length * 2)
  })

  it('stops at once, also in the middle of a wait', async () => {
    const office = post(away)
    office.outbox.put(letter('hello'))
    await office.clock.sleeper()
    await office.outbox.stop()
    expect(office.delivered).toEqual([])
  })
})
