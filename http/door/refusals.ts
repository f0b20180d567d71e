import { randomUUID } from 'node:crypto'
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ErrorCode } from '../../core/errors.ts'
import { API_HEADERS } from './guard.ts'

/** What is not yet a request when it is refused: there is no route, no sender and no log of it. */
interface Refusal {
  status: number
  code: ErrorCode
  detail: string
}

const BY_CODE: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: { status: 431, code: 'request.too_large', detail: 'The headers are larger than 16 KiB' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, code: 'request.too_large', detail: 'Chunk extensions are too large' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, code: 'request.invalid', detail: 'The request took too long to arrive' },
}

/** Whether a request names one host, as HTTP/1.1 asks: of two, whoever stands before us may have read the other. */
export function isAddressed({ rawHeaders, headers, httpVersion }: IncomingMessage): boolean {
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  return hosts === 1 ? headers.host !== '' : hosts === 0 && httpVersion === '1.0'
}

export function refuseHost(response: ServerResponse): void {
  answerAndClose(response, { status: 400, code: 'request.invalid', detail: 'Expected one Host header' })
}

function answerAndClose(response: ServerResponse, refusal: Refusal): void {
  const { headers, body } = problemOf(refusal)
  response.writeHead(refusal.status, { ...headers, ...lastOf(body) }).end(body)
}

/** The connection ends with this answer. */
function lastOf(body: string): Record<string, string> {
  return { 'content-length': String(Buffer.byteLength(body)), connection: 'close' }
}

const EXPECTATION: Refusal = { status: 417, code: 'request.invalid', detail: 'Only 100-continue can be expected' }

/** For a request whose address is none: a host or a path that cannot be one. */
export function refuseAddress(): Response {
  const refusal: Refusal = { status: 400, code: 'request.invalid', detail: 'Host and path are no address' }
  const { headers, body } = problemOf(refusal)
  return new Response(body, { status: refusal.status, headers })
}

/**
 * Answers bytes that are no HTTP as everything else is answered, instead of Node's bare status line, and hangs up. An
 * answer that is already on its way is cut off: what would follow it could be taken for its end.
 */
export function refuseBrokenRequests(server: Server): void {
  const underWay = new WeakMap<Duplex, ServerResponse>()
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => underWay.set(socket, response))
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    answerAndClose(response, EXPECTATION)
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const response = underWay.get(socket)
    const answered = response !== undefined && response.headersSent && !response.writableFinished
    if (!socket.writable || answered || error.code === 'ECONNRESET') {
      socket.destroy()
      return
    }
    const told: Refusal = BY_CODE[error.code ?? ''] ?? {
      status: 400,
      code: 'request.invalid',
      detail: 'This is not HTTP/1.1',
    }
    const { headers, body } = problemOf(told)
    const lines = Object.entries({ ...headers, ...lastOf(body) })
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    socket.end(`HTTP/1.1 ${told.status} ${STATUS_CODES[told.status]}\r\n${head}\r\n${body}`)
  })
}

function problemOf({ status, code, detail }: Refusal): { headers: Record<string, string>; body: string } {
  const requestId = randomUUID()
  const type = `urn:troupe:problem:${code}`
  const body = { type, title: STATUS_CODES[status], status, detail, code, retryable: false, requestId }
  const headers = { ...API_HEADERS, 'content-type': 'application/problem+json', 'x-request-id': requestId }
  return { headers, body: JSON.stringify(body) }
}
