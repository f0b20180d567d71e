import { once } from 'node:events'
import { createServer } from 'node:http'

/** The world that runs act upon: it takes every request, and notes when each came. */
export interface Sink {
  /** `127.0.0.1:port`, as an allow-list names it. */
  host: string
  /** Resolves with the time (`performance.now`) at which a path was first asked for. */
  asked(path: string): Promise<number>
  stop(): Promise<void>
}

export async function startSink(): Promise<Sink> {
  const seen = new Map<string, number>()
  const waiting = new Map<string, (at: number) => void>()
  const server = createServer((request, response) => {
    const at = performance.now()
    const path = request.url ?? ''
    request.resume()
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"accepted":true}')
    if (seen.has(path)) return
    seen.set(path, at)
    waiting.get(path)?.(at)
    waiting.delete(path)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    host: `127.0.0.1:${port}`,
    asked(path) {
      const at = seen.get(path)
      return at === undefined ? new Promise((resolve) => waiting.set(path, resolve)) : Promise.resolve(at)
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
