import type { Address } from '../../core/address.ts'
import type { Json } from '../../core/json.ts'
import type { ActorRow } from '../../db/actors.ts'
import type { Sql } from '../../db/client.ts'
import { findOrigin } from '../../db/forks.ts'
import { listInvocations } from '../../db/invocations.ts'
import { countMail } from '../../db/mailbox.ts'
import { listTimers } from '../../db/timers.ts'
import type { HostedMachine } from '../../machines/host.ts'
import { nextEvents } from '../../machines/inspect.ts'
import { COUNTED_MAIL, waitingFor } from './waiting.ts'

/** What people see of an actor. */
export interface ActorSnapshot {
  address: Address
  status: ActorRow['status']
  value: Json
  context: Json
  tags: string[]
  output?: Json
  error?: Json
  revision: number
  machine: { kind: string; hash: string; version: string }
  parent: Address | null
  team: string
  /** Where it was taken from; null for one that was born as its machine begins. */
  forkedFrom: { address: Address; revision: number } | null
  /** True: an inspection. It steps, and nothing that it asks for is done. */
  sealed: boolean
  waitingFor: string
  nextEvents: string[]
  updatedAt: Date
}

/** Reads what an actor waits for, and puts all of it together. */
export async function viewActor(sql: Sql, row: ActorRow, machine: HostedMachine | undefined): Promise<ActorSnapshot> {
  const [mail, invocations, timers, origin] = await Promise.all([
    countMail(sql, row.address, COUNTED_MAIL),
    listInvocations(sql, row.address),
    listTimers(sql, row.address),
    findOrigin(sql, row.address),
  ])
  const events = machine && row.status === 'active' ? eventsOf(machine, row) : []
  const { snapshot, status } = row
  return {
    address: row.address,
    status,
    value: snapshot.value,
    context: snapshot.context,
    tags: snapshot.tags,
    ...(snapshot.status === 'done' ? { output: snapshot.output } : {}),
    ...(snapshot.status === 'error' ? { error: snapshot.error } : {}),
    revision: row.revision,
    machine: { kind: row.kind, hash: row.machineHash, version: row.version },
    parent: row.parent,
    team: row.team,
    forkedFrom: origin ?? null,
    sealed: machine?.sealed ?? false,
    waitingFor: waitingFor(
      {
        status,
        parkedReason: parkedReason(row),
        mail,
        invocations: invocations.filter((one) => !one.finished),
        timers,
        nextEvents: events,
      },
      new Date(),
    ),
    nextEvents: events,
    updatedAt: row.updatedAt,
  }
}

function eventsOf({ inert }: HostedMachine, { snapshot }: ActorRow): string[] {
  try {
    return nextEvents(inert, snapshot)
  } catch {
    // Its state does not fit this machine; its next turn will park it and say so.
    return []
  }
}

function parkedReason({ parked }: ActorRow): string | undefined {
  const message =
    typeof parked === 'object' && parked !== null && !Array.isArray(parked) ? parked['message'] : undefined
  return typeof message === 'string' ? message : undefined
}
