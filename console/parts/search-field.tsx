import { useRef } from 'preact/hooks'
import { Icon } from '../base/icon.tsx'
import { useShortcuts } from '../base/keyboard.ts'
import { queryOf, setQuery } from '../base/router.ts'

/** What is typed is a member of the address (`?q=`), so that the link shows the same. `/` leads here. */
export function SearchField({ label, name = 'q' }: { label: string; name?: string }) {
  const field = useRef<HTMLInputElement>(null)
  useShortcuts([{ keys: '/', label: 'Search', run: () => field.current?.focus() }])
  return (
    <label class="search">
      <Icon name="search" />
      <input
        ref={field}
        type="search"
        aria-label={label}
        placeholder={`${label}  /`}
        value={queryOf(name)}
        onInput={(event) => setQuery({ [name]: event.currentTarget.value })}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur()
        }}
      />
    </label>
  )
}
