import type { TriggerWords } from './definition.ts'

/** What an agent listens to, in words. */
export function TriggerList({ triggers, most = 99 }: { triggers: readonly TriggerWords[]; most?: number }) {
  if (triggers.length === 0)
    return <p class="muted small">Listens to nothing: it works when somebody sends it a task.</p>
  const left = triggers.length - most
  return (
    <ul class="triggers">
      {triggers.slice(0, most).map(({ name, on, conditions, priority }, index) => (
        <li key={index} title={name}>
          <span class="muted">on</span>{' '}
          {on.map((pattern, place) => (
            <span key={pattern}>
              {place > 0 && <span class="muted"> or </span>}
              <code>{pattern}</code>
            </span>
          ))}
          {conditions.map((condition) => (
            <span key={condition} class="muted">
              {' '}
              · {condition}
            </span>
          ))}
          {priority !== '' && <span class="muted"> · priority {priority}</span>}
        </li>
      ))}
      {left > 0 && <li class="muted">and {left} more</li>}
    </ul>
  )
}
