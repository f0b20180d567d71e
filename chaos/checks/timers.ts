import type { Facts, TimerFact } from '../facts.ts'
import { groupBy, type Violation } from './violation.ts'

/** Rows of one statement are written within this time of each other, in milliseconds. */
const SAME_STATEMENT_MS = 1
/** So long after its clock was set back, the processes of the server may have two: one that judges, and one that writes it down. */
const TWO_CLOCKS_MS = 2_000

/** One arming of a timer: from the row's writing to its end. */
interface Life {
  address: string
  id: string
  armed: string
  dueAt: number
  /** Null while the row stands. */
  end: { how: 'gone' | 'armed anew'; at: number } | null
}

/**
 * G9: a timer never fires before it is due by the database's clock, once, and not at all once it was cancelled or armed
 * anew. Due times are the triggers' account, firings the histories' (`timer:<id>:<armed>`, or with the address of whoever
 * armed it for another actor).
 */
export function checkTimers({ history, timers, actors, left, letters, jumps }: Facts): Violation[] {
  const violations: Violation[] = []
  const lives = [...groupBy(timers, ({ address, id }) => `${address} ${id}`).values()].flatMap(livesOf)
  const byName = new Map(lives.flatMap((life) => namesOf(life).map((name) => [name, life] as const)))
  const fired = new Set<string>()
  const elsewhere = new Set([...letters, ...left.mail].map(({ messageId }) => messageId))
  const cancels = groupBy(
    history.flatMap(({ address, effects, at }) =>
      effects.flatMap((effect) => (effect.type === 'cancel' ? [{ key: `${address} ${effect.id}`, at }] : [])),
    ),
    ({ key }) => key,
  )

  for (const { address, messageId, at } of history) {
    if (!messageId.startsWith('timer:')) continue
    const life = byName.get(`${address}|${messageId}`) ?? byName.get(messageId)
    const evidence = { address, messageId, firedAt: at, dueAt: life?.dueAt }
    if (!life) violations.push({ rule: 'G9', what: 'a timer fired that was never armed', evidence })
    else {
      const name = `${life.address} ${life.id} ${life.armed}`
      const dueBefore = jumps.some(
        ({ before, byMs }) => life.dueAt <= before + TWO_CLOCKS_MS && Math.abs(at - (before - byMs)) <= TWO_CLOCKS_MS,
      )
      if (at + SAME_STATEMENT_MS < life.dueAt && !dueBefore)
        violations.push({ rule: 'G9', what: 'a timer fired before it was due', evidence })
      if (fired.has(name)) violations.push({ rule: 'G9', what: 'a timer fired twice', evidence })
      fired.add(name)
    }
  }

  for (const { address, id, armed, dueAt, end } of lives) {
    if (end?.how !== 'gone' || fired.has(`${address} ${id} ${armed}`)) continue
    if (elsewhere.has(`timer:${address}:${id}:${armed}`)) continue
    const cancelled = (cancels.get(`${address} ${id}`) ?? []).length > 0
    // One that goes with its actor, with its state, or by a cancel, never fires; all else fires once it is due.
    if (cancelled || id.startsWith('xstate.after') || actors.get(address)?.status !== 'active' || end.at < dueAt)
      continue
    violations.push({ rule: 'G9', what: 'a timer went away and never fired', evidence: { address, id, armed, dueAt } })
  }

  for (const { address, id, overdueMs, status } of left.timers) {
    if (overdueMs > 0 && status !== 'parked')
      violations.push({ rule: 'G9', what: 'a timer is overdue', evidence: { address, id, overdueMs } })
  }
  return violations
}

function livesOf(facts: readonly TimerFact[]): Life[] {
  const lives: Life[] = []
  for (const { op, address, id, armed, dueAt, at } of facts) {
    const last = lives.at(-1)
    if (op === 'gone') {
      if (last && last.end === null) last.end = { how: 'gone', at }
      continue
    }
    if (last && last.end === null) last.end = { how: 'armed anew', at }
    lives.push({ address, id, armed, dueAt, end: null })
  }
  return lives
}

/** What a firing is called in its own actor's history, and in that of the actor it was armed for. */
function namesOf({ address, id, armed }: Life): string[] {
  return [`${address}|timer:${id}:${armed}`, `timer:${address}:${id}:${armed}`]
}
