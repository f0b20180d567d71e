import type { Address } from '../core/address.ts'
import { actorAt, durableRef } from './ref.ts'

/** Who steps: what a machine may know of its place in the world. */
export interface Identity {
  address: Address
  parent: Address | null
  /** The id under which the parent started it. */
  childId: string | null
  /** The revision that this step makes. */
  revision: number
}

/** What XState wants done, as it says it. */
export interface RecordedAction {
  type: string
  params: unknown
}

/** What XState's interpreter normally provides, made of records: nothing runs, nothing is random. */
export interface Scope {
  actions: RecordedAction[]
  asXState: never
}

export function createScope(identity: Identity): Scope {
  const actions: RecordedAction[] = []
  let booked = 0
  const nothing = (): undefined => undefined
  const system = {
    get: (systemId: string) => durableRef({ id: systemId, sessionId: systemId, systemId }),
    getAll: () => ({}),
    _bookId: () => `x:${identity.revision}.${booked++}`,
    _register: (sessionId: string) => sessionId,
    _unregister: nothing,
    _set: nothing,
    _relay: nothing,
    _sendInspectionEvent: nothing,
    _snapshot: { _scheduledEvents: {} },
    _logger: nothing,
    scheduler: { schedule: nothing, cancel: nothing, cancelAll: nothing },
    inspect: () => ({ unsubscribe: nothing }),
    getSnapshot: () => ({ _scheduledEvents: {} }),
    start: nothing,
  }
  const self = durableRef({
    id: identity.childId ?? identity.address,
    sessionId: identity.address,
    address: identity.address,
    system,
    ...(identity.parent === null ? {} : { _parent: actorAt(identity.parent) }),
  })
  const scope = {
    self,
    id: identity.address,
    sessionId: identity.address,
    system,
    logger: nothing,
    defer: nothing,
    stopChild: nothing,
    emit: nothing,
    actionExecutor: (action: RecordedAction) => void actions.push(action),
  }
  return { actions, asXState: scope as never }
}
