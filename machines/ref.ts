import type { AnyActorRef } from 'xstate'
import type { Address } from '../core/address.ts'

/** What stands for another durable actor inside a machine: enough for XState to send to it, nothing that runs. */
export interface DurableRef {
  id: string
  sessionId: string
  /** Where its mail goes. */
  address?: Address
  /** XState's name inside one family of actors; resolved to an address when the message is committed. */
  systemId?: string
}

/**
 * A durable actor by its address, for `sendTo` in a machine:
 *
 *     sendTo(({ context }) => actorAt(context.lock), { type: 'RELEASE' })
 */
export function actorAt(address: Address): AnyActorRef {
  return durableRef({ id: address, sessionId: address, address })
}

/** Gives a `DurableRef` the members that XState asks of a reference. They do nothing: a step is pure. */
export function durableRef<R extends DurableRef>(ref: R): R & AnyActorRef {
  const members = Object.assign(new InertRef(), ref)
  return Object.assign(members, { ref: members }) as unknown as R & AnyActorRef
}

const nothing = (): undefined => undefined
const UNSUBSCRIBED = { unsubscribe: nothing }
const ACTIVE = { status: 'active' }

/** A class, not an object of closures: several are made for every step of every actor. */
class InertRef implements Partial<DurableRef> {
  declare id: string
  declare address?: Address
  readonly durable = true

  send(): void {}
  getSnapshot(): object {
    return ACTIVE
  }
  subscribe(): object {
    return UNSUBSCRIBED
  }
  on(): object {
    return UNSUBSCRIBED
  }
  start(): this {
    return this
  }
  stop(): this {
    return this
  }
  /** As XState writes its own references, plus the address, so that a reference sent in an event can be answered. */
  toJSON(): object {
    return { xstate$$type: 1, id: this.id, ...(this.address === undefined ? {} : { address: this.address }) }
  }
}

/** Tells our references from XState's own running actors. */
export function isDurable(ref: unknown): ref is DurableRef {
  return typeof ref === 'object' && ref !== null && 'durable' in ref && ref.durable === true
}
