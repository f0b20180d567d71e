import type { Alert } from '../../api/answers.ts'
import { severityRank } from '../../parts/severity.tsx'

export type AlertRow = { group: AlertGroup } | { alert: Alert }

export interface AlertGroup {
  name: string
  firing: number
  total: number
}

/**
 * Alerts under the device or the kind that they share: groups with something that fires first, and in a group what fires,
 * the worst and the longest, first.
 */
export function groupAlerts(alerts: readonly Alert[], by: 'subject' | 'kind'): AlertRow[] {
  const groups = Map.groupBy(alerts, (alert) => alert[by] ?? 'no device')
  return [...groups]
    .map(([name, members]) => ({ name, members: members.toSorted(byUrgency) }))
    .sort((a, b) => compareFirst(a.members[0], b.members[0]) || (a.name < b.name ? -1 : 1))
    .flatMap(({ name, members }) => {
      const firing = members.filter(({ status }) => status === 'firing').length
      return [{ group: { name, firing, total: members.length } }, ...members.map((alert) => ({ alert }))]
    })
}

function compareFirst(a: Alert | undefined, b: Alert | undefined): number {
  return a && b ? byUrgency(a, b) : 0
}

function byUrgency(a: Alert, b: Alert): number {
  if (a.status !== b.status) return a.status === 'firing' ? -1 : 1
  // What is over is news by when it ended; how bad it was matters no more.
  if (a.status === 'resolved') return timeOf(b) - timeOf(a)
  return severityRank(a.severity) - severityRank(b.severity) || Date.parse(a.startedAt) - Date.parse(b.startedAt)
}

function timeOf({ endedAt, startedAt }: Alert): number {
  return Date.parse(endedAt ?? startedAt)
}
