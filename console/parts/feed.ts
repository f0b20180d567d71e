import { batch, type ReadonlySignal, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { Page } from '../api/answers.ts'
import { getJson } from '../api/client.ts'
import { ApiError } from '../api/problem.ts'
import { liveEpoch, onMove } from '../live/live.ts'

/** A long list, newest first, that grows at both ends. */
export interface Feed<Item> {
  /** Undefined until it was read once. */
  readonly items: ReadonlySignal<readonly Item[] | undefined>
  readonly error: ReadonlySignal<ApiError | undefined>
  /** How many came while it was held. */
  readonly fresh: ReadonlySignal<number>
  /** Whether there is more behind the last one. */
  readonly more: ReadonlySignal<boolean>
  readonly readingMore: ReadonlySignal<boolean>
  /** While it is held nothing moves; what is known changes in its place. */
  hold(held: boolean): void
  readMore(): void
  reload(): void
}

export interface FeedOptions<Item> {
  keyOf(item: Item): string
  /** Whose steps say that there is news. */
  on: readonly string[]
  /** For news that no actor's step tells of: looked for this often while the tab is seen. */
  everyMs?: number
}

const HEAD = 100
const PAGE = 500
const COALESCE_MS = 200

/** Reads a path with `?cursor=` page by page, and its head again when there is news; only the head is asked for then. */
export function useFeed<Item>(path: string, { keyOf, on, everyMs }: FeedOptions<Item>): Feed<Item> {
  // A filter that changed is another list.
  const feed = useMemo(() => createFeed(path, keyOf), [path])
  const topics = on.join(' ')
  useEffect(() => {
    const close = feed.open()
    const end = topics === '' ? undefined : onMove(topics.split(' '), feed.soon)
    const timer = everyMs === undefined ? undefined : setInterval(() => document.hidden || feed.soon(), everyMs)
    return () => {
      close()
      end?.()
      clearInterval(timer)
    }
  }, [feed, topics, everyMs])
  return feed
}

function createFeed<Item>(path: string, keyOf: (item: Item) => string) {
  const items = signal<readonly Item[] | undefined>(undefined)
  const error = signal<ApiError | undefined>(undefined)
  const fresh = signal(0)
  const more = signal(false)
  const readingMore = signal(false)
  let cursor: string | null = null
  let held = false
  let waiting: Page<Item> | undefined
  let opened: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let reading = false
  let again = false

  async function ask(query: Record<string, string>): Promise<Page<Item> | undefined> {
    const mine = opened
    if (!mine) return undefined
    try {
      const joint = path.includes('?') ? '&' : '?'
      const page = await getJson<Page<Item>>(`${path}${joint}${new URLSearchParams(query)}`, mine.signal)
      if (mine.signal.aborted) return undefined
      error.value = undefined
      return page
    } catch (cause) {
      if (mine.signal.aborted) return undefined
      if (!(cause instanceof ApiError)) throw cause
      error.value = cause
      return undefined
    }
  }

  async function readHead(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    if (reading) {
      again = true
      return
    }
    reading = true
    const head = await ask({ limit: String(HEAD) })
    reading = false
    if (head) batch(() => (held && items.peek() ? keep(head) : show(head)))
    if (again) soon()
    again = false
  }

  function show(head: Page<Item>): void {
    const joined = joinHead(items.peek() ?? [], head, keyOf)
    items.value = joined.items
    if (joined.isWhole) cursor = head.nextCursor
    more.value = cursor !== null
    fresh.value = 0
    waiting = undefined
  }

  function keep(head: Page<Item>): void {
    const known = items.peek() ?? []
    const latest = new Map(head.items.map((item) => [keyOf(item), item]))
    items.value = known.map((item) => latest.get(keyOf(item)) ?? item)
    const keys = new Set(known.map(keyOf))
    fresh.value = head.items.filter((item) => !keys.has(keyOf(item))).length
    waiting = head
  }

  function soon(): void {
    timer ??= setTimeout(() => void readHead(), COALESCE_MS)
  }

  async function readMore(): Promise<void> {
    if (cursor === null || readingMore.peek()) return
    readingMore.value = true
    const page = await ask({ limit: String(PAGE), cursor })
    batch(() => {
      readingMore.value = false
      if (!page) return
      const known = items.peek() ?? []
      const keys = new Set(known.map(keyOf))
      items.value = [...known, ...page.items.filter((item) => !keys.has(keyOf(item)))]
      cursor = page.nextCursor
      more.value = cursor !== null
    })
  }

  return {
    items,
    error,
    fresh,
    more,
    readingMore,
    soon,
    reload: () => void readHead(),
    readMore: () => void readMore(),
    hold(wanted: boolean): void {
      held = wanted
      if (!held && waiting) {
        const head = waiting
        batch(() => show(head))
      }
    },
    open(): () => void {
      const mine = new AbortController()
      opened = mine
      reading = false
      const end = liveEpoch.subscribe(() => void readHead())
      return () => {
        end()
        clearTimeout(timer)
        timer = undefined
        mine.abort()
        opened = undefined
      }
    },
  }
}

/**
 * Puts a head that was read anew before what is known already. Where nothing of it is known, more came meanwhile than one
 * head holds: then the list begins anew, since there would be a hole in it (`isWhole`: the head's cursor is the list's).
 */
export function joinHead<Item>(
  known: readonly Item[],
  head: Page<Item>,
  keyOf: (item: Item) => string,
): { items: readonly Item[]; isWhole: boolean } {
  const keys = new Set(head.items.map(keyOf))
  const lastShared = known.findLastIndex((item) => keys.has(keyOf(item)))
  if (head.nextCursor === null || lastShared < 0) return { items: head.items, isWhole: true }
  const rest = known.slice(lastShared + 1).filter((item) => !keys.has(keyOf(item)))
  return { items: [...head.items, ...rest], isWhole: rest.length === 0 }
}
