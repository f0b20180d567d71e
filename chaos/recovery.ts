import type { Death } from './cluster.ts'
import type { Facts } from './facts.ts'

export interface Quantiles {
  samples: number
  p50: number | null
  p99: number | null
  max: number | null
}

export interface Recovery {
  /** From the death of a process until mail that waited then was applied elsewhere. */
  waitingMailMs: Quantiles
  /** From the death of a process until work that it had begun was begun elsewhere. */
  executingRunMs: Quantiles
  /** The mail that waited longest, and the work: where to look first. */
  slowest: SlowMail[]
  slowestWork: SlowWork[]
}

export interface SlowWork {
  effectId: string
  died: string
  begunMsAfter: number
  /** What became of its claims between the death and then, each with milliseconds since the death. */
  claims: string[]
}

export interface SlowMail {
  address: string
  message: string
  /** Whose death it was, and how long before it the message was acknowledged. */
  died: string
  acknowledgedMsBefore: number
  appliedMsAfter: number
  /** Steps of any actor between the death and its own: 0 means that nothing moved at all. */
  stepsBetween: number
}

const AROUND_MS = 1_000
const SLOWEST = 5

/**
 * How fast others took over from processes that were killed, while nothing else was struck (`quiet` says so of a time) and
 * another worker lived.
 */
export function measureRecovery(facts: Facts, deaths: readonly Death[], quiet: (at: number) => boolean): Recovery {
  const killed = deaths.filter(({ how, at, others }) => how === 'SIGKILL' && others > 0 && quiet(at))
  const applied = new Map(facts.history.map(({ address, messageId, at }) => [`${address} ${messageId}`, at]))
  const mail = killed.flatMap(({ at, name }) =>
    facts.operations.flatMap(({ call, outcome, to }): SlowMail[] => {
      if (call.do !== 'send' || outcome !== 'ok' || to > at || to < at - AROUND_MS) return []
      const done = applied.get(`${call.address} ${call.id}`)
      if (done === undefined || done <= at) return []
      const between = facts.history.filter((entry) => entry.at > at && entry.at < done).length
      return [
        {
          address: call.address,
          message: call.id,
          died: name,
          acknowledgedMsBefore: at - to,
          appliedMsAfter: Math.round(done - at),
          stepsBetween: between,
        },
      ]
    }),
  )
  const begins = facts.executed.flatMap((one) => (one.kind === 'begin' ? [one] : []))
  const ended = new Set(
    facts.executed.flatMap((one) => (one.kind === 'end' ? [`${one.effectId} ${one.attempts}`] : [])),
  )
  const work = killed.flatMap(({ at, pid, name }) =>
    begins.flatMap(({ effectId, attempts, pid: by }): SlowWork[] => {
      if (by !== pid || ended.has(`${effectId} ${attempts}`)) return []
      const next = begins.find((one) => one.effectId === effectId && one.attempts === attempts + 1)
      if (!next || next.at <= at) return []
      const claims = facts.claims.flatMap((claim) =>
        claim.effectId === effectId && claim.at > at && claim.at <= next.at
          ? [`${Math.round(claim.at - at)} ms: ${claim.op} as try ${claim.attempts} by ${claim.claimedBy ?? 'nobody'}`]
          : [],
      )
      return [{ effectId, died: name, begunMsAfter: Math.round(next.at - at), claims }]
    }),
  )
  return {
    waitingMailMs: quantiles(mail.map(({ appliedMsAfter }) => appliedMsAfter)),
    executingRunMs: quantiles(work.map(({ begunMsAfter }) => begunMsAfter)),
    slowest: mail.sort((a, b) => b.appliedMsAfter - a.appliedMsAfter).slice(0, SLOWEST),
    slowestWork: work.sort((a, b) => b.begunMsAfter - a.begunMsAfter).slice(0, SLOWEST),
  }
}

export function quantiles(values: readonly number[]): Quantiles {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (part: number): number | null => {
    const value = sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)]
    return value === undefined ? null : Math.round(value)
  }
  return { samples: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) }
}
