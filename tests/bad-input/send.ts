import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import type { Ask } from './item.ts'

export interface Answer {
  status: number
  headers: Record<string, string>
  body: string
  ms: number
}

/** Longer than any honest answer on a machine that is busy with other things: beyond it, the platform hangs. */
export const HANGS_MS = 60_000

/** Sends a request as it is. Throws when the connection ends without an answer, and for a hang. */
export function createSender(url: string): { send(ask: Ask): Promise<Answer>; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const { hostname, port } = new URL(url)

  async function send({ method, path, headers = {}, body }: Ask): Promise<Answer> {
    const startedAt = performance.now()
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
      const call = request(
        // A large body that is refused early may cost its connection; nobody else's request should be on it.
        {
          agent: (body?.length ?? 0) > 65_536 ? false : agent,
          hostname,
          port,
          method,
          path,
          headers: { ...length, ...headers },
          timeout: HANGS_MS,
        },
        (response) => {
          const chunks: Buffer[] = []
          const told = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const)
          const done = (): void =>
            resolve({
              status: response.statusCode ?? 0,
              headers: Object.fromEntries(told),
              body: Buffer.concat(chunks).toString(),
              ms: performance.now() - startedAt,
            })
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', reject)
          response.on('end', done)
          // A stream has no end: that it began is its answer.
          if (response.headers['content-type'] === 'text/event-stream') {
            done()
            response.destroy()
          }
        },
      )
      call.on('timeout', () => call.destroy(new Error(`no answer within ${HANGS_MS} ms`)))
      // After an early answer (413) the rest of the body has nowhere to go; the answer has been read by then.
      call.on('error', reject)
      if (body === undefined) call.end()
      else call.end(body)
    })
  }
  return { send, close: () => agent.destroy() }
}

/** Bytes that no client library would send; resolves with all that came back when the server closes. */
export async function sendRaw(
  url: string,
  pieces: readonly (string | Uint8Array)[],
  halfClose = false,
): Promise<Answer[]> {
  const { hostname, port } = new URL(url)
  const startedAt = performance.now()
  const text = await new Promise<string>((resolve, reject) => {
    const chunks: Buffer[] = []
    const done = (): void => resolve(Buffer.concat(chunks).toString('latin1'))
    const socket = connect(Number(port), hostname, () => {
      for (const piece of pieces) socket.write(piece)
      if (halfClose) socket.end()
    })
    const late = (): void =>
      void socket.destroy(
        new Error(`no end within ${HANGS_MS} ms: ${Buffer.concat(chunks).subarray(0, 200).toString()}`),
      )
    const timer = setTimeout(late, HANGS_MS)
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') done()
      else reject(error)
    })
    socket.on('close', () => {
      clearTimeout(timer)
      done()
    })
  })
  return answersIn(text, performance.now() - startedAt)
}

/** What a connection said, answer by answer. */
function answersIn(text: string, ms: number): Answer[] {
  const answers: Answer[] = []
  let rest = text
  for (;;) {
    const head = /^HTTP\/1\.1 (\d{3})[^\r]*\r\n((?:[^\r\n]+\r\n)*)\r\n/.exec(rest)
    if (!head) return answers
    const headers = Object.fromEntries(
      (head[2] ?? '')
        .trimEnd()
        .split('\r\n')
        .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    )
    rest = rest.slice(head[0].length)
    const length = Number(headers['content-length'] ?? rest.length)
    const status = Number(head[1])
    if (status !== 100) answers.push({ status, headers, body: rest.slice(0, length), ms })
    rest = rest.slice(status === 100 ? 0 : length)
  }
}
