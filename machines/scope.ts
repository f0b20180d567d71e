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
  return { actions, asXState: new InertScope(identity, actions) as never }
}

const nothing = (): undefined => undefined
const SCHEDULER = { schedule: nothing, cancel: nothing, cancelAll: nothing }
const UNSUBSCRIBED = { unsubscribe: nothing }
const NO_SCHEDULE = { _scheduledEvents: {} }

/** Classes, not objects of closures: one of each is made for every step of every actor. */
class InertScope {
  readonly id: string
  readonly sessionId: string
  readonly system: InertSystem
  readonly self: unknown
  readonly logger = nothing
  readonly defer = nothing
  readonly stopChild = nothing
  readonly emit = nothing
  private readonly actions: RecordedAction[]

  constructor({ address, childId, parent, revision }: Identity, actions: RecordedAction[]) {
    this.id = address
    this.sessionId = address
    this.actions = actions
    this.system = new InertSystem(revision)
    this.self = durableRef({
      id: childId ?? address,
      sessionId: address,
      address,
      system: this.system,
      ...(parent === null ? {} : { _parent: actorAt(parent) }),
    })
    this.actionExecutor = this.actionExecutor.bind(this)
  }

  actionExecutor(action: RecordedAction): void {
    this.actions.push(action)
  }
}

class InertSystem {
  readonly _register = same
  readonly _unregister = nothing
  readonly _set = nothing
  readonly _relay = nothing
  readonly _sendInspectionEvent = nothing
  readonly _snapshot = NO_SCHEDULE
  readonly _logger = nothing
  readonly scheduler = SCHEDULER
  readonly start = nothing
  private readonly revision: number
  private booked = 0

  constructor(revision: number) {
    this.revision = revision
    this._bookId = this._bookId.bind(this)
  }

  _bookId(): string {
    return `x:${this.revision}.${this.booked++}`
  }
  get(systemId: string): unknown {
    return durableRef({ id: systemId, sessionId: systemId, systemId })
  }
  getAll(): object {
    return {}
  }
  inspect(): object {
    return UNSUBSCRIBED
  }
  getSnapshot(): object {
    return NO_SCHEDULE
  }
}

function same(sessionId: string): string {
  return sessionId
}
