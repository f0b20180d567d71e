import { z } from 'zod'
import { isDuration, parseDuration } from './duration.ts'

/** What grows for ever if nobody removes it. */
const RETAINED = ['events', 'history', 'letters', 'evidence', 'audit', 'requests'] as const
export type Retained = (typeof RETAINED)[number]

/** How long each is kept, in milliseconds; null: for ever. */
export type RetentionPolicy = Readonly<Record<Retained, number | null>>

const DAY = 86_400_000

/**
 * Events, what actors did, and letters: long enough for a quarter's look back. Pictures are large, the audit is short,
 * and senders repeat a request within minutes.
 */
const DEFAULT: RetentionPolicy = {
  events: 90 * DAY,
  history: 90 * DAY,
  letters: 90 * DAY,
  evidence: 30 * DAY,
  audit: 400 * DAY,
  requests: DAY,
}
const FOR_EVER: RetentionPolicy = {
  ...DEFAULT,
  events: null,
  history: null,
  letters: null,
  evidence: null,
  audit: null,
}

/**
 * `events=30d,audit=keep` changes the default in parts; `off` removes nothing but requests. Nothing is removed before it
 * is a day old: an id that is sent again within that time must be known again.
 */
export const Retention = z.string().transform((text, context): RetentionPolicy => {
  if (text.trim() === 'off') return FOR_EVER
  const policy: Record<Retained, number | null> = { ...DEFAULT }
  for (const part of text.split(',').filter((one) => one.trim() !== '')) {
    const [name = '', age = ''] = part.split('=').map((one) => one.trim())
    const what = RETAINED.find((one) => one === name)
    if (!what || !(age === 'keep' || isDuration(age))) {
      context.addIssue(`"${part.trim()}": expected off, or ${RETAINED.join('=90d, ')}=keep, separated by commas`)
      return z.NEVER
    }
    const ms = age === 'keep' ? null : parseDuration(age)
    if (ms !== null && ms < DAY) {
      context.addIssue(`"${part.trim()}": at least 1d, since an id that is repeated within a day must be known again`)
      return z.NEVER
    }
    policy[what] = ms
  }
  return policy
})
