import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { AgentVersion } from '../../api/answers.ts'
import { getJson, pathOf } from '../../api/client.ts'
import { complain } from '../../shell/toasts.tsx'

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

/** The next patch: `1.0.0` → `1.0.1`; a pre-release becomes what it was for. */
export function nextVersion(version: string): string {
  const [, major = '0', minor = '0', patch = '0', rest = ''] = /^(\d+)\.(\d+)\.(\d+)(.*)$/.exec(version) ?? []
  return rest.startsWith('-') ? `${major}.${minor}.${patch}` : `${major}.${minor}.${Number(patch) + 1}`
}

/** The version that a text says it is; undefined where it says none. */
export function versionIn(text: string): string | undefined {
  return LINE.exec(text)?.groups?.version
}

/** The same text as another version. */
export function withVersion(text: string, version: string): string {
  return text.replace(LINE, (_all, before: string, quote: string) => `${before}${quote}${version}${quote}`)
}

/** The first `version:` below `metadata:`, as people write it in YAML and in JSON. */
const LINE =
  /(?<=(?:^|\n|\{|,)[ "]*metadata"?[ ]*:(?:(?!\n\w)[^])*?)(?<before>"?version"?[ ]*:[ ]*)(?<quote>["']?)(?<version>[\w.+-]+)\k<quote>/
