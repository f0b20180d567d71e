import { useSignal } from '@preact/signals'
import { Icon } from '../base/icon.tsx'

/** Members shown before the rest is asked for. */
const FIRST = 50
const LONG = 160

/** Any JSON, folded below `depth`. Nothing folded is rendered, so that large values cost nothing. */
export function JsonTree({ value, depth = 2, name }: { value: unknown; depth?: number; name?: string }) {
  if (typeof value !== 'object' || value === null) {
    return (
      <div class="json-line">
        {name !== undefined && <span class="json-key">{name}</span>}
        <Scalar value={value} />
      </div>
    )
  }
  return <Branch value={value} depth={depth} name={name} />
}

function Branch({ value, depth, name }: { value: object; depth: number; name: string | undefined }) {
  const open = useSignal(depth > 0)
  const shown = useSignal(FIRST)
  const members = Object.entries(value)
  const isList = Array.isArray(value)
  const size = isList ? `[${members.length}]` : `{${members.length}}`
  if (members.length === 0) {
    return (
      <div class="json-line">
        {name !== undefined && <span class="json-key">{name}</span>}
        <span class="json-mark">{isList ? '[ ]' : '{ }'}</span>
      </div>
    )
  }
  const body = (
    <div class="json-body">
      {members.slice(0, shown.value).map(([key, inner]) => (
        <JsonTree key={key} name={key} value={inner} depth={depth - 1} />
      ))}
      {members.length > shown.value && (
        <button type="button" class="link" onClick={() => (shown.value += 10 * FIRST)}>
          {members.length - shown.value} more
        </button>
      )}
    </div>
  )
  if (name === undefined) return <div class="json">{body}</div>
  return (
    <div class="json-branch">
      <button type="button" class="json-line" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
        <Icon name="chevron" size={10} />
        <span class="json-key">{name}</span>
        <span class="json-mark">{size}</span>
      </button>
      {open.value && body}
    </div>
  )
}

function Scalar({ value }: { value: unknown }) {
  const open = useSignal(false)
  const text = typeof value === 'string' ? value : String(JSON.stringify(value))
  const type = value === null ? 'null' : typeof value
  if (text.length <= LONG || open.value)
    return <span class={`json-value json-${type}`}>{text === '' ? '""' : text}</span>
  return (
    <span class={`json-value json-${type}`}>
      {text.slice(0, LONG)}…{' '}
      <button type="button" class="link" onClick={() => (open.value = true)}>
        {text.length - LONG} more
      </button>
    </span>
  )
}
