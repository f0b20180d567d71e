import type { Address } from '../../core/address.ts'
import type { Effect, StoredSnapshot } from '../../core/effect.ts'
import { type Json, toJson } from '../../core/json.ts'
import type { MachineEvent } from '../../core/message.ts'
import { activePaths } from '../../machines/describe.ts'
import type { HostedMachine } from '../../machines/host.ts'
import { firstStep, type Step, step } from '../../machines/step.ts'

export interface Letter {
  from: Address | null
  to: Address
  event: MachineEvent
}

interface Actor {
  hosted: HostedMachine
  address: Address
  parent: Address | null
  childId: string | null
  revision: number
  /** As in the database: nothing but text is kept between two steps. */
  stored: string
  timers: Map<string, { due: number; event: MachineEvent }>
  /** Work under way, by id. */
  work: Map<string, Json>
}

type Made = { [type: string]: Json } & { type: string }

/**
 * Durable actors in simulated time, without their runtime: every step begins and ends with JSON, mail between two actors
 * keeps its order, and mail of different senders comes in whatever order the test wants. Work that is asked for waits
 * until the test says what came of it.
 */
export class World {
  now = 1_000_000
  /** All mail ever sent by an actor, and all events ever put into the log. */
  readonly sent: Letter[] = []
  readonly emitted: Made[] = []
  /** Every event that an actor took, with what is stored of it afterwards. */
  readonly taken: { address: Address; event: MachineEvent; stored: string }[] = []
  /** Mail that came when its actor had ended. */
  readonly undeliverable: Letter[] = []
  private readonly mail: Letter[] = []
  private readonly actors = new Map<Address, Actor>()
  private readonly machines: ReadonlyMap<string, HostedMachine>

  constructor(machines: ReadonlyMap<string, HostedMachine>) {
    this.machines = machines
  }

  spawn(address: Address, input: object, of: { parent: Address; childId: string } | null = null): void {
    const kind = address.slice(0, address.indexOf('/'))
    const hosted = this.machines.get(kind)
    if (!hosted) throw new Error(`nobody hosts ${kind}`)
    const [parent, childId] = [of?.parent ?? null, of?.childId ?? null]
    const actor: Actor = {
      hosted,
      address,
      parent,
      childId,
      revision: 1,
      stored: '',
      timers: new Map(),
      work: new Map(),
    }
    this.actors.set(address, actor)
    const given = toJson({ ...input, at: this.now })
    this.keep(actor, firstStep(hosted, actor, given))
    this.taken.push({ address, event: { type: 'xstate.init', input: given }, stored: actor.stored })
  }

  /** Gives an actor an event now, before any mail. False: no state of it had a transition. */
  tell(address: Address, event: MachineEvent): boolean {
    const actor = this.actor(address)
    if (this.snapshot(address).status !== 'active') {
      if (!event.type.startsWith('xstate.')) this.undeliverable.push({ from: null, to: address, event })
      return false
    }
    actor.revision += 1
    const next = step(actor.hosted, actor, this.snapshot(address), { ...event, at: this.now })
    this.keep(actor, next)
    this.taken.push({ address, event: { ...event, at: this.now }, stored: actor.stored })
    return next.handled
  }

  /** Delivers the first letter of the nth of those pairs of actors that have mail between them. */
  deliver(nth = 0): boolean {
    const firsts = this.mail.filter(
      (one, at) => this.mail.findIndex(({ from, to }) => from === one.from && to === one.to) === at,
    )
    const letter = firsts[nth % Math.max(1, firsts.length)]
    if (!letter) return false
    this.mail.splice(this.mail.indexOf(letter), 1)
    if (this.actors.has(letter.to)) this.tell(letter.to, letter.event)
    return true
  }

  /** True when no mail is under way. */
  get quiet(): boolean {
    return this.mail.length === 0
  }

  /** Delivers until no mail is left. */
  deliverAll(): void {
    while (this.deliver());
  }

