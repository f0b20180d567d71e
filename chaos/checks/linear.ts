import type { LockCall } from '../lock-work.ts'
import { groupBy, type Violation } from './violation.ts'

/** What the one device of a pool looks like to its clients. Waiting tickets need no place here: any of them may be next. */
interface Model {
  holder: string | null
  token: number
}

/** Histories beyond this many states are given up: then nothing is said of them. */
const LIMIT = 2_000_000

export interface Linearity {
  pool: string
  calls: number
  linear: boolean | 'given up'
}

/**
 * Wing and Gong's question for each pool: is there an order of the calls, each between its question and its answer, in
 * which one device with one holder at a time and growing tokens gives all these answers? Leases end by themselves and
 * devices are handed on without anybody asking, so a change of holder may come at any moment; it takes a larger token.
 */
export function judgeLinearity(calls: readonly LockCall[]): Linearity[] {
  return [...groupBy(calls, ({ pool }) => pool)].map(([pool, list]) => ({
    pool,
    calls: list.length,
    linear: search(list),
  }))
}

export function checkLinearity(calls: readonly LockCall[]): Violation[] {
  return judgeLinearity(calls)
    .filter(({ linear }) => linear === false)
    .map((evidence) => ({
      rule: 'G10',
      what: 'the answers of a lock fit no order in which one holds at a time',
      evidence,
    }))
}

/** What the device may be after the call, if the call may have this answer now. */
function apply({ holder, token }: Model, call: LockCall): Model | undefined {
  switch (call.state) {
    case 'granted':
      if (holder === call.ticket && token === call.token) return { holder, token }
      // Handed on, or free since: whoever held it has lost or returned it, and the token is new.
      return call.token !== null && call.token > token ? { holder: call.ticket, token: call.token } : undefined
    case 'waiting':
      // Whoever waits does not hold it; a lease that ran out may be waited for anew.
      return { holder: holder === call.ticket ? null : holder, token }
    case 'gone':
      return { holder: holder === call.ticket ? null : holder, token }
  }
}

function search(calls: readonly LockCall[]): boolean | 'given up' {
  const inOrder = [...calls].sort((a, b) => a.from - b.from)
  const seen = new Set<string>()
  const stack: { done: Set<number>; low: number; model: Model }[] = [
    { done: new Set(), low: 0, model: { holder: null, token: 0 } },
  ]
  for (let states = 0; stack.length > 0; states++) {
    if (states > LIMIT) return 'given up'
    const top = stack.pop()
    if (!top) break
    const { done, model } = top
    let { low } = top
    while (done.has(low)) low += 1
    if (low >= inOrder.length) return true
    // Only a call that began before every open one was answered can be the next.
    let firstAnswer = Infinity
    const next: number[] = []
    for (let index = low; index < inOrder.length; index++) {
      const call = inOrder[index]
      if (!call || call.from > firstAnswer) break
      if (done.has(index)) continue
      next.push(index)
      firstAnswer = Math.min(firstAnswer, call.to)
    }
    for (const index of next.reverse()) {
      const call = inOrder[index]
      const after = call && apply(model, call)
      if (call?.to === Infinity) {
        // Nobody knows whether it happened: it may as well not have.
        push(new Set(done).add(index), low, model)
      }
      if (after) push(new Set(done).add(index), low, after)
    }
  }
  return false

  function push(done: Set<number>, low: number, model: Model): void {
    let from = low
    while (done.has(from)) from += 1
    const ahead = [...done].filter((index) => index > from).sort((a, b) => a - b)
    const key = `${from}|${ahead.join(',')}|${model.holder}|${model.token}`
    if (seen.has(key)) return
    seen.add(key)
    stack.push({ done: new Set(ahead), low: from, model })
  }
}
