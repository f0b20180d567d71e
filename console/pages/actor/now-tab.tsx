import type { Why } from '../../api/answers.ts'
import { actorPath } from '../../base/router.ts'
import { may } from '../../base/session.ts'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Ago, Countdown } from '../../parts/time.tsx'
import { eventName, stateText } from '../../parts/words.ts'
import type { TabProps } from './tab.ts'

/** Why it stands where it stands: the state in the author's words, what runs, what it would take, and what waits for it. */
export function NowTab({ model, onEvent }: TabProps) {
  const why = model.why.value
  if (!why) return <p class="muted">Reading…</p>
  const mail = model.mailbox.value
  return (
    <>
      <section>
        <h2>State</h2>
        {spoken(why.states).map(({ path, description }) => (
          <p key={path}>
            <strong>{path}</strong> <span class="muted">{description}</span>
          </p>
        ))}
        {why.states.length === 0 && <p class="muted">None.</p>}
      </section>
      <UnderWay why={why} />
      <Events why={why} onEvent={onEvent} />
      <section>
        <h2>
          Mailbox <span class="number">{mail.length}</span>
        </h2>
        {mail.length === 0 && <p class="muted">Nothing waits to be taken.</p>}
        <ol class="actor-lines">
          {mail.map((message) => (
            <li key={message.messageId}>
              <strong class="clip">{eventName(message.event.type)}</strong>
              <span class="muted clip">{message.sender ?? ''}</span>
              <Ago at={message.createdAt} />
            </li>
          ))}
        </ol>
      </section>
    </>
  )
}

/** The innermost states, and those around them of which their author had something to say. */
function spoken(states: Why['states']): Why['states'] {
  return states.filter(
    ({ path, description }) => description !== null || !states.some((inner) => inner.path.startsWith(`${path}.`)),
  )
}

function UnderWay({ why: { delays, invocations, children } }: { why: Why }) {
  if (delays.length + invocations.length + children.length === 0) return null
  return (
    <section>
      <h2>Under way</h2>
      <ul class="actor-lines">
        {invocations.map(({ id, src, since, attempt, running, progress }) => (
          <li key={id}>
            <strong class="clip">
              {progress ? `Step ${progress.step} of ${progress.of}: ${progress.name ?? src}` : src}
            </strong>
            <span class="muted">
              {running ? '' : 'waits for a worker '}
              {attempt > 1 ? `try ${attempt}` : ''}
            </span>
            <Ago at={since} />
          </li>
        ))}
        {delays.map(({ id, event, dueAt, target }) => (
          <li key={id}>
            <strong class="clip">{eventName(event)}</strong>
            <span class="muted clip">{target === null ? '' : `to ${target}`}</span>
            <span>
              in <Countdown until={dueAt} over="a moment" />
            </span>
          </li>
        ))}
        {children.map(({ address, value }) => (
          <li key={address}>
            <a class="clip" href={actorPath(address)}>
              {address}
            </a>
            <StateBadge state={stateText(value)} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Events({ why, onEvent }: { why: Why; onEvent(type: string): void }) {
  const taken = why.events.filter(({ accepted }) => accepted !== false)
  const refused = why.events.filter(({ accepted }) => accepted === false)
  return (
    <section>
      <h2>Takes now</h2>
      {taken.length === 0 && <p class="muted">No event moves it any more.</p>}
      <ul class="actor-verdicts">
        {taken.map(({ type, forPeople, reason, changes }) => (
          <li key={type}>
            {forPeople && may('operator') ? (
              <button type="button" class="chip" onClick={() => onEvent(type)}>
                {eventName(type)}
              </button>
            ) : (
              <span class="chip">{eventName(type)}</span>
            )}
            <span class="muted">{reason ?? (changes ? '' : 'and stays as it is')}</span>
          </li>
        ))}
      </ul>
      {refused.length > 0 && (
        <details>
          <summary>Refuses now: {refused.length}</summary>
          <ul class="actor-verdicts">
            {refused.map(({ type, guards, reason }) => (
              <li key={type}>
                <span class="chip" data-refused>
                  {eventName(type)}
                </span>
                <span class="muted">
                  {guards.length > 0 ? `guard ${guards.join(', ')} says no` : (reason ?? 'not in this state')}
                </span>
              </li>
            ))}
          </ul>
        </details>
      )}
    </section>
  )
}
