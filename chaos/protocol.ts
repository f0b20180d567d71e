import type { LifeCall } from './nth-call/calls.ts'

/** What the driver asks of a node, over the channel between a parent and its child. */
export interface Asked {
  ask: number
  call: Call
}

export type Call =
  | { do: 'send'; address: string; event: { type: string; [key: string]: unknown }; id: string }
  /** Somebody of another team looks: for them there is nothing. */
  | { do: 'peek'; address: string; team: string }
  | { do: 'spawn'; kind: string; key: string; input: unknown }
  | { do: 'ingest'; event: Record<string, unknown> }
  | { do: 'publish'; definition: string; name: string }
  | { do: 'instance'; id: string; action: 'pause' | 'resume' | 'stop' }
  | { do: 'register'; device: string; pool: string; gateway: string }
  | { do: 'acquire'; pool: string; key: string; ttlMs: number }
  | { do: 'ticket'; ticket: string }
  | { do: 'renew'; ticket: string; by: string }
  | { do: 'release'; ticket: string; by: string }
  /** What a person on duty does: words on suspended runs, and agents brought out of their error state. */
  | { do: 'attend' }
  | { do: 'health' }
  | LifeCall

/** `unknown`: whether it was done cannot be told; asking again under the same id is safe. */
export type Answered =
  | { ask: number; ok: true; value: unknown }
  | { ask: number; ok: false; code: string; retryable: boolean; message: string }

export interface Ready {
  ready: true
  startedMs: number
  /** Its HTTP door, where it takes requests. */
  url: string | null
}

/** What a node is told when it is started, as one argument of JSON. */
export interface NodeSettings {
  name: string
  databaseUrl: string
  redisUrl?: string
  roles: ('api' | 'worker')[]
  leaseMs: number
  ledger: string
  /** Where the driver hears of executions. */
  gateway: string
  /** Which definition of the machines this build of the platform has. */
  build: 1 | 2
}
