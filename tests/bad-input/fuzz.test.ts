import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileExpression } from '../../actors/agents/expressions/expression.ts'
import { compilePattern } from '../../actors/agents/expressions/pattern.ts'
import { AppError } from '../../core/errors.ts'
import { damagedRequests, expressions, requests } from './hostile.ts'
import type { Ask } from './item.ts'
import { problemFault } from './judge.ts'
import { describedRoutes } from './openapi.ts'
import { type Answer, sendRaw } from './send.ts'
import { CANARY, openYard } from './yard.ts'

/** Requests in all; `npm run fuzz -- --runs 20000 --seed 7` asks for more. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 480)
const AT_ONCE = 8
const ROOM = 120_000 + RUNS * 200
/** Fills any body that was promised, and is no request after it: the server comes to an end. */
const NO_REQUEST = Buffer.alloc(2_000)
const seed = process.env['FUZZ_SEED'] === undefined ? {} : { seed: Number(process.env['FUZZ_SEED']) }

describe('anything at all', () => {
  const yard = openYard()
  const told = new Map<number, number>()

  it('is answered below 500, helpfully when refused, and tells nothing of another team', {
    timeout: ROOM,
  }, async () => {
    const routes = (await describedRoutes()).filter(({ path }) => path !== '/v1/live/ws')
    const prototype = Object.getOwnPropertyNames(Object.prototype)
    const eight = fc.array(requests(routes), { minLength: AT_ONCE, maxLength: AT_ONCE, size: 'max' })
    await fc.assert(
      fc.asyncProperty(eight, async (asks) => {
        const faults = await Promise.all(asks.map(faultOfAsk))
        expect(faults.filter((fault) => fault !== undefined)).toEqual([])
      }),
      { ...seed, numRuns: Math.ceil(RUNS / AT_ONCE), interruptAfterTimeLimit: ROOM - 30_000 },
    )
    console.log('Answers by status:', Object.fromEntries(told))
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(prototype)
    expect((await yard.send({ method: 'GET', path: '/readyz' })).status).toBe(200)
  })

  it('may be done to the bytes of a request', { timeout: ROOM }, async () => {
    await fc.assert(
      fc.asyncProperty(damagedRequests, async (bytes) => {
        const answers = await sendRaw(yard.url, [bytes, NO_REQUEST])
        expect(answers.filter(({ status }) => status >= 500)).toEqual([])
        expect(answers.flatMap((answer) => (answer.status >= 400 ? (problemFault(answer) ?? []) : []))).toEqual([])
      }),
      { ...seed, numRuns: Math.ceil(RUNS / 4), interruptAfterTimeLimit: ROOM - 30_000 },
    )
  })

  it('may stand where an expression or a pattern should', { timeout: ROOM }, () => {
    const scope = { data: { a: [1, 'x', { b: null }] }, event: { type: 'a.b' }, now: '2026-03-01T12:00:00Z' }
    const expression = fc.property(expressions, (text) => {
      expect(foreignError(() => compileExpression(text).run(scope))).toBeUndefined()
    })
    const pattern = fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(foreignError(() => compilePattern(text).matches(text))).toBeUndefined()
    })
    fc.assert(expression, { ...seed, numRuns: RUNS })
    fc.assert(pattern, { ...seed, numRuns: RUNS })
  })

  async function faultOfAsk(ask: Ask): Promise<string | undefined> {
    const answer = await yard.send(ask)
    told.set(answer.status, (told.get(answer.status) ?? 0) + 1)
    const fault = faultOfAnswer(answer)
    return fault && `${ask.method} ${ask.path}: ${fault}`
  }
})

function faultOfAnswer(answer: Answer): string | undefined {
  const { status, headers, body } = answer
  if (body.includes(CANARY)) return `${status} tells what is another team's`
  // Not now is an answer, too, where it says so.
  if (status >= 500 && !(status === 503 && body.includes('"retryable":true'))) return `${status} ${body.slice(0, 300)}`
  if (headers['x-request-id'] === undefined) return `${status} without a request id`
  return status < 400 ? undefined : problemFault(answer)
}

/** What work throws that is none of our own errors. */
function foreignError(work: () => unknown): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error instanceof AppError ? undefined : error
  }
}
