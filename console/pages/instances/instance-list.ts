import { batch, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { Instance, Instances } from '../../api/answers.ts'
import { getJson, pathOf, withQuery } from '../../api/client.ts'
import { ApiError } from '../../api/problem.ts'
import { liveEpoch, type Move, onMove } from '../../live/live.ts'
import { stateText } from '../../parts/words.ts'

export interface Filter {
  state: string
  agent: string
  device: string
  q: string
}

export type Row = Signal<Instance>

/** Instances that fit a filter, each a signal of its own: a step of one draws one row. */
export interface InstanceList {
  readonly rows: ReadonlySignal<readonly Row[]>
  /** By state, of all that fit the rest of the filter. Undefined until read. */
  readonly counts: ReadonlySignal<Readonly<Record<string, number>> | undefined>
  readonly error: ReadonlySignal<ApiError | undefined>
  reload(): void
  open(): () => void
}

const PAGE = 500
const SOON_MS = 150
/** A list that changed everywhere is read again at most so often. */
const AGAIN_MS = 1000
/** More instances than this that moved at once are cheaper to read as a list. */
const SINGLE = 8

export function createInstanceList(filter: Filter): InstanceList {
  const known = new Map<string, Row>()
  const rows = signal<readonly Row[]>([])
  const counts = signal<Readonly<Record<string, number>> | undefined>(undefined)
  const error = signal<ApiError | undefined>(undefined)
  const moved = new Set<string>()
  let opened = new AbortController()
  let soon: ReturnType<typeof setTimeout> | undefined
  let again: ReturnType<typeof setTimeout> | undefined
  let reading = false
  let once = false

  async function guarded(work: (ended: AbortSignal) => Promise<void>): Promise<void> {
    const { signal: ended } = opened
    try {
      await work(ended)
      if (!ended.aborted) error.value = undefined
    } catch (cause) {
      if (ended.aborted) return
      if (!(cause instanceof ApiError)) throw cause
      error.value = cause
    }
  }

  async function readAll(): Promise<void> {
    if (reading) {
      once = true
      return
    }
    reading = true
    await guarded(async (ended) => {
      const ids: string[] = []
      let cursor: string | null = ''
      while (cursor !== null) {
        const page: Instances = await getJson<Instances>(
          withQuery('/v1/instances', { ...filter, limit: PAGE, cursor }),
          ended,
        )
        if (ended.aborted) return
        ids.push(...page.items.map(({ id }) => id))
        cursor = page.nextCursor
        batch(() => {
          page.items.forEach(put)
          counts.value = page.counts
          // Until all are read, those that were there before stay behind those that are read.
          if (cursor === null || rows.peek().length < ids.length) show(ids)
        })
      }
    })
    reading = false
    if (once && !opened.signal.aborted) void readAll()
    once = false
  }

  /** Reads those that moved; the whole list where that is less work, or where one may come or go by the filter. */
  async function readMoved(): Promise<void> {
    soon = undefined
    const ids = [...moved]
    moved.clear()
    if (ids.length > SINGLE || ids.some((id) => !known.has(id))) return later()
    await guarded(async (ended) => {
      const fresh = await Promise.all(ids.map((id) => getJson<Instance>(pathOf('instances', id), ended)))
      if (!ended.aborted) batch(() => fresh.forEach(put))
    })
    later()
  }

  /** Counts, and who belongs to the filter, follow a little later. */
  function later(): void {
    again ??= setTimeout(() => {
      again = undefined
      void readAll()
    }, AGAIN_MS)
  }

  function put(instance: Instance): void {
    const row = known.get(instance.id)
    if (!row) known.set(instance.id, signal(instance))
    else if (row.peek().revision <= instance.revision) row.value = instance
  }

  function show(ids: readonly string[]): void {
    rows.value = ids.flatMap((id) => known.get(id) ?? [])
  }

  function follow({ address, to, revision, at }: Move): void {
    const id = address.slice(address.indexOf('/') + 1)
    const row = known.get(id)
    // At once, before the rest of it is read again.
    if (row && revision > row.peek().revision)
      row.value = { ...row.peek(), state: stateText(to), revision, updatedAt: at }
    moved.add(id)
    soon ??= setTimeout(() => void readMoved(), SOON_MS)
  }

  return {
    rows,
    counts,
    error,
    reload: () => void readAll(),
    open() {
      opened = new AbortController()
      const mine = opened
      const ends = [liveEpoch.subscribe(() => void readAll()), onMove(['agent'], follow)]
      return () => {
        for (const end of ends) end()
        mine.abort()
        clearTimeout(soon)
        clearTimeout(again)
      }
    },
  }
}
