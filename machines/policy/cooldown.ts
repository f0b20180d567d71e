import type { Waiting } from '../agent-task.ts'
import { type Desk, dismiss, enqueue, isPoliced, merged, placeOf, say, waiting, withdraw } from './desk.ts'
import type { Policed } from './state.ts'
import { inWords, timeInWords } from './words.ts'

/** Until when nothing of this key starts; undefined: now it may. */
export function quietUntil(desk: Pick<Desk, 'at' | 'policy'>, item: Policed): number | undefined {
  const { cooldown } = item.policy.terms
  const until = cooldown && desk.policy.quiet[placeOf(item, cooldown.key)]
  return until !== undefined && until > desk.at ? until : undefined
}

/** True: it came during the silence. It ends here, or is kept as the latest one, which starts when the silence is over. */
export function isCooling(desk: Desk, item: Policed): boolean {
  const until = quietUntil(desk, item)
  const { cooldown } = item.policy.terms
  if (until === undefined || cooldown === undefined) return false
  if (!cooldown.trailing) {
    dismiss(desk, item, 'cooling', reasonOf(cooldown, until))
    return true
  }
  say(desk, item, 'cooling', `${reasonOf(cooldown, until)}; the latest event of it starts then`)
  enqueue(desk, fold(desk, sharing(desk, item), { ...item, policy: { ...item.policy, told: true } }))
  return true
}

/** Begins the silence after a start or an end. What waits goes the way of what comes during it. */
export function beginQuiet(desk: Desk, ended: Waiting, after: 'run.start' | 'run.end'): void {
  if (!isPoliced(ended)) return
  const { cooldown } = ended.policy.terms
  // Whoever made room for a newer event must not silence it.
  if (cooldown?.after !== after || ended.policy.letGo === 'replaced') return
  const place = placeOf(ended, cooldown.key)
  const until = Math.max(desk.policy.quiet[place] ?? 0, desk.at + cooldown.forMs)
  desk.policy = { ...desk.policy, quiet: { ...desk.policy.quiet, [place]: until } }
  const waits = sharing(desk, ended)
  const newest = waits.toSorted((a, b) => a.task.at - b.task.at).at(-1)
  if (!newest) return
  if (cooldown.trailing) {
    say(desk, newest, 'cooling', `${reasonOf(cooldown, until)}; the latest event of it starts then`)
    const kept = fold(
      desk,
      waits.filter((one) => one !== newest),
      { ...newest, policy: { ...newest.policy, told: true } },
    )
    withdraw(desk, [newest])
    enqueue(desk, kept)
    return
  }
  withdraw(desk, waits)
  for (const one of waits) dismiss(desk, one, 'cooling', reasonOf(cooldown, until))
}

/** What waits under the same silence. */
function sharing(desk: Desk, item: Policed): Policed[] {
  const { cooldown } = item.policy.terms
  if (!cooldown) return []
  const place = placeOf(item, cooldown.key)
  return waiting(desk).filter((one) => {
    const own = one.policy.terms.cooldown
    return own !== undefined && placeOf(one, own.key) === place
  })
}

/** Takes the older ones out of the backlog, in favour of the newest. */
function fold(desk: Desk, older: readonly Policed[], newest: Policed): Policed {
  withdraw(desk, older)
  for (const one of older) dismiss(desk, one, 'coalesced', 'a newer event speaks for it', newest.task.eventId)
  return merged(older, newest)
}

function reasonOf({ key, forMs, after }: { key: string; forMs: number; after: string }, until: number): string {
  return `${key} rests for ${inWords(forMs)} after ${after === 'run.end' ? 'the end' : 'the start'} of a run, until ${timeInWords(until)}`
}
