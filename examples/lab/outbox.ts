import type { Logger } from 'pino'
import type { Clock } from './clock.ts'
import type { Parcel, Send } from './platform.ts'

const FIRST_WAIT_MS = 250
const MAX_WAIT_MS = 10_000
const LIMIT = 200

/** A parcel and how it may be dropped while the platform is away. */
export interface Letter extends Parcel {
  /** A later letter of the same topic makes this one pointless (a device's connectivity). */
  topic?: string
  /** `firing` and `resolved` letters of one incident share it. */
  incident?: string
}

/**
 * Delivers letters one at a time, in order, and tries each until the platform takes or refuses it; the wait between tries
 * doubles up to 10 s. It stays bounded while the platform is away: a topic keeps its newest letter only, and beyond
 * 200 letters the oldest incident that began *and* ended unseen is dropped whole, so no `resolved` is lost for a `firing` sent.
 */
export interface Outbox {
  put(letter: Letter): void
  /** Resolves when nothing waits. */
  drained(): Promise<void>
  /** Gives up what still waits. */
  stop(): Promise<void>
}

export function createOutbox(deps: { send: Send; clock: Clock; log: Logger }): Outbox {
  const { send, clock, log } = deps
  const stopping = new AbortController()
  let waiting: Letter[] = []
  let current: Letter | undefined
  let working: Promise<void> = Promise.resolve()

  function put(letter: Letter): void {
    if (stopping.signal.aborted) return
    waiting = [...waiting.filter((other) => letter.topic === undefined || other.topic !== letter.topic), letter]
    if (waiting.length > LIMIT) waiting = withoutOldestWholeIncident(waiting)
    if (current) return
    current = waiting.shift()
    working = work()
  }

  async function work(): Promise<void> {
    while (current && !stopping.signal.aborted) {
      await deliver(current)
      current = waiting.shift()
    }
  }

  async function deliver(letter: Letter): Promise<void> {
    for (let waitMs = FIRST_WAIT_MS; !stopping.signal.aborted; waitMs = Math.min(waitMs * 2, MAX_WAIT_MS)) {
      const outcome = await send(letter, stopping.signal)
      if (outcome.kind === 'delivered' || stopping.signal.aborted) return
      if (outcome.kind === 'refused') {
        log.error(
          { path: letter.path, incident: letter.incident, reason: outcome.reason },
          'platform refused a message',
        )
        return
      }
      log.warn(
        { path: letter.path, reason: outcome.reason, waiting: waiting.length },
        'platform not reached, trying again',
      )
      await clock.sleep(outcome.retryAfterMs ?? waitMs, stopping.signal)
    }
  }

  async function stop(): Promise<void> {
    stopping.abort()
    await working
  }

  return { put, drained: () => working, stop }
}

/** The letter being tried is not among them, so neither half of the incident can have reached the platform. */
function withoutOldestWholeIncident(letters: readonly Letter[]): Letter[] {
  const count = (incident: string): number => letters.filter((letter) => letter.incident === incident).length
  const whole = letters.find((letter) => letter.incident !== undefined && count(letter.incident) === 2)?.incident
  return letters.filter((letter) => whole === undefined || letter.incident !== whole)
}