  /** Lets time pass; timers fire when they are due, and the mail they cause arrives at once unless told otherwise. */
  advance(ms: number, { deliver = true } = {}): void {
    const until = this.now + ms
    for (let next = this.nextTimer(until); next; next = this.nextTimer(until)) {
      next.actor.timers.delete(next.id)
      this.now = Math.max(this.now, next.due)
      this.tell(next.actor.address, next.event)
      if (deliver) this.deliverAll()
    }
    this.now = until
  }

  /** What work an actor waits for, with its input. */
  work(address: Address): Record<string, Json> {
    return Object.fromEntries(this.actor(address).work)
  }

  /** Ends work that an actor waits for: well, with an output, or not. */
  finish(address: Address, id: string, end: { output: Json } | { error: Json }): void {
    const { work } = this.actor(address)
    if (!work.has(id)) throw new Error(`${address} does not wait for ${id}, but for ${[...work.keys()].join()}`)
    work.delete(id)
    const type = `xstate.${'error' in end ? 'error' : 'done'}.actor.${id}`
    this.tell(address, { type, ...end, actorId: id })
  }

  snapshot(address: Address): StoredSnapshot {
    return JSON.parse(this.actor(address).stored) as StoredSnapshot
  }

  /** The name of the innermost active state. */
  state(address: Address): string {
    return activePaths(this.snapshot(address).value).at(-1)?.split('.').at(-1) ?? ''
  }

  /** Milliseconds until each timer of an actor is due. */
  timers(address: Address): Record<string, number> {
    return Object.fromEntries([...this.actor(address).timers].map(([id, { due }]) => [id, due - this.now]))
  }

  addresses(kind: string): Address[] {
    return [...this.actors.keys()].filter((address) => address.startsWith(`${kind}/`))
  }

  private actor(address: Address): Actor {
    const actor = this.actors.get(address)
    if (!actor) throw new Error(`there is no actor ${address}`)
    return actor
  }

  private nextTimer(until: number) {
    return [...this.actors.values()]
      .flatMap((actor) => [...actor.timers].map(([id, { due, event }]) => ({ actor, id, due, event })))
      .filter(({ due }) => due <= until)
      .sort((a, b) => a.due - b.due)[0]
  }

  private keep(actor: Actor, { snapshot, effects }: Step): void {
    actor.stored = JSON.stringify(snapshot)
    for (const effect of effects) this.apply(actor, effect)
    // Work under an id that the actor has no more is withdrawn.
    for (const id of actor.work.keys()) if (!Object.hasOwn(snapshot.children, id)) actor.work.delete(id)
    if (snapshot.status === 'active') return
    actor.timers.clear()
    if (!actor.parent) return
    const end = snapshot.status === 'done' ? { output: snapshot.output } : { error: snapshot.error }
    const type = `xstate.${snapshot.status === 'done' ? 'done' : 'error'}.actor.${actor.childId}`
    this.mail.push({ from: actor.address, to: actor.parent, event: { type, ...end, actorId: actor.childId } })
  }

  private apply(actor: Actor, effect: Effect): void {
    switch (effect.type) {
      case 'send':
        if ('address' in effect.to) this.post({ from: actor.address, to: effect.to.address, event: effect.event })
        return
      case 'timer':
        actor.timers.set(effect.id, { due: this.now + effect.delayMs, event: effect.event })
        return
      case 'cancel':
        actor.timers.delete(effect.id)
        return
      case 'invoke':
        actor.work.set(effect.id, effect.input)
        return
      case 'spawn':
        this.spawn(effect.address, effect.input as object, { parent: actor.address, childId: effect.id })
        return
      case 'stop':
        if (effect.address !== null) this.tell(effect.address, { type: 'xstate.stop' })
        return
      case 'emit':
        this.emitted.push(effect.event as Made)
        return
      case 'action':
        throw new Error(`nobody does ${effect.name}`)
    }
  }

  private post(letter: Letter): void {
    this.sent.push(letter)
    this.mail.push(letter)
  }
}
