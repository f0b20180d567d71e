import { AppError } from '../../core/errors.ts'
import { type CatchingUp, createCatchingUp } from './catching-up.ts'

/** Something in a stream that goes on and on, with its place in it (`xid.seq`). */
export interface Placed {
  cursor: string
}

/** Said to a reader that was too slow for what is kept for it: what follows is read again, nothing is left out. */
export interface Gap {
  gap: true
  cursor: string
}

export interface Feed<Item extends Placed> {
  /** From a cursor on (`null`: from now), without gaps or doubles, until the signal. */
  follow(options: { after: string | null; wants(item: Item): boolean; signal: AbortSignal }): AsyncGenerator<Item | Gap>
}

export interface FeedDeps<Item extends Placed> {
  /** The next ones after a cursor, in order; none: there are none yet. */
  read(after: string): Promise<Item[]>
  /** The cursor that stands for now. */
  now(): Promise<string>
  /** Reads again whenever there may be more. Ends with the signal. */
  tail(read: () => Promise<Item[]>, signal: AbortSignal): AsyncIterable<Item>
  /** Those who catch up go on in turn with others there; default: with those of this feed. */
  catchingUp?: CatchingUp
  /** Kept for one reader; default 1,000. */
  maxQueue?: number
}

/** One who follows: what was kept for it, until it is too much. */
interface Reader<Item> {
  queue: Item[]
  /** True: nothing is kept; it has to read for itself from where it stopped. */
  behind: boolean
  failure: Error | undefined
  wants(item: Item): boolean
  wake(): void
}

interface Session<Item> {
  readers: Set<Reader<Item>>
  position: string
  end: AbortController
}

const AWAY_MS = 500
/** Told to one who catches up in a round of the event loop: what that costs others is a millisecond or two. */
const SLICE = 20

/**
 * One reader of the database for everybody who follows: 200 watchers cost one reading, and 200 short queues. Who comes
 * with an old cursor, or falls behind, reads for itself until it has caught up.
 */
export function createFeed<Item extends Placed>(deps: FeedDeps<Item>): Feed<Item> {
  const { read, now, tail, catchingUp = createCatchingUp(), maxQueue = 1_000 } = deps
  let current: Promise<Session<Item>> | undefined
  /** That of `current`, once it is open. */
  let latest: Session<Item> | undefined

  async function open(): Promise<Session<Item>> {
    const session: Session<Item> = { readers: new Set(), position: await now(), end: new AbortController() }
    latest = session
    void run(session).catch((error: unknown) => {
      forget(session)
      for (const reader of session.readers) {
        reader.failure = error instanceof Error ? error : new Error(String(error))
        reader.wake()
      }
    })
    return session
  }

  async function run(session: Session<Item>): Promise<void> {
    for await (const item of tail(() => read(session.position), session.end.signal)) {
      session.position = item.cursor
      for (const reader of session.readers) keep(reader, item)
    }
  }

  function keep(reader: Reader<Item>, item: Item): void {
    if (reader.behind || !reader.wants(item)) return
    if (reader.queue.length >= maxQueue) {
      reader.queue = []
      reader.behind = true
    } else reader.queue.push(item)
    reader.wake()
  }

  async function join(reader: Reader<Item>): Promise<Session<Item>> {
    for (;;) {
      const opened = (current ??= open())
      const session = await opened.catch((error: unknown) => {
        if (current === opened) current = undefined
        throw error
      })
      // The last one who left ended it meanwhile.
      if (session.end.signal.aborted) continue
      session.readers.add(reader)
      return session
    }
  }

  function leave(session: Session<Item>, reader: Reader<Item>): void {
    session.readers.delete(reader)
    if (session.readers.size > 0) return
    session.end.abort()
    forget(session)
  }

  /** Whoever comes next opens another; one that was opened meanwhile stays. */
  function forget(session: Session<Item>): void {
    if (latest === session) current = undefined
  }

  return {
    async *follow({ after, wants, signal }) {
      const reader: Reader<Item> = {
        queue: [],
        behind: after !== null,
        failure: undefined,
        wants,
        wake: () => undefined,
      }
      const session = await join(reader)
      const wake = (): void => reader.wake()
      signal.addEventListener('abort', wake)
      session.end.signal.addEventListener('abort', wake)
      let last = after ?? session.position
      try {
        for (let first = true; !signal.aborted && !session.end.signal.aborted; first = false) {
          if (reader.failure !== undefined) throw reader.failure
          if (reader.behind) {
            if (!first) yield { gap: true, cursor: last }
            // From here on items are kept again; those up to here are read here.
            reader.behind = false
            const upTo = session.position
            let told = 0
            while (isAfter(upTo, last) && !signal.aborted) {
              const items = await patiently(() => catchingUp.read(() => read(last), signal), signal)
              // Whatever was committed up to there has been read.
              if (items.length === 0) last = upTo
              for (const item of items) {
                if (isAfter(item.cursor, upTo)) {
                  last = upTo
                  break
                }
                last = item.cursor
                if (!wants(item)) continue
                if (told % SLICE === 0) await catchingUp.breathe()
                told += 1
                yield item
              }
            }
            continue
          }
          const item = reader.queue.shift()
          if (item === undefined) await woken(reader, [signal, session.end.signal])
          else if (isAfter(item.cursor, last)) {
            last = item.cursor
            yield item
          }
        }
      } finally {
        signal.removeEventListener('abort', wake)
        leave(session, reader)
      }
    },
  }
}

/** A database that is away for a moment only makes it wait. */
async function patiently<Item>(read: () => Promise<Item[]>, signal: AbortSignal): Promise<Item[]> {
  for (;;) {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof AppError && error.retryable)) throw error
      if (signal.aborted) return []
      await new Promise((resolve) => setTimeout(resolve, AWAY_MS))
    }
  }
}

/** Whoever follows calls `wake` when a signal aborts, too. */
async function woken(reader: Pick<Reader<unknown>, 'wake'>, signals: readonly AbortSignal[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  reader.wake = resolve
  if (signals.some((signal) => signal.aborted)) return
  await promise
}

/** Whether a cursor stands behind another one. Digits only, so that longer is larger. */
export function isAfter(cursor: string, other: string): boolean {
  const [xid = '', seq = ''] = cursor.split('.')
  const [otherXid = '', otherSeq = ''] = other.split('.')
  return compare(xid, otherXid) > 0 || (xid === otherXid && compare(seq, otherSeq) > 0)
}

function compare(left: string, right: string): number {
  if (left.length !== right.length) return left.length - right.length
  return left < right ? -1 : left > right ? 1 : 0
}
