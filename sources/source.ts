import type { NewEventInput } from '../core/event.ts'

/** A request as it came, before anybody believed a byte of it. */
export interface IncomingRequest {
  /** Name of the stored source configuration, or of the route that took it. */
  source: string
  /** Names in lower case; `new Map(request.headers)` of the Fetch API is one. */
  headers: ReadonlyMap<string, string>
  /** The raw bytes: signatures are over these. */
  body: Uint8Array
  /** RFC 3339, UTC. */
  receivedAt: string
}

/** One item of a batch that was not taken, and where in it the mistake is. */
export interface Rejection {
  index: number
  message: string
  path?: string
}

/** What a request held. Never empty by accident: when every item is wrong, `parse` throws instead. */
export interface Parsed {
  events: NewEventInput[]
  rejected: Rejection[]
}

/** One kind of sender. Pure: the same request always gives the same events. */
export interface Source {
  kind: string
  /** Whether a request to a source of kind `auto` looks like this one. Never throws. */
  detect(request: IncomingRequest): boolean
  /** Throws `AppError`, mostly `source.malformed`, which names the place. */
  parse(request: IncomingRequest): Parsed
}
