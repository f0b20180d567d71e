import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  method: string
  path: string
  authorization: string | undefined
  body: Record<string, unknown>
}

/** Stands where the platform stands: real HTTP, answers what the test says, keeps what it was told. */
export interface FakePlatform {
  url: string
  /** Accepted messages, in the order in which they came. */
  received: Received[]
  /** Resolves with the first accepted message that matches, waiting for it when it has not come yet. */
  message(matches: (message: Received) => boolean): Promise<Received>
  /** The next requests are answered with these statuses before it answers 202 again. */
  failNext(...statuses: number[]): void
  stop(): Promise<void>
}

export async function startFakePlatform(): Promise<FakePlatform> {
  const received: Received[] = []
  const failures: number[] = []
  const waiting = new Set<{ matches: (message: Received) => boolean; found: (message: Received) => void }>()

  async function accept(request: IncomingMessage): Promise<number> {
    const message = await read(request)
    const failure = failures.shift()
    if (failure !== undefined) return failure
    received.push(message)
    for (const one of waiting) if (one.matches(message)) one.found(message)
    return 202
  }

  const server = createServer((request, response) => {
    void accept(request).then((status) => response.writeHead(status, { 'content-type': 'application/json' }).end('{}'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    received,
    message: (matches) => {
      const earlier = received.find(matches)
      return earlier ? Promise.resolve(earlier) : new Promise((found) => waiting.add({ matches, found }))
    },
    failNext: (...statuses) => void failures.push(...statuses),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function read(request: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const { method = '', url = '', headers } = request
  return { method, path: url, authorization: headers.authorization, body: JSON.parse(Buffer.concat(chunks).toString()) }
}
