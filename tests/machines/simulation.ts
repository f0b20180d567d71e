import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  type EventFromLogic,
  type InputFrom,
  initialTransition,
  type SnapshotFrom,
  transition,
} from 'xstate'

type Sent = { type: string } & Record<string, unknown>

/** What a machine asked for in one step. */
export interface Asked {
  sent: { to: string; event: Sent }[]
  emitted: Sent[]
  spawned: { id: string; input: unknown }[]
  stopped: string[]
}

type Stamped = { type: string; at: number }

/** Those actions of XState that reach beyond the machine. */
type Action =
  | { type: 'xstate.raise'; params: { id: string; delay?: number; event: Stamped } }
  | { type: 'xstate.cancel'; params: { sendId: string } }
  | { type: 'xstate.sendTo'; params: { to: { address: string }; event: Sent } }
  | { type: 'xstate.emit'; params: { event: Sent } }
  | { type: 'xstate.spawnChild'; params: { id: string; input: unknown } }
  | { type: 'xstate.stopChild'; params: { id: string } }

/** An event as its sender writes it, before the time is put on it. */
export type Unstamped<E> = E extends unknown ? Omit<E, 'at'> : never

/**
 * One actor in simulated time, hosted as the runtime does it: each message is one pure transition, the state is JSON
 * between any two, timers wait for the clock, and what the machine asks for is only written down.
 */
export class Simulation<M extends AnyStateMachine> {
  now: number
  /** Everything asked for since the beginning. */
  readonly asked: Asked = { sent: [], emitted: [], spawned: [], stopped: [] }
  private stored: string
  private readonly timers = new Map<string, { due: number; event: Stamped }>()
  private readonly machine: M

  constructor(machine: M, input: Omit<InputFrom<M>, 'at'>, now = 1_000_000) {
    this.machine = machine
    this.now = now
    const [snapshot, actions] = initialTransition(machine, { ...input, at: now } as InputFrom<M>)
    this.stored = this.store(snapshot)
    this.note(actions, emptyAsked())
  }

  get snapshot(): SnapshotFrom<M> {
    return this.restore() as SnapshotFrom<M>
  }

  get context(): SnapshotFrom<M>['context'] {
    return this.restore().context as SnapshotFrom<M>['context']
  }

  get value(): SnapshotFrom<M>['value'] {
    return this.restore().value as SnapshotFrom<M>['value']
  }

  /** When each armed timer is due. */
  get due(): Record<string, number> {
    return Object.fromEntries([...this.timers].map(([id, { due }]) => [id, due]))
  }

  send(event: Unstamped<EventFromLogic<M>> & { type: string }): Asked {
    return this.apply({ ...event, at: this.now })
  }

  /** Lets time pass, and every timer fire that falls due meanwhile. */
  advance(ms: number): Asked {
    const until = this.now + ms
    const asked = emptyAsked()
    for (let next = this.nextTimer(until); next; next = this.nextTimer(until)) {
      const [id, { due, event }] = next
      this.timers.delete(id)
      this.now = Math.max(this.now, due)
      merge(asked, this.apply({ ...event, at: this.now }))
    }
    this.now = until
    return asked
  }

  /** True when the machine has a transition for it. */
  handles(event: Unstamped<EventFromLogic<M>> & { type: string }): boolean {
    const before = this.restore()
    const [after] = transition(this.machine, before as never, { ...event, at: this.now } as never)
    return (after as unknown) !== before
  }

  private apply(event: Stamped): Asked {
    const [snapshot, actions] = transition(this.machine, this.restore() as never, event as never)
    this.stored = this.store(snapshot as AnyMachineSnapshot)
    const asked = emptyAsked()
    this.note(actions, asked)
    return asked
  }

  private restore(): AnyMachineSnapshot {
    // Never started: it is XState's way to rebuild a snapshot with its children.
    const machine: AnyStateMachine = this.machine
    return createActor(machine, { snapshot: JSON.parse(this.stored), input: {} }).getSnapshot()
  }

  private store(snapshot: AnyMachineSnapshot): string {
    if (snapshot.status === 'error') throw snapshot.error
    return JSON.stringify(this.machine.getPersistedSnapshot(snapshot))
  }

  private nextTimer(until: number): [string, { due: number; event: Stamped }] | undefined {
    const [first] = [...this.timers].sort(([, a], [, b]) => a.due - b.due)
    return first && first[1].due <= until ? first : undefined
  }

  private note(actions: readonly unknown[], asked: Asked): void {
    for (const action of actions as readonly Action[]) this.noteOne(action, asked)
    merge(this.asked, asked)
  }

  private noteOne({ type, params }: Action, asked: Asked): void {
    switch (type) {
      case 'xstate.raise':
        // One without a delay was already applied.
        if (params.delay !== undefined)
          this.timers.set(params.id, { due: this.now + params.delay, event: params.event })
        return
      case 'xstate.cancel':
        this.timers.delete(params.sendId)
        return
      case 'xstate.sendTo':
        asked.sent.push({ to: params.to.address, event: params.event })
        return
      case 'xstate.emit':
        asked.emitted.push(params.event)
        return
      case 'xstate.spawnChild':
        asked.spawned.push({ id: params.id, input: params.input })
        return
      case 'xstate.stopChild':
        asked.stopped.push(params.id)
        return
      default:
        throw new Error(`the simulation does not know ${String(type)}`)
    }
  }
}

function emptyAsked(): Asked {
  return { sent: [], emitted: [], spawned: [], stopped: [] }
}

function merge(into: Asked, more: Asked): void {
  into.sent.push(...more.sent)
  into.emitted.push(...more.emitted)
  into.spawned.push(...more.spawned)
  into.stopped.push(...more.stopped)
}
