import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDatabaseClock, type DatabaseClock } from '../../actors/turn/database-clock.ts'

const NOON = Date.UTC(2026, 10, 22, 12)

describe('the clock of the database, told from its last answer', () => {
  let clock: DatabaseClock
  const hear = (at: number, tookMs = 3): void => clock.heard(new Date(at), performance.now() - tookMs)
  const told = (): number | undefined => clock.now()?.getTime()

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    clock = createDatabaseClock()
  })
  afterEach(() => vi.useRealTimers())

  it('goes on from there, whatever this machine takes the time to be', () => {
    expect(told()).toBeUndefined()
    hear(NOON)
    vi.advanceTimersByTime(1_500)
    expect(told()).toBe(NOON + 1_500)
  })

  it('is not told from an answer that is old', () => {
    hear(NOON)
    vi.advanceTimersByTime(60_000)
    expect(told()).toBeUndefined()
    hear(NOON + 60_010)
    expect(told()).toBe(NOON + 60_010)
  })

  it('does not go back for an answer that another one overtook', () => {
    hear(NOON)
    vi.advanceTimersByTime(1_000)
    expect(told()).toBe(NOON + 1_000)
    hear(NOON + 400)
    expect(told()).toBe(NOON + 1_000)
    vi.advanceTimersByTime(700)
    expect(told()).toBe(NOON + 1_100)
  })

  it('is not told from an answer that took long', () => {
    hear(NOON, 8_000)
    expect(told()).toBeUndefined()
  })

  it('is set back with the database, and does not stay where that no longer is', () => {
    hear(NOON)
    expect(told()).toBe(NOON)
    hear(NOON - 3_600_000)
    vi.advanceTimersByTime(1_000)
    expect(told()).toBe(NOON - 3_599_000)
  })

  it('is not told while the clocks of this machine disagree, as after it was suspended', () => {
    hear(NOON)
    vi.setSystemTime(Date.now() + 3_600_000)
    expect(told()).toBeUndefined()
    hear(NOON + 3_600_000)
    expect(told()).toBe(NOON + 3_600_000)
  })
})
