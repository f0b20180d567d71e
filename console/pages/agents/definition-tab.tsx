import { signal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { AgentVersion } from '../../api/answers.ts'
import { getText, pathOf, post } from '../../api/client.ts'
import { Icon } from '../../base/icon.tsx'
import { queryOf, setQuery } from '../../base/router.ts'
import { may } from '../../base/session.ts'
import { attempt, complain } from '../../base/toasts.tsx'
import { Loading } from '../../parts/load-state.tsx'
import type { AgentTab } from './agent-tab.ts'
import { DefinitionEditor } from './definition-editor.tsx'
import { typeOf, useValidation } from './validation.ts'
import { nextVersion, versionIn, withVersion } from './version-text.ts'

/** What was typed and not saved, by agent and version: it survives a look at another page. */
const typed = signal<Readonly<Record<string, string>>>({})

/** The text of one version. What is published never changes: an edit of it is saved as the version after it. */
export function DefinitionTab({ agent, versions, reload }: AgentTab) {
  const { id } = agent
  const chosen = versions.find(({ version }) => version === queryOf('version')) ?? versions[0]
  const key = `${id}@${chosen?.version ?? ''}`
  const stored = useSource(id, chosen)
  const text = typed.value[key] ?? stored.value
  const mayEdit = may('operator')
  const validation = useValidation(mayEdit ? text : undefined)
  if (!chosen) return null
  if (text === undefined) return <Loading />

  const edited = text !== stored.value
  const setText = (next: string | undefined): void => {
    const { [key]: _old, ...rest } = typed.value
    typed.value = next === undefined || next === stored.value ? rest : { ...rest, [key]: next }
  }
  const says = versionIn(text)
  const clashes = edited && chosen.status !== 'draft' && says === chosen.version
  const isValid = validation?.text === text && validation.problems.length === 0
  const save = async (): Promise<void> => {
    if (!isValid || clashes || !edited) return
    await attempt(async () => {
      const { version } = await post<AgentVersion>('/v1/agents', { body: text, contentType: typeOf(text) })
      setText(undefined)
      stored.value = version === chosen.version ? text : stored.value
      reload()
      setQuery({ version })
    }, 'Saved as a draft')
  }
  const publish = async (): Promise<void> => {
    const path = pathOf('agents', id, 'versions', chosen.version, 'publish')
    if (await attempt(() => post(path), `${id} ${chosen.version} is published`)) reload()
  }
  return (
    <DefinitionEditor
      text={text}
      validation={validation}
      readOnly={!mayEdit}
      onChange={setText}
      onSave={() => void save()}
      note={
        clashes && (
          <p class="editor-note">
            Version {chosen.version} is {chosen.status} and never changes.{' '}
            <button
              type="button"
              class="link"
              onClick={() => setText(withVersion(text, freeVersion(chosen, versions)))}
            >
              Make it {freeVersion(chosen, versions)}
            </button>
          </p>
        )
      }
    >
      <select
        aria-label="Version"
        value={chosen.version}
        onChange={(event) => setQuery({ version: event.currentTarget.value })}
      >
        {versions.map(({ version, status }) => (
          <option key={version} value={version}>
            {version} · {status}
          </option>
        ))}
      </select>
      {mayEdit && (
        <>
          <button
            type="button"
            class={`button ${edited ? 'primary' : ''}`}
            disabled={!edited || !isValid || clashes}
            onClick={() => void save()}
          >
            Save as draft
          </button>
          {chosen.status === 'draft' && (
            <button
              type="button"
              class={`button ${edited ? '' : 'primary'}`}
              disabled={edited}
              title={edited ? 'Save it first' : 'New instances get it, and its triggers route'}
              onClick={() => void publish()}
            >
              Publish {chosen.version}
            </button>
          )}
          {edited && (
            <button type="button" class="button" onClick={() => setText(undefined)}>
              Undo the edit
            </button>
          )}
        </>
      )}
      <a class="button" href={pathOf('agents', id, 'versions', chosen.version, 'export')} download>
        <Icon name="download" size={14} /> Export
      </a>
    </DefinitionEditor>
  )
}

/** The bytes as they were imported. */
function useSource(id: string, version: AgentVersion | undefined) {
  const source = useSignal<string | undefined>(undefined)
  useEffect(() => {
    source.value = undefined
    if (!version) return undefined
    const reading = new AbortController()
    getText(pathOf('agents', id, 'versions', version.version, 'export'), reading.signal).then(
      (text) => (source.value = text),
      (error: unknown) => {
        if (!reading.signal.aborted) complain(error)
      },
    )
    return () => reading.abort()
  }, [id, version?.version, version?.contentHash])
  return source
}

/** The next patch after the chosen one that nobody has taken. */
function freeVersion({ version }: AgentVersion, versions: readonly AgentVersion[]): string {
  let next = nextVersion(version)
  while (versions.some((one) => one.version === next && one.status !== 'draft')) next = nextVersion(next)
  return next
}
