import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { EventInFull, LoggedEvent, Page } from '../../api/answers.ts'
import { getJson, pathOf, withQuery } from '../../api/client.ts'
import { ApiError } from '../../api/problem.ts'
import { useResource } from '../../live/resource.ts'
import { StateBadge } from '../../parts/state-badge.tsx'
import { timeText } from '../../parts/words.ts'
import { eventPath } from './events.tsx'

/** The platform refuses longer chains. */
const LONGEST = 8

/** What led to an event, from the first cause on, and what it led to. */
export function Chain({ event }: { event: LoggedEvent }) {
  const causes = useSignal<readonly LoggedEvent[]>([])
  useEffect(() => {
    const ended = new AbortController()
    void follow(event, ended.signal, (found) => (causes.value = found))
    return () => ended.abort()
  }, [event.id])
  const path = withQuery('/v1/events', { causationid: event.id, limit: 100 })
  const effects = useResource<Page<LoggedEvent>>(path, ['*']).data.value?.items ?? []
  if (causes.value.length === 0 && effects.length === 0) {
    return <p class="muted section-note">Nothing in the log led to it, and nothing came of it yet.</p>
  }
  return (
    <ol class="chain">
      {causes.value.map((one) => (
        <Link key={one.id} event={one} />
      ))}
      <Link event={event} current />
      {effects.toReversed().map((one) => (
        <Link key={one.id} event={one} />
      ))}
    </ol>
  )
}

function Link({
  event: { id, type, subject, source, receivedAt, status, depth },
  current = false,
}: {
  event: LoggedEvent
  current?: boolean
}) {
  return (
    <li style={{ '--depth': depth }} aria-current={current ? 'true' : undefined}>
      {current ? <strong>{type}</strong> : <a href={eventPath(id)}>{type}</a>}
      <span class="muted clip">{[subject, source].filter(Boolean).join(' · ')}</span>
      <StateBadge state={status} />
      <time class="number muted" dateTime={receivedAt}>
        {timeText(receivedAt)}
      </time>
    </li>
  )
}

/** Cause by cause upwards; what is told at each step is whole from its beginning. */
async function follow(from: LoggedEvent, ended: AbortSignal, tell: (found: LoggedEvent[]) => void): Promise<void> {
  let found: LoggedEvent[] = []
  let cause = from.causationid
  try {
    while (cause !== null && found.length < LONGEST) {
      const { event } = await getJson<EventInFull>(pathOf('events', cause), ended)
      found = [event, ...found]
      cause = event.causationid
      tell(found)
    }
  } catch (error) {
    // A sender may name a cause that was never logged here; what is known of the chain stays.
    if (!(error instanceof ApiError)) throw error
  }
}
