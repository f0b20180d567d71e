import { signal } from '@preact/signals'
import type { HistoryEntry, Page } from '../../api/answers.ts'
import { getJson, pathOf, withQuery } from '../../api/client.ts'
import { complain } from '../../base/toasts.tsx'

export const PAGE = 200

/** An actor's history by revision, read in pages as they are looked at: ten thousand transitions cost what is seen of them. */
export interface History {
  /** What was read of it so far; subscribes whoever asks. */
  at(revision: number): HistoryEntry | undefined
  /** Sees to it that the entry is read, if it exists by now. */
  want(revision: number): void
}

export function createHistory(kind: string, key: string): History {
  const entries = new Map<number, HistoryEntry>()
  const version = signal(0)
  const reading = new Set<number>()

  async function read(first: number): Promise<void> {
    reading.add(first)
    try {
      const path = withQuery(pathOf('actors', kind, key, 'history'), { after: first - 1, limit: PAGE })
      const { items } = await getJson<Page<HistoryEntry>>(path)
      for (const entry of items) entries.set(entry.revision, entry)
      version.value += 1
    } catch (error) {
      complain(error)
    } finally {
      reading.delete(first)
    }
  }

  return {
    at(revision) {
      void version.value
      return entries.get(revision)
    },
    want(revision) {
      if (revision < 1 || entries.has(revision)) return
      const page = revision - ((revision - 1) % PAGE)
      // Of a page that is read in part, only the rest.
      let first = page
      while (first < revision && entries.has(first)) first += 1
      if (!reading.has(first)) void read(first)
    },
  }
}
