import type { Page } from '../../base/page.ts'
import { AgentPage } from './agent-page.tsx'
import { Agents } from './agents.tsx'
import { NewAgent } from './new-agent.tsx'

export const agents: Page = {
  path: '/agents',
  title: () => 'Agents',
  nav: { label: 'Agents', icon: 'agents', key: 'a' },
  View: Agents,
}

/** Two parts, since one part alone could be the id of an agent. */
export const newAgent: Page = {
  path: '/agents/-/new',
  title: () => 'New agent',
  role: 'operator',
  View: NewAgent,
}

export const agent: Page = {
  path: '/agents/:id',
  title: ({ id = '' }) => id,
  View: AgentPage,
}
