import type { JsonObject } from '../../../core/json.ts'
import type { Principal } from '../../../core/principal.ts'

export interface AgentView {
  id: string
  name: string
  nickname: string | null
  description: string
  tags: string[]
  /** The published version that new instances get; null while there are only drafts. */
  current: string | null
  /** Highest version, of any status. */
  latest: string
  status: 'draft' | 'published' | 'deprecated'
  enabled: boolean
}

export interface VersionView {
  id: string
  version: string
  status: 'draft' | 'published' | 'deprecated'
  contentHash: string
  createdAt: Date
  publishedAt: Date | null
  definition: JsonObject
  /** What it asks for and does not get in this version. */
  warnings: string[]
}

export interface AgentsApi {
  list(by: Principal): Promise<AgentView[]>
  get(by: Principal, id: string): Promise<AgentView>
  versions(by: Principal, id: string): Promise<VersionView[]>
  version(by: Principal, id: string, version: string): Promise<VersionView>
  /** The bytes as they were imported. */
  source(by: Principal, id: string, version: string): Promise<string>
  /** YAML or JSON → a draft. The same bytes again: the same version (`created: false`); other bytes under a version that is not a draft: `agent.version_exists`. */
  import(by: Principal, text: string, fileName: string): Promise<{ version: VersionView; created: boolean }>
  /** Throws `agent.bad_definition` with `details.problems`. */
  validate(by: Principal, text: string, fileName: string): Promise<{ id: string; version: string; warnings: string[] }>
  publish(by: Principal, id: string, version: string): Promise<VersionView>
  deprecate(by: Principal, id: string, version: string): Promise<VersionView>
  /** Drafts only; else `agent.version_in_use`. */
  remove(by: Principal, id: string, version: string): Promise<void>
  setEnabled(by: Principal, id: string, enabled: boolean): Promise<AgentView>
  /** The JSON Schema of definitions. */
  schema(): JsonObject
}
