import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Node's HTTP server with nothing behind it: it reads a request, counts it for the actor that its path names, and answers
 * with as many bytes as ours. Neither router nor keys, machine nor database.
 */
const counts = new Map<string, number>()

const server = createServer((request, response) => {
  const actor = request.url?.split('/')[4] ?? ''
  if (request.method === 'GET') return void response.end(JSON.stringify({ context: { count: counts.get(actor) ?? 0 } }))
  request.resume()
  request.on('end', () => {
    const revision = (counts.get(actor) ?? 0) + 1
    counts.set(actor, revision)
    response.setHeader('content-type', 'application/json')
    const address = `counter/${actor}`
    response.end(
      JSON.stringify({ address, status: 'applied', revision, state: 'idle', actor: 'active', handled: true }),
    )
  })
})
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listening on ${(server.address() as AddressInfo).port}\n`)
})
