import type { AgentVersion } from '../../api/answers.ts'
import { pathOf, withQuery } from '../../api/client.ts'
import { queryOf, setQuery } from '../../base/router.ts'
import { useResource } from '../../live/resource.ts'
import { Loading, LoadProblem } from '../../parts/load-state.tsx'
import { tint } from '../../parts/tint.ts'
import { countText } from '../../parts/words.ts'

interface Hunk {
  oldStart: number
  newStart: number
  /** Each begins with ` `, `-` or `+`. */
  lines: string[]
}
interface Change {
  path: string
  kind: 'added' | 'removed' | 'changed'
  from: unknown
  to: unknown
}

/** What differs between two versions: by meaning, and line by line. Which two is part of the address. */
export function Compare({
  id,
  versions,
  current,
}: {
  id: string
  versions: readonly AgentVersion[]
  current: string | null
}) {
  const names = versions.map(({ version }) => version)
  const to = known(names, queryOf('to')) ?? names[0] ?? ''
  const before = names[names.indexOf(to) + 1]
  const from = known(names, queryOf('from')) ?? (current !== null && current !== to ? current : (before ?? to))
  const path = from === to ? null : withQuery(pathOf('agents', id, 'diff'), { from, to })
  const { data, error, reload } = useResource<{ hunks: Hunk[]; changes: Change[] }>(path)
  const choose = (name: 'from' | 'to', value: string) => (
    <select
      aria-label={name === 'from' ? 'From version' : 'To version'}
      value={value}
      onChange={(event) => setQuery({ [name]: event.currentTarget.value })}
    >
      {versions.map(({ version, status }) => (
        <option key={version} value={version}>
          {version} · {status}
        </option>
      ))}
    </select>
  )
  const found = data.value
  return (
    <div class="compare">
      <p class="compare-bar">
        {choose('from', from)} <span aria-hidden="true">→</span> {choose('to', to)}
        {found && from !== to && (
          <span class="muted small">{countText(found.changes.length, 'change')} in meaning</span>
        )}
      </p>
      {from === to && <p class="muted">Choose two different versions.</p>}
      {from !== to && !found && (error.value ? <LoadProblem error={error.value} onRetry={reload} /> : <Loading />)}
      {from !== to && found && (
        <>
          <ul class="diff" aria-label="What changed in meaning">
            {found.changes.map((change) => (
              <Meaning key={change.path} change={change} />
            ))}
          </ul>
          {found.hunks.length === 0 ? <p class="muted">The texts are the same.</p> : <Hunks hunks={found.hunks} />}
        </>
      )}
    </div>
  )
}

function Meaning({ change: { path, kind, from, to } }: { change: Change }) {
  const marks = { added: '+', removed: '−', changed: '~' }
  return (
    <li data-kind={kind}>
      <span class="diff-mark" role="img" aria-label={kind}>
        {marks[kind]}
      </span>
      <span class="diff-path">{path}</span>
      <span class="diff-values">
        {kind !== 'added' && <del>{shown(from)}</del>}
        {kind !== 'removed' && <ins>{shown(to)}</ins>}
      </span>
    </li>
  )
}

function Hunks({ hunks }: { hunks: readonly Hunk[] }) {
  return (
    <div class="hunks" role="region" aria-label="Line by line" tabIndex={0}>
      <table>
        <thead class="quiet">
          <tr>
            <th>Line before</th>
            <th>Line after</th>
            <th>Change</th>
            <th>Text</th>
          </tr>
        </thead>
        {hunks.map((hunk) => (
          <tbody key={`${hunk.oldStart} ${hunk.newStart}`}>{rowsOf(hunk)}</tbody>
        ))}
      </table>
    </div>
  )
}

function rowsOf({ oldStart, newStart, lines }: Hunk) {
  let [old, fresh] = [oldStart, newStart]
  return lines.map((line, index) => {
    const mark = line.slice(0, 1)
    const before = mark === '+' ? '' : old++
    const after = mark === '-' ? '' : fresh++
    return (
      <tr key={index} data-mark={mark}>
        <td class="number">{before}</td>
        <td class="number">{after}</td>
        <td>{mark}</td>
        <td>
          {tint(line.slice(1), 'yaml').map(([kind, text], at) => (
            <span key={at} class={kind === '' ? undefined : `tint-${kind}`}>
              {text}
            </span>
          ))}
        </td>
      </tr>
    )
  })
}

function known(names: readonly string[], wanted: string): string | undefined {
  return names.find((name) => name === wanted)
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
