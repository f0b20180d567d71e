import { type ReadonlySignal, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { Page } from '../../api/answers.ts'
import { getJson, withQuery } from '../../api/client.ts'
import { ApiError } from '../../api/problem.ts'

const PAGE = 500
const MAX_PAGES = 10

export interface Whole<Item> {
  /** Undefined until it was read once. */
  readonly items: ReadonlySignal<readonly Item[] | undefined>
  readonly error: ReadonlySignal<ApiError | undefined>
}

/** A list with all its pages, at most 5,000 items; read again whenever `version` is another. `null`: not now. */
export function useWhole<Item>(
  path: string,
  query: Readonly<Record<string, string>>,
  version: string | number | null,
): Whole<Item> {
  const list = useMemo(
    () => ({ items: signal<readonly Item[] | undefined>(undefined), error: signal<ApiError | undefined>(undefined) }),
    [path],
  )
  useEffect(() => {
    if (version === null) return undefined
    const reading = new AbortController()
    void read(path, query, reading.signal, list)
    return () => reading.abort()
  }, [list, version])
  return list
}

async function read<Item>(
  path: string,
  query: Readonly<Record<string, string>>,
  ended: AbortSignal,
  list: { items: { value: readonly Item[] | undefined }; error: { value: ApiError | undefined } },
): Promise<void> {
  const items: Item[] = []
  let cursor: string | null = ''
  try {
    for (let pages = 0; cursor !== null && pages < MAX_PAGES; pages += 1) {
      const page: Page<Item> = await getJson(withQuery(path, { ...query, limit: PAGE, cursor }), ended)
      items.push(...page.items)
      cursor = page.nextCursor
    }
    list.items.value = items
    list.error.value = undefined
  } catch (cause) {
    if (ended.aborted) return
    if (!(cause instanceof ApiError)) throw cause
    list.error.value = cause
  }
}
