import { AsyncLocalStorage } from 'node:async_hooks'
import { createActor, type AnyActorLogic } from 'xstate'
import type { Address } from '../core/address.ts'
import { AppError, toErrorRecord } from '../core/errors.ts'
import { toJson, type Json } from '../core/json.ts'
import type { Log } from '../core/log.ts'
import type { MachineEvent } from '../core/message.ts'
import type { Sql } from '../db/client.ts'
import {
  buryInvocation,
  claimInvocations,
  finishInvocation,
  releaseInvocation,
  removeInvocation,
  renewInvocations,
  type Claim,
} from '../db/invocations.ts'
import type { HostedMachine } from '../machines/host.ts'

/** What a host does when a machine asks for a custom action. May run again after a crash: use `effectId` as its key. */
export type ActionHandler = (action: { address: Address; name: string; params: Json; effectId: string; signal: AbortSignal }) => Promise<void>

/** Where a promise of an invocation runs: which one, and how often it was begun (above 1: an earlier try was cut off). */
export interface CurrentInvocation {
  effectId: string
  address: Address
  attempts: number
}

const current = new AsyncLocalStorage<CurrentInvocation>()

/** Asked inside promise logic that a runtime executes; undefined elsewhere. */
export function currentInvocation(): CurrentInvocation | undefined {
  return current.getStore()
}

export interface InvocationsDeps {
  sql: Sql
  worker: string
  hosted: ReadonlyMap<string, HostedMachine>
  handlers: Readonly<Record<string, ActionHandler>>
  /** How long a claim outlives a worker that was killed, in milliseconds. */
  leaseMs: number
  log: Log
  /** The outcome is stored: the actor has mail. */
  onOutcome(address: Address): void
}

export interface Invocations {
  /** Claims and begins these, as far as there is room; the others stay open for any worker. */
  start(effectIds?: readonly string[]): Promise<void>
  /** Aborts what its actor does not want any more. */
  withdraw(effectIds: readonly string[]): void
  /** Aborts everything and gives the claims back, so that another worker goes on at once. */
  stop(): Promise<void>
}

const CAPACITY = 100
const ACTION_ATTEMPTS = 10

/** Runs durable invocations: claimed by lease, so that one at a time runs and a killed worker's are taken over. */
export function createInvocations(deps: InvocationsDeps): Invocations {
  const { sql, worker, hosted, handlers, leaseMs, log } = deps
  const running = new Map<string, { controller: AbortController; done: Promise<void> }>()
  let stopping = false
  let heartbeat: NodeJS.Timeout | undefined

  async function start(effectIds?: readonly string[]): Promise<void> {
    const room = CAPACITY - running.size
    if (stopping || room <= 0 || effectIds?.length === 0) return
    const claims = await claimInvocations(sql, { worker, leaseMs, limit: room, ...(effectIds ? { effectIds } : {}) })
    for (const claim of claims) begin(claim)
  }

  function begin(claim: Claim): void {
    // Claimed anew while the former try still runs here (its lease lapsed): that one must not go on beside it.
    running.get(claim.effectId)?.controller.abort()
    const controller = new AbortController()
    const done = execute(claim, controller.signal)
      .catch((error: unknown) => log.warn({ error, effectId: claim.effectId }, 'invocation interrupted, its lease will run out'))
      .finally(() => {
        if (running.get(claim.effectId)?.controller === controller) running.delete(claim.effectId)
        if (running.size === 0) clearInterval(heartbeat)
      })
    if (running.size === 0) heartbeat = setInterval(() => void renew(), leaseMs / 3)
    running.set(claim.effectId, { controller, done })
  }

  async function renew(): Promise<void> {
    const held = [...running.keys()]
    const kept = await renewInvocations(sql, worker, held, leaseMs).catch((error: unknown) => {
      // Until the lease runs out nobody else may claim them, so a database that is away for a moment changes nothing.
      log.warn({ error }, 'leases could not be renewed')
      return new Set(held)
    })
    withdraw(held.filter((effectId) => !kept.has(effectId)))
  }

  async function execute(claim: Claim, signal: AbortSignal): Promise<void> {
    const startedAt = performance.now()
    if (claim.kind === 'action') return act(claim, signal)
    const outcome = await settle(claim, signal)
    if (signal.aborted || !outcome) return
    const stored = await finishInvocation(sql, { ...claim, worker }, outcome)
    const durationMs = Math.round(performance.now() - startedAt)
    log.info({ address: claim.address, invocation: claim.id, attempts: claim.attempts, durationMs, stored }, 'invocation finished')
    if (stored) deps.onOutcome(claim.address)
  }

  /** Runs promise logic as XState would; undefined when it was aborted first. */
  async function settle(claim: Claim, signal: AbortSignal): Promise<MachineEvent | undefined> {
    const logic = logicOf(claim)
    if (!logic) {
      await releaseInvocation(sql, worker, claim.effectId, 1_000)
      return undefined
    }
    const { effectId, address, attempts, id } = claim
    const settled = await new Promise<{ output: unknown } | { error: unknown } | undefined>((resolve) => {
      const actor = createActor(logic, { id, input: claim.input })
      signal.addEventListener('abort', () => {
        actor.stop()
        resolve(undefined)
      })
      actor.subscribe({
        complete: () => resolve({ output: (actor.getSnapshot() as { output: unknown }).output }),
        error: (error: unknown) => resolve({ error }),
      })
      current.run({ effectId, address, attempts }, () => actor.start())
    })
    if (!settled) return undefined
    return 'output' in settled
      ? { type: `xstate.done.actor.${id}`, output: toJson(settled.output), actorId: id }
      : { type: `xstate.error.actor.${id}`, error: { ...toErrorRecord(settled.error) }, actorId: id }
  }

  function logicOf(claim: Claim): AnyActorLogic | undefined {
    const kind = claim.address.slice(0, claim.address.indexOf('/'))
    const child = hosted.get(kind)?.children.get(claim.src)
    return child?.type === 'promise' ? child.logic : undefined
  }

  async function act(claim: Claim, signal: AbortSignal): Promise<void> {
    const { address, effectId, src: name, input: params } = claim
    try {
      const handler = handlers[name]
      if (!handler) throw new AppError('machine.unsupported_logic', `No handler is registered for the action "${name}"`)
      await handler({ address, name, params, effectId, signal })
      await removeInvocation(sql, effectId)
    } catch (error) {
      if (claim.attempts < ACTION_ATTEMPTS && handlers[name]) {
        log.warn({ error, address, action: name, attempts: claim.attempts }, 'action failed, it will be tried again')
        await releaseInvocation(sql, worker, effectId, Math.min(60_000, 200 * 2 ** claim.attempts))
      } else {
        log.error({ error, address, action: name }, 'action given up')
        await buryInvocation(sql, effectId, toErrorRecord(error).message)
      }
    }
  }

  function withdraw(effectIds: readonly string[]): void {
    for (const effectId of effectIds) running.get(effectId)?.controller.abort(new AppError('actor.step_failed', 'The actor left the state that asked for this'))
  }

  return {
    start,
    withdraw,
    async stop() {
      stopping = true
      clearInterval(heartbeat)
      const interrupted = [...running]
      for (const [, { controller }] of interrupted) controller.abort()
      await Promise.allSettled(interrupted.map(([, { done }]) => done))
      await Promise.allSettled(interrupted.map(([effectId]) => releaseInvocation(sql, worker, effectId, 0)))
    },
  }
}
