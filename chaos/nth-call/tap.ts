import { createHash } from 'node:crypto'
import type { Cluster, Seat } from '../cluster.ts'
import type { Verdict } from '../proxy.ts'

/** One call of a store: what it is, and the how-manieth of its kind since the tap was opened. */
export interface Tapped {
  seat: Seat
  store: 'postgres' | 'redis'
  label: string
  nth: number
}

/** Sees every call of every node before it is passed on, and decides what becomes of it. */
export type Judge = (call: Tapped) => Verdict

/** Opens the tap on all networks of the cluster; `onCut` hears of replies that are held back. Answers how to close it. */
export function tap(cluster: Cluster, judge: Judge, onCut: (seat: Seat) => void = () => undefined): () => void {
  const counts = new Map<string, number>()
  const proxies = cluster.seats.flatMap((seat) => [
    { seat, store: 'postgres' as const, proxy: seat.postgres },
    ...(seat.redis ? [{ seat, store: 'redis' as const, proxy: seat.redis }] : []),
  ])
  for (const { seat, store, proxy } of proxies) {
    proxy.intercept(
      (texts) => {
        let verdict: Verdict = 'pass'
        for (const label of texts.map(labelOf)) {
          const nth = (counts.get(label) ?? 0) + 1
          counts.set(label, nth)
          const wanted = judge({ seat, store, label, nth })
          if (wanted !== 'pass') verdict = wanted
        }
        return verdict
      },
      () => onCut(seat),
    )
  }
  return () => {
    for (const { proxy } of proxies) proxy.intercept(undefined)
  }
}

const TITLE_LENGTH = 90

/** The same for the same statement, whatever its values: a few letters of its digest, and how it begins. */
export function labelOf(text: string): string {
  const plain = text
    .replaceAll(/--[^\n]*/g, ' ')
    .replaceAll(/\$\d+/g, '$')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .toLowerCase()
  const digest = createHash('sha1').update(plain).digest('hex').slice(0, 6)
  return `${digest} ${plain.slice(0, TITLE_LENGTH)}`
}
