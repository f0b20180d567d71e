import type { VersionSummary } from '../../../db/registry.ts'
import { compareVersions } from '../format/versions.ts'
import type { AgentView } from './agents-api.ts'

/** One line an agent, out of all its versions: it shows itself as its current version does, or else as its highest. */
export function agentViews(summaries: readonly VersionSummary[]): AgentView[] {
  return [...Map.groupBy(summaries, (summary) => summary.id).values()].flatMap((versions) => {
    const latest = versions.reduce((a, b) => (compareVersions(a.version, b.version) < 0 ? b : a))
    const { id, current, switched } = latest
    const shown = versions.find((one) => one.version === current) ?? latest
    const { name, nickname = null, description, tags } = shown.metadata
    const enabled = switched ?? shown.enabled
    return [{ id, name, nickname, description, tags, current, latest: latest.version, status: shown.status, enabled }]
  })
}
