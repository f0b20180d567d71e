import { batch, signal } from '@preact/signals'
import { createConnection } from './connection.ts'
import type { Message } from './stream.ts'

/** One committed step of one actor, as the live stream tells it. */
export interface Move {
  address: string
  kind: string
  revision: number
  event: { type: string }
  from: unknown
  to: unknown
  status: string
  at: string
}

export type LiveState =
  | { state: 'connecting' }
  | { state: 'live' }
  /** `since`: age of what is shown. */
  | { state: 'down'; since: number; retryAt: number; status: number | undefined }

/** How the one connection of this tab stands. */
export const liveState = signal<LiveState>({ state: 'connecting' })

/** Counts openings of the stream: what no message tells of (a registry, a key) is read again when it changes. */
export const liveEpoch = signal(0)

type Listener = (move: Move) => void
const listeners = new Map<string, Set<Listener>>()

/**
 * Calls back for every step of the actors that a topic names: a kind (`agent`), an address (`agent/stb-doctor`), or `*`.
 * Returns what ends it.
 */
export function onMove(topics: readonly string[], listener: Listener): () => void {
  for (const topic of topics) {
    const known = listeners.get(topic) ?? new Set()
    listeners.set(topic, known.add(listener))
  }
  return () => {
    for (const topic of topics) listeners.get(topic)?.delete(listener)
  }
}

/** Opens the tab's one stream; a hidden tab holds none, and goes on from its cursor when it is shown. */
export function startLive(): void {
  const connection = createConnection('/v1/live?topics=actors', {
    onOpen() {
      batch(() => {
        liveState.value = { state: 'live' }
        liveEpoch.value += 1
      })
    },
    onMessages: (messages) => batch(() => messages.forEach(tell)),
    onDown({ retryAt, status }) {
      const before = liveState.peek()
      const since = before.state === 'down' ? before.since : Date.now()
      liveState.value = { state: 'down', since, retryAt, status }
    },
  })
  const follow = (): void => {
    if (!document.hidden) return connection.start()
    connection.stop()
    liveState.value = { state: 'connecting' }
  }
  document.addEventListener('visibilitychange', follow)
  follow()
}

function tell({ event, data }: Message): void {
  if (event !== 'actor' || !isMove(data)) return
  const heard = new Set(['*', data.kind, data.address].flatMap((topic) => [...(listeners.get(topic) ?? [])]))
  for (const listener of heard) listener(data)
}

function isMove(data: unknown): data is Move {
  return typeof data === 'object' && data !== null && 'address' in data && typeof data.address === 'string'
}
