import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'
import { write } from './ledger.ts'
import { NodeError } from './node-process.ts'
import type { Call } from './protocol.ts'

/**
 * What a client asked for, and what it knows of the outcome. `unknown` is never counted as done or as failed: the answer
 * was lost, and it may have happened.
 */
export interface Operation {
  id: string
  client: string
  call: Call
  /** Milliseconds since the epoch: asked first, answered last. */
  from: number
  to: number
  outcome: 'ok' | 'refused' | 'unknown'
  code: string | null
  tries: number
  value: unknown
}

export interface Operations {
  all: Operation[]
  /** Asks again, under the same id and of any node, until the outcome is known or time is up. */
  perform(client: string, id: string, call: Call, patienceMs?: number): Promise<Operation>
}

const ANSWER_MS = 5_000
const PAUSE_MS = 60

/** Every operation goes to a file of its own that no fault of the system reaches. */
export function createOperations(cluster: Cluster, file: string, longestMs: number): Operations {
  const all: Operation[] = []

  async function perform(client: string, id: string, call: Call, patienceMs = longestMs): Promise<Operation> {
    const operation: Operation = {
      id,
      client,
      call,
      from: Date.now(),
      to: 0,
      outcome: 'unknown',
      code: null,
      tries: 0,
      value: null,
    }
    const until = performance.now() + Math.min(patienceMs, longestMs)
    for (;;) {
      operation.tries += 1
      try {
        operation.value = await cluster.ask(call, { timeoutMs: ANSWER_MS })
        operation.outcome = 'ok'
        operation.code = null
        break
      } catch (error) {
        if (!(error instanceof NodeError)) throw error
        operation.code = error.code
        if (!error.unknown && !error.code.startsWith('node.') && error.code !== 'cluster.down') {
          operation.outcome = 'refused'
          break
        }
        if (performance.now() > until) break
        await pause(PAUSE_MS)
      }
    }
    operation.to = Date.now()
    all.push(operation)
    const { value: _value, ...kept } = operation
    write(file, kept)
    return operation
  }

  return { all, perform }
}
