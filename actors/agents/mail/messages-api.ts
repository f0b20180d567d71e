import type { Address } from '../../../core/address.ts'
import type { Json } from '../../../core/json.ts'
import type { MachineEvent } from '../../../core/message.ts'
import type { Principal } from '../../../core/principal.ts'

/** Births of actors and mail for them, from outside. */
export interface MessagesApi {
  /**
   * Makes the actor, or finds it as it is: the same key is the same actor. For machines that the host brought; those of
   * the platform have ways of their own (`event.refused`).
   */
  spawn(by: Principal, kind: string, key: string, input?: Json): Promise<{ address: Address; created: boolean }>
  /**
   * Accepts any event that the machine takes in its present state; else `event.refused` with `allowedEvents`. With
   * `waitMs` it resolves when the transition is committed (`actor.timeout` when that takes longer: it is then on its way).
   */
  send(
    by: Principal,
    to: Address,
    event: MachineEvent,
    options: { id?: string; expected?: number; waitMs?: number },
  ): Promise<MessageAnswer>
  /** Many in few commits, in the order of the list for each actor; what became of each, at its place. */
  sendMany(
    by: Principal,
    messages: readonly { to: Address; event: MachineEvent; id: string }[],
    options: { waitMs?: number },
  ): Promise<MessageAnswer[]>
}

export type MessageAnswer =
  | { address: Address; status: 'accepted' | 'duplicate' }
  | {
      address: Address
      /** `duplicate`: a message of this id was applied before; the rest tells what came of that one. */
      status: 'applied' | 'duplicate'
      revision: number
      state: Json
      /** Whether it lives: active, done, error, stopped. */
      actor: string
      /** False: no transition followed from it. */
      handled: boolean
    }
  | { address: Address; status: 'rejected'; code: string; detail: string }
