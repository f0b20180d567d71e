import { type ReadonlySignal, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { getJson } from '../api/client.ts'
import { ApiError } from '../api/problem.ts'
import { liveEpoch, onMove } from './live.ts'

export interface Resource<Body> {
  /** Undefined until it was read once. */
  readonly data: ReadonlySignal<Body | undefined>
  /** Why the last reading failed; what was read before stays. */
  readonly error: ReadonlySignal<ApiError | undefined>
  reload(): void
}

/** Steps come in bursts; what they changed is read once after each. */
const COALESCE_MS = 120

/**
 * JSON from the API, kept as it is now: read at once, again whenever an actor of one of the topics took a step, and when
 * the live stream was opened again. `null`: nothing to read yet. Only what reads `data` is drawn again.
 */
export function useResource<Body>(path: string | null, on: readonly string[] = []): Resource<Body> {
  const resource = useMemo(() => createResource<Body>(path), [path])
  const topics = on.join(' ')
  useEffect(() => {
    const ends = [resource.open(), ...(topics === '' ? [] : [onMove(topics.split(' '), resource.soon)])]
    return () => {
      for (const end of ends) end()
    }
  }, [resource, topics])
  return resource
}

/** The same without a component around it: read while it is open. */
export function createResource<Body>(path: string | null) {
  const data = signal<Body | undefined>(undefined)
  const error = signal<ApiError | undefined>(undefined)
  let opened: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let reading = false
  let again = false

  async function read(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    if (path === null || !opened) return
    if (reading) {
      again = true
      return
    }
    reading = true
    const { signal: ended } = opened
    try {
      const body = await getJson<Body>(path, ended)
      if (ended.aborted) return
      data.value = body
      error.value = undefined
    } catch (cause) {
      if (ended.aborted) return
      if (!(cause instanceof ApiError)) throw cause
      error.value = cause
    } finally {
      reading = false
      if (again && !ended.aborted) soon()
      again = false
    }
  }

  function soon(): void {
    timer ??= setTimeout(() => void read(), COALESCE_MS)
  }

  return {
    data,
    error,
    reload: () => void read(),
    soon,
    open(): () => void {
      const mine = new AbortController()
      opened = mine
      // Runs once at once, and at each opening of the stream.
      const end = liveEpoch.subscribe(() => void read())
      return () => {
        end()
        clearTimeout(timer)
        timer = undefined
        mine.abort()
        opened = undefined
        reading = false
      }
    },
  }
}
