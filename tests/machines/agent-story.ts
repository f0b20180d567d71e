import type { Address } from '../../core/address.ts'
import type { Json } from '../../core/json.ts'
import { agent } from '../../machines/agent.ts'
import type { AgentContext, AgentSettings } from '../../machines/agent-protocol.ts'
import { hostMachines } from '../../machines/host.ts'
import { lock } from '../../machines/lock.ts'
import { run } from '../../machines/run.ts'
import type { RunContext } from '../../machines/run-protocol.ts'
import { World } from './world.ts'

export const AGENT = 'agent/doctor'
export const LOCK = 'lock/paris'
export const SETTINGS: AgentSettings = {
  version: '1.0.0',
  maxParallel: 1,
  autoRetry: true,
  run: { timeoutMs: 3_600_000, ttlMs: 60_000, maxHoldMs: 7_200_000 },
}
export const HOSTED = hostMachines({ agent, run, lock })

export type End = 'well' | 'verdict' | 'fault'

/** One agent with real runs. The test plays the events, the people, and the steps of the runs. */
export class AgentStory {
  readonly world = new World(HOSTED)

  constructor(over: Partial<AgentSettings> = {}) {
    this.world.spawn(AGENT, { agent: 'doctor', team: 'lab', settings: { ...SETTINGS, ...over } })
  }

  get state(): string {
    return this.world.state(AGENT)
  }
  get context(): AgentContext {
    return this.world.snapshot(AGENT).context as unknown as AgentContext
  }
  get backlog(): string[] {
    return this.context.backlog.map(({ task }) => task.eventId)
  }
  get active(): string[] {
    return this.context.active.map(({ task, preempted }) => (preempted ? `(${task.eventId})` : task.eventId))
  }
  get failed(): string[] {
    return this.context.failed.map(({ task }) => task.eventId)
  }
  get news(): string[] {
    return this.world.emitted.map(({ type }) => type)
  }

  trigger(eventId: string, priority = 50, device: string | null = null): this {
    const task = { eventId, eventType: 'x', subject: null, priority, device, with: {}, trigger: 't' }
    return this.say('TRIGGER', { task, lock: device === null ? null : LOCK })
  }

  /** Says it, and waits until everybody has heard what follows. */
  say(type: string, more: Record<string, Json> = { by: 'anna', reason: 'coffee' }): this {
    this.world.tell(AGENT, { type, ...more })
    this.world.deliverAll()
    return this
  }

  /** The present run of a task. */
  runOf(eventId: string): Address {
    const found = this.world.addresses('run').findLast((address) => this.run(address).task.eventId === eventId)
    if (!found) throw new Error(`${eventId} never ran`)
    return found
  }

  run(address: Address): RunContext {
    return this.world.snapshot(address).context as unknown as RunContext
  }

  runState(eventId: string): string {
    return this.world.state(this.runOf(eventId))
  }

  /** Ends the step under way, and goes on with the next. */
  step(eventId: string): this {
    this.world.finish(this.runOf(eventId), 'step', { output: { kind: 'next' } })
    this.world.deliverAll()
    return this
  }

  /** Ends a run through its step under way. */
  end(eventId: string, end: End = 'well'): this {
    const address = this.runOf(eventId)
    if (end === 'fault') this.world.finish(address, 'step', { error: { message: 'gateway away' } })
    else if (end === 'well') this.world.finish(address, 'step', { output: { kind: 'done' } })
    else {
      this.world.finish(address, 'step', { output: { kind: 'failed', reason: 'black', fault: false } })
      this.world.finish(address, 'step', { output: { kind: 'done' } })
    }
    this.world.deliverAll()
    return this
  }

  wait(ms: number): this {
    this.world.advance(ms)
    return this
  }
}
