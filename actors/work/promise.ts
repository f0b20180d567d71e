import { AsyncLocalStorage } from 'node:async_hooks'
import { type AnyActorLogic, createActor } from 'xstate'
import type { Address } from '../../core/address.ts'
import { toErrorRecord } from '../../core/errors.ts'
import { isReservedType } from '../../core/event.ts'
import { type Json, toJson } from '../../core/json.ts'
import type { MachineEvent } from '../../core/message.ts'

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

export interface PromiseRun extends CurrentInvocation {
  /** The child's id in its machine. */
  id: string
  input: Json
  signal: AbortSignal
  onEmit(event: MachineEvent): void
}

/**
 * Runs promise logic as XState would, and answers the event that its actor gets; undefined once it is aborted, whether
 * or not the promise heeds its signal.
 */
export function runPromise(logic: AnyActorLogic, run: PromiseRun): Promise<MachineEvent | undefined> {
  const { id, effectId, address, attempts, input, signal } = run
  return new Promise((resolve) => {
    const actor = createActor(logic, { id, input: input ?? undefined })
    const abort = (): void => {
      // First, since XState tells a stopped actor's observers that it is complete.
      resolve(undefined)
      actor.stop()
    }
    const settle = (event: MachineEvent): void => {
      signal.removeEventListener('abort', abort)
      resolve(event)
    }
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort)
    actor.on('*', (emitted) => {
      const event = toJson(emitted) as MachineEvent
      if (!isReservedType(event.type)) run.onEmit(event)
    })
    actor.subscribe({
      complete: () => settle(done(id, (actor.getSnapshot() as { output: unknown }).output)),
      error: (error: unknown) => settle(failed(id, error)),
    })
    current.run({ effectId, address, attempts }, () => actor.start())
  })
}

function done(id: string, output: unknown): MachineEvent {
  try {
    return { type: `xstate.done.actor.${id}`, output: toJson(output), actorId: id }
  } catch (error) {
    return failed(id, new Error(`The outcome cannot be stored: ${toErrorRecord(error).message}`))
  }
}

/** The outcome of an invocation that failed with this. */
export function failed(id: string, error: unknown): MachineEvent {
  return { type: `xstate.error.actor.${id}`, error: toStorable(error), actorId: id }
}

function toStorable(error: unknown): Json {
  if (error instanceof Error) return { ...toErrorRecord(error) }
  try {
    return toJson(error)
  } catch {
    // Neither an error nor JSON: only that it failed can be kept.
    return { name: 'Error', message: String(error) }
  }
}
