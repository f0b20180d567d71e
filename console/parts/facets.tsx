import { queryOf, setQuery } from '../base/router.ts'

export interface Choice {
  /** Empty: no filter. */
  value: string
  label: string
  count?: number | undefined
}

/** A few choices side by side, of which one holds; kept in the address. */
export function ChipFacet({ name, label, choices }: { name: string; label: string; choices: readonly Choice[] }) {
  const current = queryOf(name)
  return (
    <div class="chips" role="group" aria-label={label}>
      {choices.map(({ value, label: text, count }) => (
        <button
          key={value}
          type="button"
          class="chip"
          aria-pressed={value === current}
          onClick={() => setQuery({ [name]: value === current ? '' : value })}
        >
          {text}
          {count !== undefined && <span class="number">{count.toLocaleString('en')}</span>}
        </button>
      ))}
    </div>
  )
}

/** Many choices, of which one or none holds; kept in the address, which may name one that is not in the list. */
export function SelectFacet({ name, label, choices }: { name: string; label: string; choices: readonly Choice[] }) {
  const current = queryOf(name)
  const known = choices.some(({ value }) => value === current)
  return (
    <select
      class="facet"
      aria-label={label}
      value={current}
      data-set={current === '' ? undefined : 'true'}
      onChange={(event) => setQuery({ [name]: event.currentTarget.value })}
    >
      <option value="">{label}: any</option>
      {!known && current !== '' && <option value={current}>{current}</option>}
      {choices.map(({ value, label: text, count }) => (
        <option key={value} value={value}>
          {text}
          {count === undefined ? '' : ` (${count.toLocaleString('en')})`}
        </option>
      ))}
    </select>
  )
}

/** Takes all filters away; there only while one holds. */
export function ClearFacets({ names }: { names: readonly string[] }) {
  if (names.every((name) => queryOf(name) === '')) return null
  return (
    <button
      type="button"
      class="link small"
      onClick={() => setQuery(Object.fromEntries(names.map((name) => [name, ''])))}
    >
      Clear filters
    </button>
  )
}
