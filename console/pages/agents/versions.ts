import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { AgentVersion } from '../../api/answers.ts'
import { getJson, pathOf } from '../../api/client.ts'
import { complain } from '../../base/toasts.tsx'

/** What was published never changes: read once a tab. */
const known = new Map<string, AgentVersion>()

/** One version in full. A draft is read again each time, since it may be another by now. */
export function useVersion(id: string, version: string | null, isPublished: boolean): AgentVersion | undefined {
  const found = useSignal<AgentVersion | undefined>(undefined)
  const key = `${id}@${version ?? ''}`
  useEffect(() => {
    found.value = known.get(key)
    if (version === null || found.value) return undefined
    const reading = new AbortController()
    getJson<AgentVersion>(pathOf('agents', id, 'versions', version), reading.signal).then(
      (view) => {
        if (isPublished) known.set(key, view)
        found.value = view
      },
      (error: unknown) => {
        if (!reading.signal.aborted) complain(error)
      },
    )
    return () => reading.abort()
  }, [key, isPublished])
  return found.value
}
