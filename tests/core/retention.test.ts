import { expect, it } from 'vitest'
import { readConfig } from '../../core/config.ts'

const DAY = 86_400_000
const retention = (text?: string) => readConfig(text === undefined ? {} : { TROUPE_RETENTION: text }).retention

it('keeps a quarter of what happened, a month of pictures, a year of the audit, when nobody says otherwise', () => {
  const quarter = 90 * DAY
  expect(retention()).toEqual({
    events: quarter,
    history: quarter,
    letters: quarter,
    evidence: 30 * DAY,
    audit: 400 * DAY,
    requests: DAY,
  })
})

it('changes in parts, and keeps for ever what somebody says to keep', () => {
  expect(retention(' events=7d, history=2w,audit=keep ')).toEqual({
    ...retention(),
    events: 7 * DAY,
    history: 14 * DAY,
    audit: null,
  })
  expect(retention('off')).toMatchObject({ events: null, history: null, letters: null, evidence: null, audit: null })
})

it.each(['events', 'events=soon', 'evnets=7d', 'history=23h', 'requests=5m', 'on'])('refuses %s by name', (text) => {
  expect(() => retention(text)).toThrow(/TROUPE_RETENTION: ".+": (expected off, or|at least 1d)/)
})
