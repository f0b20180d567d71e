import { PLATFORM } from '../../../core/principal.ts'
import { createRecent } from '../../../core/recent.ts'
import { AgentDefinition } from '../format/definition.ts'
import type { AgentsApi } from './agents-api.ts'

export type FindDefinition = (team: string, agent: string, version: string) => Promise<AgentDefinition>

const REMEMBERED_MS = 600_000
const REMEMBERED = 500

/** Finds definitions. Every step of every run asks for its own, which never changes once it is published: read and parsed once. */
export function createDefinitions(agents: Pick<AgentsApi, 'version'>): FindDefinition {
  const recent = createRecent({
    ttlMs: REMEMBERED_MS,
    max: REMEMBERED,
    load: async (key) => {
      const [team = '', agent = '', version = ''] = key.split('\n')
      const row = await agents.version({ ...PLATFORM, team }, agent, version)
      return { status: row.status, definition: AgentDefinition.parse(row.definition) }
    },
    keeps: ({ status }) => status !== 'draft',
  })
  // None of the three may hold a line break.
  return async (team, agent, version) => (await recent.find([team, agent, version].join('\n'))).definition
}
