import { create, type Delta } from 'jsondiffpatch'

/** Lists of things that have an id are compared by it, so that one that moved is not all of them changed. */
const differ = create({
  objectHash: (item, index) => {
    const id = 'id' in item ? item.id : undefined
    return typeof id === 'string' ? id : `#${index ?? 0}`
  },
})

interface Change {
  path: string
  kind: 'added' | 'removed' | 'changed' | 'moved'
  before: unknown
  after: unknown
}

/** What differs between two JSON values: one line for each member that does. */
export function Diff({ before, after }: { before: unknown; after: unknown }) {
  const changes = changesOf(differ.diff(before, after), '')
  if (changes.length === 0) return <p class="muted">The same as before.</p>
  const words = { added: '+', removed: '−', changed: '~', moved: '↕' }
  return (
    <ul class="diff" aria-label="What changed">
      {changes.map(({ path, kind, before: old, after: fresh }) => (
        <li key={path + kind} data-kind={kind}>
          <span class="diff-mark" role="img" aria-label={kind}>
            {words[kind]}
          </span>
          <span class="diff-path">{path}</span>
          <span class="diff-values">
            {(kind === 'removed' || kind === 'changed') && <del>{textOf(old)}</del>}
            {(kind === 'added' || kind === 'changed') && <ins>{textOf(fresh)}</ins>}
          </span>
        </li>
      ))}
    </ul>
  )
}

/** jsondiffpatch's own format: `[new]`, `[old, new]`, `[old, 0, 0]`, and for lists `_t: 'a'` with `_index` for what left. */
function changesOf(delta: Delta, path: string): Change[] {
  if (delta === undefined) return []
  if (Array.isArray(delta)) {
    const [first, second, mark] = delta
    if (delta.length === 1) return [{ path, kind: 'added', before: undefined, after: first }]
    if (delta.length === 2) return [{ path, kind: 'changed', before: first, after: second }]
    return [{ path, kind: mark === 3 ? 'moved' : 'removed', before: first, after: undefined }]
  }
  const isList = '_t' in delta
  return Object.entries(delta).flatMap(([key, inner]) => {
    if (key === '_t') return []
    const name = isList ? `[${key.replace(/^_/, '')}]` : `${path === '' ? '' : '.'}${key}`
    return changesOf(inner, path + name)
  })
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}
