import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { AppError } from '../core/errors.ts'
import { JsonValue } from '../core/event.ts'
import type { Json } from '../core/json.ts'
import { cleanText, parseJson } from '../core/parse-json.ts'
import type { Tool, ToolCall } from '../core/tool.ts'
import type { AllowedHosts } from './allowed-hosts.ts'
import { boundedSignal, callFailure } from './bounded.ts'
import { defineTool } from './define-tool.ts'
import { type HttpQuery, type Resolve, sendGuarded } from './http-client.ts'

const LIMIT_MS = 10_000
const SHOWN_HEADERS = ['content-type', 'etag', 'last-modified', 'link', 'location', 'retry-after']
/** They frame the message or name the connection; whoever sets them could speak to someone else behind the same address. */
const OWN_HEADERS = /^(host|connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*)$/

const HeaderName = z
  .string()
  .toLowerCase()
  .regex(/^[a-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'is not a header name')
  .refine((name) => !OWN_HEADERS.test(name), 'is a header that the client sets itself')
const Headers = z.record(
  HeaderName,
  z
    .string()
    .max(8_000)
    .regex(/^[\t\x20-\x7e]*$/, 'expected printable ASCII'),
)
const Url = z.string().min(1).max(8_000)

const Answer = z.strictObject({ status: z.int(), headers: z.record(z.string(), z.string()), body: JsonValue })
type Answer = z.infer<typeof Answer>

/**
 * Two tools, because a tool has one safety: what only reads may be repeated after a crash whose outcome nobody knows, and
 * most calls only read. Any other request may have done something over there, so its doubtful outcome goes to a person.
 * An answer of 4xx or 5xx is an answer, not an error.
 */
export function createHttpTools(deps: { allowed: AllowedHosts; resolve: Resolve }): Tool[] {
  const httpGet = defineTool({
    id: 'http.get',
    description: 'Reads a web address that is on the allow-list, by GET or HEAD',
    safety: 'pure',
    needsDevice: false,
    input: z.strictObject({ url: Url, method: z.enum(['GET', 'HEAD']).default('GET'), headers: Headers.default({}) }),
    output: Answer,
    call: async (query, call) => exchange({ ...query, body: undefined }, call, deps),
  })
  const httpRequest = defineTool({
    id: 'http.request',
    description: 'Sends any HTTP request to a web address that is on the allow-list; to read only, use http.get',
    safety: 'unsafe',
    needsDevice: false,
    input: z.strictObject({
      url: Url,
      method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
      headers: Headers.default({}),
      /** Text goes as it is, anything else as JSON. */
      body: JsonValue.optional(),
    }),
    output: Answer,
    call: async ({ body, ...query }, call) => exchange({ ...query, ...withBody(query, body, call) }, call, deps),
  })
  return [httpGet, httpRequest]
}

async function exchange(
  query: HttpQuery,
  call: ToolCall,
  deps: { allowed: AllowedHosts; resolve: Resolve },
): Promise<Answer> {
  try {
    const signal = boundedSignal(call.signal, LIMIT_MS)
    const { status, headers, bytes } = await sendGuarded(query, { ...deps, signal })
    return { status, headers: shown(headers), body: readBody(bytes, headers['content-type'] ?? '') }
  } catch (cause) {
    throw callFailure(cause, URL.parse(query.url)?.host ?? 'the address', call.signal)
  }
}

/** The other side can recognise a repeat by the step's key, if it knows the header. */
function withBody(
  { method, headers }: { method: string; headers: Record<string, string> },
  body: Json | undefined,
  call: ToolCall,
): Pick<HttpQuery, 'body' | 'headers'> {
  const reads = method === 'GET' || method === 'HEAD'
  if (reads && body !== undefined) throw new AppError('tool.bad_input', `${method} has no body`)
  const key: Record<string, string> = reads ? {} : { 'idempotency-key': call.idempotencyKey }
  if (body === undefined) return { body: undefined, headers: { ...key, ...headers } }
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const contentType = typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json'
  return { body: text, headers: { ...key, 'content-type': contentType, ...headers } }
}

function shown(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    SHOWN_HEADERS.flatMap((name) => {
      const value = headers[name]
      return value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]]
    }),
  )
}

function readBody(bytes: Uint8Array, contentType: string): Json {
  if (bytes.length === 0) return null
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  try {
    if (type === 'application/json' || type.endsWith('+json')) return parseJson(bytes, 'tool.bad_output')
  } catch {
    // What calls itself JSON and is not is shown as the text that it is.
  }
  return cleanText(new TextDecoder().decode(bytes))
}
