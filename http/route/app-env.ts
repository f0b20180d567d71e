import type { Origin } from '../door/proxies.ts'

/** What the server that this runs on tells about a connection. */
export interface Connection {
  incoming?: { socket?: { remoteAddress?: string | undefined } }
  outgoing?: unknown
}

/** One request, from the door to the log. */
export interface Visit {
  requestId: string
  /** The route's name, once it is found. */
  route: string
  origin: Origin
}

/** What Hono carries along with a request. */
export interface AppEnv {
  Bindings: Connection & { visit: Visit }
}
