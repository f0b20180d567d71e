import type { Agent, AgentVersion } from '../../api/answers.ts'

/** What each tab of an agent's page is given. */
export interface AgentTab {
  agent: Agent
  /** Highest first. */
  versions: readonly AgentVersion[]
  reload: () => void
}
