import { teamKey, address as toAddress } from '../../../core/address.ts'
import { AppError } from '../../../core/errors.ts'
import type { Log } from '../../../core/log.ts'
import type { Principal } from '../../../core/principal.ts'
import { PLATFORM } from '../../../core/principal.ts'
import {
  countInstances,
  findInstance,
  listInstances,
  listOutdated,
  listUnstarted,
  type InstanceView as Row,
} from '../../../db/instances.ts'
import type { Runtime } from '../../runtime.ts'
import type { AgentDefinition } from '../format/definition.ts'
import { ask, revisionsOf } from '../mail/ask.ts'
import type { Audit } from '../records/audit.ts'
import { expectCursor } from '../records/cursor.ts'
import type { AgentsApi } from '../registry/agents-api.ts'
import { settingsOf } from '../registry/settings.ts'
import type { InstancesApi, InstanceView } from './instances-api.ts'
import { agentLine } from './waiting-line.ts'

export interface InstancesDeps {
  runtime: Runtime
  agents: AgentsApi
  audit: Audit
  definitionOf(team: string, agent: string, version: string): Promise<AgentDefinition>
  log: Log
}

export interface Instances extends InstancesApi {
  /** Starts what is enabled and moves what is outdated to its agent's published version, at its next idle moment. */
  follow(): Promise<void>
  /** Starts what is enabled and has no instance, because whoever published it was cut off before. Answers how many. */
  startMissing(): Promise<number>
}

const PAGE = 100

/** Instances of agents: started, looked at, driven. */
export function createInstances(deps: InstancesDeps): Instances {
  const { runtime, agents, audit, log } = deps
  const { sql } = runtime

  async function existing(team: string, id: string): Promise<Row> {
    const row = await findInstance(sql, team, id)
    if (!row) throw new AppError('actor.not_found', `There is no instance ${id}`, { details: { id } })
    return row
  }

  async function startMissing(): Promise<number> {
    const unstarted = await listUnstarted(sql)
    for (const { team, agent, version } of unstarted) await spawn({ ...PLATFORM, team }, agent, version, agent)
    return unstarted.length
  }

  async function spawn(by: Principal, agent: string, version: string, key: string): Promise<void> {
    const settings = settingsOf(await deps.definitionOf(by.team, agent, version))
    await runtime.spawn('agent', {
      key: teamKey(by.team, key),
      team: by.team,
      sender: by.name,
      input: { agent, team: by.team, settings: { ...settings, run: { ...settings.run } } },
    })
  }

  return {
    async start(by, { agent, version, key = agent }) {
      const view = await agents.get(by, agent)
      const wanted = version ?? view.current
      if (wanted === null) throw new AppError('agent.not_published', `Agent ${agent} has no published version yet`)
      const { status } = await agents.version(by, agent, wanted)
      if (status !== 'published')
        throw new AppError('agent.not_published', `Version ${wanted} of ${agent} is ${status}`)
      // Whoever starts an agent wants it to hear its events.
      if (!view.enabled) await agents.setEnabled(by, agent, true)
      const before = await findInstance(sql, by.team, teamKey(by.team, key))
      if (!before) await spawn(by, agent, wanted, key)
      else if (before.state === 'stopped') await ask(runtime, before.address, { type: 'START', by: by.name }, by)
      const address = `agent/${teamKey(by.team, key)}`
      log.info({ address, by: by.name }, 'instance started')
      await audit.append(by, 'instance.start', address, { version: wanted })
      return { instance: toView(await existing(by.team, teamKey(by.team, key))), created: !before }
    },

    async list(by, { limit = PAGE, ...filter }) {
      const [rows, states] = await Promise.all([
        listInstances(sql, by.team, { ...filter, limit }),
        countInstances(sql, by.team, { ...filter, state: undefined }),
      ])
      await expectCursor(sql, 'instances', by.team, filter.after)
      return {
        items: rows.map(toView),
        next: rows.length < limit ? null : (rows.at(-1)?.id ?? null),
        counts: Object.fromEntries(states.map(({ state, count }) => [state, count])),
        total: states.reduce((sum, { count }) => sum + count, 0),
      }
    },

    get: async (by, id) => toView(await existing(by.team, id)),

    async command(by, id, action, { reason = '', expected }) {
      const address = toAddress('agent', id)
      const done = await ask(runtime, address, { type: action.toUpperCase(), by: by.name, reason }, by, expected)
      const [row] = await Promise.all([
        existing(by.team, id),
        audit.append(by, `instance.${action}`, address, { reason, ...revisionsOf(done) }),
      ])
      return toView(row)
    },

    startMissing,

    async follow() {
      await startMissing()
      for (const { address, team, agent, current } of await listOutdated(sql)) {
        const settings = settingsOf(await deps.definitionOf(team, agent, current))
        const upgrade = { type: 'UPGRADE', settings: { ...settings, run: { ...settings.run } } }
        await runtime.send(address, upgrade, { id: `upgrade:${current}:${Date.now()}`, sender: PLATFORM.name })
      }
    },
  }
}

function toView(row: Row): InstanceView {
  const { id, address, agent, version, name, nickname, description, state, status, revision, updatedAt } = row
  return {
    id,
    address,
    agent,
    version,
    name,
    nickname,
    description,
    state,
    status,
    revision,
    updatedAt,
    waitingFor: agentLine(row),
    backlog: row.waiting,
    runs: { active: row.running, succeeded: row.succeeded, failed: row.failures, aborted: row.aborted },
  }
}
