import { HTTPException } from 'hono/http-exception'
import { expect, it } from 'vitest'
import { AppError } from '../../core/errors.ts'
import { createLog } from '../../core/log.ts'
import { problemResponse } from '../../http/wire/problem.ts'
import { call, stubApp, stubPlatform } from './stub.ts'

function collect(): { lines: string[]; log: ReturnType<typeof createLog> } {
  const lines: string[] = []
  return { lines, log: createLog('info', { write: (line) => lines.push(line) }) }
}

async function problemOf(error: unknown): Promise<Record<string, unknown> & { response: Response }> {
  const response = problemResponse(error, { instance: '/v1/x', requestId: 'request-1', log: collect().log })
  return { ...((await response.json()) as object), response }
}

it('tells the code, the facts and where it happened', async () => {
  const error = new AppError('event.refused', 'No', { details: { state: 'idle', allowedEvents: ['PAUSE'] } })
  const { response, ...problem } = await problemOf(error)
  expect(response.status).toBe(409)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(problem).toEqual({
    type: 'urn:troupe:problem:event.refused',
    title: 'Conflict',
    status: 409,
    detail: 'No',
    instance: '/v1/x',
    code: 'event.refused',
    retryable: false,
    requestId: 'request-1',
    state: 'idle',
    allowedEvents: ['PAUSE'],
  })
})

it('never lets the facts of an error take the place of the standard members', async () => {
  const { response, status, code } = await problemOf(
    new AppError('event.refused', 'No', { details: { status: 200, code: 'ok' } }),
  )
  expect([response.status, status, code]).toEqual([409, 409, 'event.refused'])
})

it('tells nothing of what broke inside, but logs it under the request id', async () => {
  const { lines, log } = collect()
  const secret = 'select * from api_keys -- /srv/troupe/db.ts'
  const response = problemResponse(new Error(secret), {
    instance: '/v1/x',
    requestId: 'request-1',
    log: log.child({ requestId: 'request-1' }),
  })
  const text = await response.text()
  expect(response.status).toBe(500)
  expect(JSON.parse(text)).toMatchObject({ code: 'internal', requestId: 'request-1' })
  expect(text).not.toContain('select')
  expect(text).not.toContain('/srv')
  expect(lines.join()).toContain(secret)
  expect(lines.join()).toContain('request-1')
})

it('tells nothing of why the database is away, except to come again', async () => {
  const { response, detail, retryable } = await problemOf(
    new AppError('database.unavailable', 'connect ECONNREFUSED 10.0.0.7:5432'),
  )
  expect([response.status, response.headers.get('retry-after'), retryable]).toEqual([503, '1', true])
  expect(detail).not.toContain('10.0.0.7')
})

it('gives exceptions of the framework their own status', async () => {
  for (const [status, code] of [
    [413, 'request.too_large'],
    [404, 'request.not_found'],
    [400, 'request.invalid'],
    [500, 'internal'],
  ] as const) {
    const problem = await problemOf(new HTTPException(status, { message: 'because' }))
    expect([problem.response.status, problem.code]).toEqual([status, code])
  }
})

it('answers a path that is not there with 404, and a wrong method with 405 and the right ones', async () => {
  const app = stubApp(stubPlatform())
  const nothing = await call(app, 'GET /v1/nothing')
  expect([nothing.response.status, nothing.body.code]).toEqual([404, 'request.not_found'])
  const wrong = await call(app, 'PATCH /v1/instances/1')
  expect([wrong.response.status, wrong.body.code]).toEqual([405, 'request.method_not_allowed'])
  expect(wrong.response.headers.get('allow')).toBe('GET')
})

it('carries a request id of the caller, if it is one, through answer and problem', async () => {
  const app = stubApp(stubPlatform())
  const given = await call(app, 'GET /v1/nothing', { headers: { 'x-request-id': 'trace-0001' } })
  expect(given.response.headers.get('x-request-id')).toBe('trace-0001')
  expect(given.body.requestId).toBe('trace-0001')
  const forged = await call(app, 'GET /v1/nothing', { headers: { 'x-request-id': 'a b{"x":1}' } })
  expect(forged.body.requestId).toMatch(/^[0-9a-f-]{36}$/)
})
