import { type Address, parseAddress, teamKey, address as toAddress } from '../../../core/address.ts'
import { AppError, toErrorRecord } from '../../../core/errors.ts'
import type { MachineEvent } from '../../../core/message.ts'
import type { Principal } from '../../../core/principal.ts'
import { findActor } from '../../../db/actors.ts'
import type { HostedMachine } from '../../../machines/host.ts'
import type { Answer, Runtime } from '../../runtime.ts'
import type { Demand } from '../../turn/demand.ts'
import type { MessageAnswer, MessagesApi } from './messages-api.ts'
import { parseOrder, toldOutside } from './orders.ts'

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
    demand: Demand,
    options: { id?: string; waitMs?: number },
  ): Promise<MessageAnswer> {
    const { id, waitMs } = options
    const said = { ...event, by: by.name }
    const sending = { sender: by.name, demand, ...(id === undefined ? {} : { id }) }
    try {
      if (waitMs !== undefined) return applied(await runtime.ask(to, said, { ...sending, timeoutMs: waitMs }))
      const { duplicate } = await runtime.send(to, said, sending)
      return { address: to, status: duplicate ? 'duplicate' : 'accepted' }
    } catch (error) {
      throw toldOutside(to, error)
    }
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

    async send(by, to, event, { expected, ...options }) {
      const { kind } = parseAddress(to)
      machineOf(kind)
      const demand = { team: by.team, handled: true, ...(expected === undefined ? {} : { revision: expected }) }
      return deliver(by, to, parseOrder(kind, event), demand, options)
    },

    async sendMany(by, messages, options) {
      return Promise.all(
        messages.map(async ({ to, event, id }): Promise<MessageAnswer> => {
          try {
            return await deliver(
              by,
              to,
              parseOrder(parseAddress(to).kind, event),
              { team: by.team },
              { ...options, id },
            )
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
