import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** What a server on loopback saw. `connections` counts sockets, so that a request that was never sent shows too. */
export interface Seen {
  port: number
  url: string
  connections: number
  requests: { method: string; path: string; headers: IncomingMessage['headers']; body: string }[]
}

/** A real server on loopback until the end of the test. */
export async function serve(answer: RequestListener, host = '127.0.0.1'): Promise<Seen> {
  const seen: Seen = { port: 0, url: '', connections: 0, requests: [] }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      seen.requests.push({ method, path, headers, body: Buffer.concat(chunks).toString() })
      answer(request, response)
    })
  })
  server.on('connection', () => {
    seen.connections += 1
  })
  seen.port = await listen(server, host)
  seen.url = `http://${host.includes(':') ? `[${host}]` : host}:${seen.port}`
  return seen
}

async function listen(server: Server, host: string): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return port
}
