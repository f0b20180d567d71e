/** A request as it goes over the wire: nothing in between repairs its path, its headers or its body. */
export interface Ask {
  method: string
  path: string
  headers?: Record<string, string | string[]>
  body?: string | Uint8Array
}

/** Where the input gets in, by the letters of the list of surfaces: S1 the JSON API, S2 webhooks, S3 definitions … */
export type Surface = 'S1' | 'S2' | 'S3' | 'S4' | 'S5' | 'S6' | 'S7' | 'S8' | 'S9' | 'S10'

/** One bad input, and what the platform may say to it. */
export interface Item {
  /** Its class, 1 to 19. */
  class: number
  surface: Surface
  /** What is wrong with it, in a few words; unique in its class. */
  name: string
  ask: Ask
  /** The statuses that are right; absent: any 4xx, and nothing may change. */
  expect?: readonly number[]
}

/** Statuses of what may be taken, since it is odd but not wrong; 5xx never is. */
export const TAKEN_OR_REFUSED: readonly number[] = [
  200, 201, 202, 204, 304, 400, 403, 404, 405, 406, 409, 412, 413, 414, 415, 422, 426, 429, 431,
]

/** True where no row may come, go or change: the platform must refuse, or was only asked to read. */
export function mustKeepRows({ ask: { method }, expect }: Item): boolean {
  return method === 'GET' || method === 'HEAD' || expect === undefined || expect.every((status) => status >= 400)
}

export const JSON_TYPE = { 'content-type': 'application/json' }
export const YAML_TYPE = { 'content-type': 'application/yaml' }

export function post(path: string, body: string | Uint8Array, headers: Record<string, string> = JSON_TYPE): Ask {
  return { method: 'POST', path, headers, body }
}

export function get(path: string, headers: Record<string, string> = {}): Ask {
  return { method: 'GET', path, headers }
}
