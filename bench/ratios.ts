import type { Answer, Row } from './result.ts'
import { median } from './stats.ts'

/** ours ÷ theirs; for ours the slower of the two backends where a peer is no carrier's counterpart. */
const COMPARED = {
  httpVsRestate: { ours: ['troupe http 64 redis', 'troupe http 64 embedded'], theirs: 'restate http 64' },
  batchVsRestate: { ours: ['troupe batch redis', 'troupe batch embedded'], theirs: 'restate http 64' },
  vsBullmqRedis: { ours: ['troupe library redis'], theirs: 'bullmq redis' },
  vsBullmqPostgres: { ours: ['troupe library embedded'], theirs: 'bullmq postgres' },
  vsDbos: { ours: ['troupe library embedded'], theirs: 'dbos' },
  vsEffect: { ours: ['troupe library embedded'], theirs: 'effect cluster' },
  vsFloor: { ours: ['troupe batch redis', 'troupe batch embedded'], theirs: 'floor' },
  vsHttpAlone: { ours: ['troupe http 64 redis', 'troupe http 64 embedded'], theirs: 'http alone 64' },
} as const

/**
 * What the table comes to: the median of the ratios of each round. A ratio is there only if all its rows were measured. `sequentialVsRestate` compares medians
 * of latency (smaller is better), `millionVsThousand` the cost of an event among many idle actors with that among few.
 */
export function ratiosOf(rows: readonly Row[], answers: readonly Answer[]): Record<string, number> {
  const find = (name: string): Row | undefined => rows.find((row) => row.name === name)
  const ratios: Record<string, number> = {}
  for (const [name, { ours, theirs }] of Object.entries(COMPARED)) {
    const own = ours.flatMap((row) => find(row) ?? [])
    const peer = find(theirs)
    if (peer === undefined || own.length < ours.length) continue
    // Round by round, since what disturbs a round disturbs both sides of it.
    const each = peer.rounds.map(
      (their, round) => Math.min(...own.map(({ rounds }) => rounds[round] ?? Number.NaN)) / their,
    )
    ratios[name] = median(each)
  }
  const ourHop = find('troupe http 1 redis')?.p50Ms
  const theirHop = find('restate http 1')?.p50Ms
  if (ourHop !== undefined && theirHop !== undefined) ratios['sequentialVsRestate'] = ourHop / theirHop
  const many = answers.find((answer) => answer.name === 'idle actors')?.figures['costVsThousand']
  if (many !== undefined) ratios['millionVsThousand'] = many
  return ratios
}
