/** What one contestant did in one round. */
export interface Measured {
  events: number
  seconds: number
  /** From the call to the answer that says "committed". */
  p50Ms: number
  p99Ms: number
}

/** A row of the result: medians over its rounds. */
export interface Summary {
  perSecond: number
  p50Ms: number
  p99Ms: number
  /** Events a second of each round, in the order in which they ran. */
  rounds: number[]
}

/** The nearest-rank percentile: a value that was really seen. `sorted` ascends; NaN when it is empty. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const rank = Math.max(1, Math.ceil(share * sorted.length))
  return sorted[rank - 1] ?? Number.NaN
}

/** The middle value; of an even number of them, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  const half = sorted.length >> 1
  const [below = Number.NaN, above = Number.NaN] = [sorted[half - 1], sorted[half]]
  return sorted.length % 2 === 1 ? above : (below + above) / 2
}

export function summarize(rounds: readonly Measured[]): Summary {
  return {
    perSecond: median(rounds.map(({ events, seconds }) => events / seconds)),
    p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
    rounds: rounds.map(({ events, seconds }) => Math.round(events / seconds)),
  }
}

/** The figures of a set of samples in milliseconds. */
export function spread(samples: readonly number[]): { p50Ms: number; p99Ms: number; maxMs: number } {
  const sorted = Float64Array.from(samples).sort()
  return { p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99), maxMs: percentile(sorted, 1) }
}
