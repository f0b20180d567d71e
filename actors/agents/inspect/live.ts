import type { ArrivalRow, MoveRow } from '../../../db/feed.ts'
import { readArrivalsAfter, readMovesAfter } from '../../../db/feed.ts'
import { currentCursor } from '../../../db/history.ts'
import { createCatchingUp } from '../../follow/catching-up.ts'
import { createFeed, type Feed, type Gap } from '../../follow/feed.ts'
import type { Runtime } from '../../runtime.ts'
import { EVENT_LOG } from '../events/intake.ts'
import type { LiveApi, LiveItem, LiveOptions, Topic } from './live-api.ts'
import { merge } from './merge.ts'

const PAGE = 500
/** Events are small; of steps, the states may be large. */
const PAGE_BYTES = 262_144
const ALERTS = ['alert']
const DEVICES = ['device', 'lock']

/** Follows everybody's moves and events with one reader for each, whoever watches. */
export function createLive(runtime: Runtime): LiveApi {
  const { sql } = runtime
  const now = (): Promise<string> => currentCursor(sql)
  const catchingUp = createCatchingUp()
  let rows = PAGE
  const moves: Feed<MoveRow> = createFeed({
    catchingUp,
    read: readMoves,
    now,
    tail: (read, signal) => runtime.tail(undefined, read, signal),
  })
  const arrivals: Feed<ArrivalRow> = createFeed({
    catchingUp,
    read: (after) => readArrivalsAfter(sql, after, PAGE),
    now,
    tail: (read, signal) => runtime.tail(EVENT_LOG, read, signal),
  })

  /** The database weighs as many rows as it is asked for: no more than will fit, if they are like the last ones. */
  async function readMoves(after: string): Promise<MoveRow[]> {
    const moves = await readMovesAfter(sql, after, { rows, bytes: PAGE_BYTES })
    const bytes = moves.reduce((sum, { size }) => sum + size, 0)
    if (moves.length > 0) rows = Math.min(PAGE, Math.ceil((PAGE_BYTES * moves.length) / Math.max(1, bytes)))
    return moves
  }

  return {
    async now(topics) {
      const cursor = await now()
      return topics.includes('events') ? `${cursor},${cursor}` : cursor
    },

    async *follow({ team }, { cursor, topics, kinds, addresses, signal }) {
      let [moved = '', arrived = moved] = cursor.split(',')
      const wanted = kindsOf(topics, kinds)
      const place = (): string => (topics.includes('events') ? `${moved},${arrived}` : moved)
      const wants = (move: MoveRow): boolean =>
        move.team === team &&
        (wanted === undefined || wanted.has(kindOf(move.address))) &&
        (addresses === undefined || addresses.includes(move.address))
      const ending = new AbortController()
      const both = AbortSignal.any([signal, ending.signal])
      const streams: AsyncGenerator<MoveRow | ArrivalRow | Gap>[] = []
      if (wanted?.size !== 0) streams.push(moves.follow({ after: moved, wants, signal: both }))
      if (topics.includes('events')) {
        streams.push(arrivals.follow({ after: arrived, wants: (event) => event.team === team, signal: both }))
      }
      try {
        for await (const item of merge(streams)) {
          if ('revision' in item) moved = item.cursor
          else if ('id' in item) arrived = item.cursor
          yield { cursor: place(), ...toItem(item) }
        }
      } finally {
        ending.abort()
      }
    },
  }
}

/** Undefined: of every kind. Empty: no moves at all. */
function kindsOf(topics: readonly Topic[], kinds: LiveOptions['kinds']): ReadonlySet<string> | undefined {
  const told = topics.includes('actors')
    ? undefined
    : new Set([...(topics.includes('alerts') ? ALERTS : []), ...(topics.includes('devices') ? DEVICES : [])])
  if (kinds === undefined) return told
  return new Set(told === undefined ? kinds : kinds.filter((kind) => told.has(kind)))
}

function kindOf(address: string): string {
  return address.slice(0, address.indexOf('/'))
}

type Item<T> = T extends unknown ? Omit<T, 'cursor'> : never

function toItem(item: MoveRow | ArrivalRow | Gap): Item<LiveItem> {
  if ('gap' in item) return { event: 'gap', data: { reason: 'You read too slowly: what follows was read again' } }
  if ('revision' in item) {
    const { address, revision, type, from, to, status, at } = item
    return { event: 'actor', data: { address, kind: kindOf(address), revision, event: { type }, from, to, status, at } }
  }
  const { team: _team, cursor: _cursor, ...data } = item
  return { event: 'event', data }
}
