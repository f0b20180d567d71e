import { AppError } from '../core/errors.ts'

/** The open streams of this process: counted, so that they cannot eat it, and known, so that a stop can end them. */
export interface Streams {
  readonly size: number
  /** A signal that aborts when the server stops; call `close` when the stream ends. Throws `live.too_many_streams`. */
  open(): { signal: AbortSignal; close(): void }
  stop(): void
}

export function createStreams(limit = 200): Streams {
  const open = new Set<AbortController>()
  let stopped = false
  return {
    get size() {
      return open.size
    },
    open() {
      if (stopped || open.size >= limit) {
        throw new AppError('live.too_many_streams', stopped ? 'The server is stopping' : `${limit} streams are open`)
      }
      const controller = new AbortController()
      open.add(controller)
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
      for (const controller of open) controller.abort()
    },
  }
}
