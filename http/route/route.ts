import { z } from 'zod'
import type { Log } from '../../core/log.ts'
import { parseJson } from '../../core/parse-json.ts'
import type { Principal } from '../../core/principal.ts'
import type { RouteName } from '../door/access.ts'
import { requireJson } from '../wire/body.ts'
import { check } from '../wire/check.ts'
import type { Socket } from './socket.ts'

/** A request whose sender is known, and whose body has been read but not believed. */
export interface Call {
  request: Request
  by: Principal
  /** The address it came from: the peer's own, or what a trusted proxy says. */
  peer: string
  /** It came over TLS. */
  secure: boolean
  params: Record<string, string>
  bytes: Uint8Array
  /** Who signed it, where no key was needed for that. */
  signed: { kind: string } | undefined
  /** The Idempotency-Key, if the request named itself. */
  key: string | undefined
  requestId: string
  log: Log
  /** Takes the connection over as a WebSocket; undefined where the request asks for none, or nothing here can. */
  upgrade?: ((open: (socket: Socket) => void) => Promise<Response>) | undefined
}

/** A `Call` whose parts have passed their schemas. */
export interface Asked<Params, Query, Body> extends Omit<Call, 'params'> {
  params: Params
  query: Query
  body: Body
}

/** One route, declared once: checked, served and described from here. */
export interface Route {
  name: RouteName
  tag: string
  summary: string
  description?: string
  params?: z.ZodObject
  query?: z.ZodObject
  body?: z.ZodType
  /** Media type → what it holds, for routes that read the bytes themselves. */
  accepts?: Record<string, string>
  answers: Record<number, Answer>
  /** True where the answer holds a secret or never ends: an Idempotency-Key is ignored. */
  unstored?: boolean
  answer(call: Call): Promise<Response>
}

/** A JSON body's schema, or a media type and what it holds. */
export type Answer = z.ZodType | { type: string; description: string } | string

type Declared<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> = Omit<Route, 'name' | 'answer'> & {
  params?: P
  query?: Q
  body?: B
  handle(asked: Asked<z.infer<P>, z.infer<Q>, z.infer<B>>): Promise<Response> | Response
}

const Nothing = z.strictObject({})
type Nothing = typeof Nothing

/**
 * Declares a route. Its role is looked up by name in the access table, so a name that is not there does not compile.
 * A missing body reads as `{}`, so that commands need none.
 */
export function route<P extends z.ZodObject = Nothing, Q extends z.ZodObject = Nothing, B extends z.ZodType = Nothing>(
  name: RouteName,
  { handle, ...declared }: Declared<P, Q, B>,
): Route {
  return {
    name,
    ...declared,
    async answer(call) {
      const params = check(declared.params ?? Nothing, call.params, 'path') as z.infer<P>
      const query = check(declared.query ?? Nothing, queryOf(call.request), 'query') as z.infer<Q>
      const body = bodyOf(call, declared) as z.infer<B>
      return handle({ ...call, params, query, body })
    },
  }
}

function bodyOf({ request, bytes }: Call, { body, accepts }: Pick<Route, 'body' | 'accepts'>): unknown {
  if (accepts !== undefined || request.method === 'GET' || request.method === 'HEAD') return {}
  // Also where nothing follows: a form on a foreign page sends a media type, a command without a body sends none.
  if (bytes.length > 0 || request.headers.has('content-type')) requireJson(request)
  return check(body ?? Nothing, bytes.length === 0 ? {} : parseJson(bytes), 'body')
}

/** Parameters by name; one that is given twice becomes a list, which no schema takes. */
function queryOf(request: Request): Record<string, string | string[]> {
  const { url } = request
  const from = url.indexOf('?')
  if (from < 0) return {}
  const query = new Map<string, string | string[]>()
  for (const [name, value] of new URLSearchParams(url.slice(from))) {
    const before = query.get(name)
    query.set(name, before === undefined ? value : [before, value].flat())
  }
  return Object.fromEntries(query)
}
