import type { Json } from '../core/json.ts'
import { listLiveStates } from '../db/actors.ts'
import type { Sql } from '../db/client.ts'
import type { HostedMachine } from '../machines/host.ts'
import { adopt } from './past/migration.ts'

/** What becomes of the actors in one state when the machines of this process take them over. */
export interface DeployVerdict {
  kind: string
  /** The version that they are in, and the one that would take them over; null: this process has no such machine. */
  from: string
  to: string | null
  state: Json
  actors: number
  /** Of which are parked already. */
  parked: number
  outcome: 'unchanged' | 'fits' | 'migrates' | 'parks' | 'no machine'
  reason: string | null
  /** One of them, to look at. */
  example: string
}

/**
 * Dry-runs a deploy: every state that a living actor of any version is in, whether the machines of this process go on with
 * it, and how many actors that is. Changes nothing. Judged by one actor for each state and version: what differs inside
 * the context of others may still fail in a migration.
 */
export async function checkDeploy(sql: Sql, hosted: ReadonlyMap<string, HostedMachine>): Promise<DeployVerdict[]> {
  return (await listLiveStates(sql)).map(({ kind, version, value, actors, parked, example }) => {
    const machine = hosted.get(kind)
    const known = { kind, from: version, state: value, actors, parked, example: example.address }
    if (!machine) return { ...known, to: null, outcome: 'no machine', reason: null }
    const to = machine.version
    if (example.machineHash === machine.hash && parked === 0)
      return { ...known, to, outcome: 'unchanged', reason: null }
    const adoption = adopt(machine, example)
    if (adoption.how === 'misfit') return { ...known, to, outcome: 'parks', reason: adoption.reason }
    return { ...known, to, outcome: adoption.how === 'fits' ? 'fits' : 'migrates', reason: null }
  })
}
