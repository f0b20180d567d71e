import { groupBy } from './checks/violation.ts'
import type { Quantiles } from './recovery.ts'
import type { RunReport } from './run.ts'
import type { Shrunk } from './shrink.ts'

/** The same as the JSON, for people. */
export function describeRun(report: RunReport): string {
  const { operations, faults, processes, recovery, violations } = report
  const byRule = [...groupBy(violations, ({ rule, what }) => `${rule}: ${what}`)]
  const lines = [
    '',
    `seed ${report.seed} on ${report.backend}, ${Math.round(report.durationMs / 1_000)} s${report.valid ? '' : ' — VOID: too few operations have a known outcome'}`,
    `operations  ${operations.total} (${operations.ok} done, ${operations.refused} refused, ${operations.unknown} unknown; ${operations.retried} asked again)`,
    `refused     ${Object.entries(report.refusals)
      .map(([code, times]) => `${code} ${times}`)
      .join(', ')}`,
    `applied     ${report.applied} steps of ${report.actors} actors, ${report.replayed} replayed`,
    `retention   ${report.retention.entries} entries of ${report.retention.histories} histories and ${report.retention.actors} ended actors removed meanwhile`,
    `faults      ${faults.struck.length} of ${faults.kinds} rows; ${processes.killed} processes killed, ${processes.frozen} frozen`,
    `recovery    waiting mail ${quantiles(recovery.waitingMailMs)}; executing work ${quantiles(recovery.executingRunMs)}`,
    ...Object.entries(report.sometimes).map(([what, times]) => `            ${what}: ${times}`),
    ...faults.failed.map(({ id, why }) => `no evidence ${id}: ${why}`),
    ...faults.notMeasured.map(({ id, why }) => `not measured ${id}: ${why}`),
    `violations  ${violations.length}`,
    ...byRule.flatMap(([what, list]) => [
      `  ${list.length} × ${what}`,
      ...list.slice(0, 3).map(({ evidence }) => `      ${JSON.stringify(evidence).slice(0, 400)}`),
    ]),
    '',
  ]
  return `${lines.join('\n')}\n`
}

/** The least that breaks a promise, and how it goes. */
export function describeShrunk({ rule, what, rows, operations, of, runs, repeated, trace }: Shrunk): string {
  const least = repeated
    ? `again with ${operations.length} of ${of} operations and ${rows.length === 0 ? 'no fault' : rows.join(', ')} (${runs} runs)`
    : `not seen again in ${runs} runs; this is how it went the first time`
  return [`${rule}: ${what}`, `  ${least}`, ...trace.map((line) => `  ${line}`), '', ''].join('\n')
}

function quantiles({ samples, p50, p99, max }: Quantiles): string {
  return samples === 0 ? 'not measured' : `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms (${samples})`
}
