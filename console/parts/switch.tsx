import './switch.css'

/** On or off, at once. Who may not change it sees the word only. */
export function Switch({
  label,
  on,
  onChange,
}: {
  /** What is on or off, for people who hear the page. */
  label: string
  on: boolean
  /** Absent: it can only be read. */
  onChange?: ((on: boolean) => void) | undefined
}) {
  const word = on ? 'Enabled' : 'Disabled'
  if (!onChange) return <span class="switch-word">{word}</span>
  return (
    <button
      type="button"
      class="switch"
      role="switch"
      aria-checked={on}
      aria-label={label}
      onClick={() => onChange(!on)}
    >
      <span class="switch-word">{word}</span>
      <span class="switch-track" aria-hidden="true" />
    </button>
  )
}
