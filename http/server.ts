import { once } from 'node:events'
import { createServer } from 'node:http'
import { createAdaptorServer, getRequestListener, RequestError } from '@hono/node-server'
import { WebSocketServer } from 'ws'
import { AppError } from '../core/errors.ts'
import type { App } from './app.ts'
import { isAddressed, refuseAddress, refuseBrokenRequests, refuseHost } from './door/refusals.ts'
import { Answer } from './wire/answer.ts'

/** Bytes: nobody has anything to say to us over a socket. */
const LARGEST_MESSAGE = 1_024

export interface ListenOptions {
  app: App
  host: string
  /** 0 takes any free one. */
  port: number
  /** How long answers under way may take at `stop`; default 10 s. */
  graceMs?: number
}

export interface Listening {
  url: string
  /** Takes no more, ends the live streams, lets answers finish, then cuts what is left. */
  stop(): Promise<void>
}

/** Puts the app on Node's HTTP server. Resolves when it listens; throws `config.invalid` when it cannot. */
export async function listen({ app, host, port, graceMs = 10_000 }: ListenOptions): Promise<Listening> {
  const { fetch } = app
  // Nothing else gets as far as here: the app answers its own failures.
  const refuse = (error: unknown): Response =>
    error instanceof RequestError ? refuseAddress() : new Response(null, { status: 500 })
  const answer = getRequestListener(fetch, { hostname: host, errorHandler: refuse })
  const server = createServer(
    {
      ServerResponse: Answer,
      // Against clients that send a byte a minute: Node's own limits are 60 s and 300 s, looked at every 30 s.
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: 2_000,
      maxHeaderSize: 16_384,
      // Refused below, with a reason.
      requireHostHeader: false,
      // Any other upgrade is no business of ours: the request is answered as if it had not asked.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    },
    (incoming, outgoing) => void (isAddressed(incoming) ? answer(incoming, outgoing) : refuseHost(outgoing)),
  )
  refuseBrokenRequests(server)
  createAdaptorServer({
    fetch,
    createServer: () => server,
    websocket: { server: new WebSocketServer({ noServer: true, maxPayload: LARGEST_MESSAGE }) },
    hostname: host,
  })
  server.maxConnections = 2_000
  // A connection on which nothing moves, in either direction, is dead: streams ping every 15 s.
  server.setTimeout(120_000)
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AppError('config.invalid', `Cannot listen on ${host}:${port}: ${reason}`, { cause })
  }
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      app.stop()
      const cut = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), graceMs)
      await closed
      clearTimeout(cut)
    },
  }
}
