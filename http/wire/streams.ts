import { AppError } from '../../core/errors.ts'
import { LOCAL, type Principal } from '../../core/principal.ts'

/** The open streams of this process: counted, so that they cannot eat it, and known, so that a stop can end them. */
export interface Streams {
  readonly size: number
  /** A signal that aborts when the server stops; call `close` when the stream ends. Throws `live.too_many_streams`. */
  open(by: Principal): { signal: AbortSignal; close(): void }
  stop(): void
}

/** No key may have more than half of all streams, and no team more than three quarters: others shall find some. */
const OF_ONE_KEY = 0.5
const OF_ONE_TEAM = 0.75

export function createStreams(limit = 200): Streams {
  const open = new Map<AbortController, Principal>()
  let stopped = false

  function refuseMore(by: Principal): void {
    if (stopped) throw tooMany('The server is stopping')
    if (open.size >= limit) throw tooMany(`${limit} streams are open`)
    // Without keys there is nobody else.
    if (by === LOCAL) return
    const ofTeam = [...open.values()].filter(({ team }) => team === by.team)
    const own = ofTeam.filter(({ name }) => name === by.name).length
    if (own >= limit * OF_ONE_KEY) throw tooMany(`${own} streams of this key are open`)
    if (ofTeam.length >= limit * OF_ONE_TEAM) throw tooMany(`${ofTeam.length} streams of this team are open`)
  }

  return {
    get size() {
      return open.size
    },
    open(by) {
      refuseMore(by)
      const controller = new AbortController()
      open.set(controller, by)
      return {
        signal: controller.signal,
        close() {
          open.delete(controller)
          controller.abort()
        },
      }
    },
    stop() {
      stopped = true
      for (const controller of open.keys()) controller.abort()
    },
  }
}

function tooMany(message: string): AppError {
  return new AppError('live.too_many_streams', message)
}
