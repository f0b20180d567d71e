import type { Origin } from './proxies.ts'

/** What the server that this runs on tells about a connection. */
export interface Bindings {
  incoming?: { socket?: { remoteAddress?: string | undefined } }
  outgoing?: { setHeader(name: string, value: string): unknown }
}

/** What Hono carries along with a request. */
export interface AppEnv {
  Bindings: Bindings
  Variables: { requestId: string; route: string; origin: Origin }
}
