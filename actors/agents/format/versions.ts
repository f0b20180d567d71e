import { createHash } from 'node:crypto'
import semver from 'semver'

/** draft → published → deprecated; nothing goes back. */
export type VersionState = 'draft' | 'published' | 'deprecated'
export type VersionAction = 'publish' | 'deprecate'

export interface VersionRow {
  version: string
  state: VersionState
}

/** Negative when `a` comes before `b`, by semver precedence; what is no version (a row of an older build) comes first. */
export function compareVersions(a: string, b: string): number {
  return semver.compare(semver.parse(a) ?? '0.0.0-0', semver.parse(b) ?? '0.0.0-0')
}

/** The state after an action, or undefined when it is not allowed. Repeating an action changes nothing. */
export function nextState(state: VersionState, action: VersionAction): VersionState | undefined {
  if (action === 'publish') return state === 'deprecated' ? undefined : 'published'
  return state === 'draft' ? undefined : 'deprecated'
}

/** The highest published version by semver precedence, whatever was stored last. */
export function latestPublished(rows: readonly VersionRow[]): string | undefined {
  return publishedOf(rows).toSorted(semver.rcompare)[0]
}

/** The highest published version inside a range; `latest` is the latest. A prerelease only when the range names one. */
export function resolveRange(range: string, rows: readonly VersionRow[]): string | undefined {
  if (range === 'latest') return latestPublished(rows)
  return semver.maxSatisfying(publishedOf(rows), range) ?? undefined
}

/** True when `range` is one that `resolveRange` understands. */
export function isRange(range: string): boolean {
  return range === 'latest' || semver.validRange(range) !== null
}

/** SHA-256 of the bytes: a version's content is its text, comments and spaces included. */
export function contentHash(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}

function publishedOf(rows: readonly VersionRow[]): string[] {
  return rows.filter((row) => row.state === 'published').map((row) => row.version)
}
