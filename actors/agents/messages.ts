import { type Address, parseAddress, teamKey, address as toAddress } from '../../core/address.ts'
import { AppError, toErrorRecord } from '../../core/errors.ts'
import type { MachineEvent } from '../../core/message.ts'
import type { Principal } from '../../core/principal.ts'
import { type ActorRow, findActor, findTeams } from '../../db/actors.ts'
import { activePaths } from '../../machines/describe.ts'
import type { HostedMachine } from '../../machines/host.ts'
import { nextEvents } from '../../machines/inspect.ts'
import { step } from '../../machines/step.ts'
import type { Answer, Runtime } from '../runtime.ts'
import type { MessageAnswer, MessagesApi } from './messages-api.ts'
import { parseOrder } from './orders.ts'

/** Births of actors, and mail for them, from people and programs outside. */
export function createMessages(runtime: Runtime, platformKinds: ReadonlySet<string>): MessagesApi {
  const { sql, hosted } = runtime

  function machineOf(kind: string): HostedMachine {
    const machine = hosted.get(kind)
    if (machine) return machine
    throw new AppError('machine.not_found', `There is no machine of kind "${kind}"`, {
      details: { kind, kinds: [...hosted.keys()] },
    })
  }

  /** Who said it is what the door knows, not what the message claims. */
  async function deliver(
    by: Principal,
    to: Address,
    event: MachineEvent,
    options: { id?: string; waitMs?: number },
  ): Promise<MessageAnswer> {
    const { id, waitMs } = options
    const sending = { sender: by.name, ...(id === undefined ? {} : { id }) }
    if (waitMs === undefined) {
      const { duplicate } = await runtime.send(to, event, sending)
      return { address: to, status: duplicate ? 'duplicate' : 'accepted' }
    }
    return applied(await runtime.ask(to, event, { ...sending, timeoutMs: waitMs }))
  }

  return {
    async spawn(by, kind, key, input) {
      machineOf(kind)
      if (platformKinds.has(kind)) {
        throw new AppError('event.refused', `Actors of kind ${kind} are made by the platform: see /docs for its routes`)
      }
      const address = toAddress(kind, teamKey(by.team, key))
      const created = (await findActor(sql, address)) === undefined
      await runtime.spawn(kind, { key: teamKey(by.team, key), input: input ?? null, team: by.team, sender: by.name })
      return { address, created }
    },

    async send(by, address, event, { expected, ...options }) {
      parseAddress(address)
      const row = await findActor(sql, address)
      if (row?.team !== by.team) throw notFound(address)
      if (expected !== undefined && expected !== row.revision) {
        throw new AppError(
          'request.precondition_failed',
          `${address} is at revision ${row.revision}, not ${expected}: look again`,
          { details: { revision: row.revision } },
        )
      }
      const said = { ...parseOrder(row.kind, event), by: by.name }
      refuseUnheard(machineOf(row.kind), row, said)
      return deliver(by, address, said, options)
    },

    async sendMany(by, messages, options) {
      const teams = await findTeams(sql, [...new Set(messages.map(({ to }) => to))])
      return Promise.all(
        messages.map(async ({ to, event, id }): Promise<MessageAnswer> => {
          try {
            if (teams.get(to) !== by.team) throw notFound(to)
            const said = { ...parseOrder(parseAddress(to).kind, event), by: by.name }
            return await deliver(by, to, said, { ...options, id })
          } catch (error) {
            // What the database could not take now is no word on this one message: the whole batch comes again.
            if (!(error instanceof AppError) || error.code === 'database.unavailable') throw error
            const { code = 'internal', message } = toErrorRecord(error)
            return { address: to, status: 'rejected', code, detail: message }
          }
        }),
      )
    },
  }
}

function applied({ address, duplicate, revision, to, status, handled }: Answer): MessageAnswer {
  return { address, status: duplicate ? 'duplicate' : 'applied', revision, state: to, actor: status, handled }
}

function notFound(address: Address): AppError {
  return new AppError('actor.not_found', `There is no actor ${address}`, { details: { address } })
}

/** Asks the machine itself, without committing anything: what no state has a transition for is refused, with what it would take. */
function refuseUnheard(machine: HostedMachine, row: ActorRow, event: MachineEvent): void {
  const refuse = (why: string): AppError =>
    new AppError('event.refused', `${row.address} does not take ${event.type} now: ${why}`, {
      details: {
        state: row.snapshot.value,
        allowedEvents: row.status === 'active' ? nextEvents(machine.inert, row.snapshot) : [],
      },
    })
  if (row.status === 'parked')
    throw new AppError('actor.parked', `${row.address} is parked`, { details: { parked: row.parked } })
  if (row.status !== 'active') throw refuse(`it has ended (${row.status})`)
  const identity = { address: row.address, parent: row.parent, childId: row.childId, revision: row.revision + 1 }
  const stamped = machine.stamped ? { ...event, at: Date.now() } : event
  const result = step(machine, identity, row.snapshot, stamped)
  if (!result.handled) throw refuse(`in state ${activePaths(row.snapshot.value).at(-1) ?? ''} nothing follows from it`)
}
