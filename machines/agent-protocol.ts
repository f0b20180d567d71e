import type { Outcome, RunSettings, Task } from './run-protocol.ts'
import type { Address } from '../core/address.ts'

/** What an instance takes from its definition; changes only when it moves to another version. */
export interface AgentSettings {
  version: string
  maxParallel: number
  /** Runs that failed for reasons of infrastructure are tried again, with growing pauses. */
  autoRetry: boolean
  run: RunSettings
}

export interface AgentInput {
  at: number
  agent: string
  team: string
  settings: AgentSettings
}

export type AgentMessage =
  /** An event that a trigger matched. `lock`: of the device's pool, null when no device is needed. */
  | { type: 'TRIGGER'; task: Omit<Task, 'at'>; lock: Address | null }
  | { type: 'START'; by: string }
  | { type: 'PAUSE'; by: string; reason: string }
  | { type: 'RESUME'; by: string }
  | { type: 'STOP'; by: string; reason: string }
  /** In error: the failed task again, or without it, or with an empty backlog. */
  | { type: 'RETRY'; by: string }
  | { type: 'SKIP'; by: string }
  | { type: 'RESET'; by: string }
  /** Moves to another version once nothing runs. */
  | { type: 'UPGRADE'; settings: AgentSettings }
  | { type: `xstate.done.actor.${string}`; output: Outcome; actorId: string }
  | { type: `xstate.error.actor.${string}`; error: unknown; actorId: string }

/** A task in the backlog, or the one an error is about. */
export interface Waiting {
  task: Task
  lock: Address | null
  /** Runs it has had already. */
  attempts: number
  /** Not before this, milliseconds since the epoch: the pause before a retry. */
  notBefore: number
}

export interface Active extends Waiting {
  /** The child's id; its address is told by the runtime. */
  run: string
  /** Standing still for more urgent work of the same agent. */
  preempted: boolean
}

export interface AgentContext {
  agent: string
  team: string
  settings: AgentSettings
  /** By priority, then age: the first is next. */
  backlog: Waiting[]
  active: Active[]
  /** What the agent could not do; null unless it is in error. */
  failed: (Waiting & { reason: string }) | null
  /** Where it stood still and who said so. */
  order: { by: string; reason: string } | null
  nextRun: number
  succeeded: number
  failures: number
  aborted: number
  upgrade: AgentSettings | null
  now: number
}
