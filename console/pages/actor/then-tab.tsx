import type { HistoryEntry } from '../../api/answers.ts'
import { JsonTree } from '../../parts/json-tree.tsx'
import { eventName, stateText } from '../../parts/words.ts'
import { actorPath } from '../../shell/router.ts'
import type { TabProps } from './panel.tsx'

/** One transition of the past: what came, from whom and why, what it changed, and what it asked for. */
export function ThenTab({ model }: TabProps) {
  const at = model.at.value ?? model.head.value
  const entry = model.history.at(at) ?? model.moment.value?.entry
  if (!entry) return <p class="muted">Reading…</p>
  const { type, ...payload } = entry.event
  return (
    <>
      <section>
        <h3>Came</h3>
        <p>
          <strong>{eventName(type)}</strong>{' '}
          {!entry.handled && (
            <span class="chip" data-refused>
              not handled
            </span>
          )}{' '}
          <span class="muted">{new Date(entry.at).toLocaleString()}</span>
        </p>
        {Object.keys(payload).length > 0 && <JsonTree value={payload} depth={1} />}
      </section>
      <section>
        <h3>Because of</h3>
        <Cause entry={entry} />
      </section>
      <section>
        <h3>Went</h3>
        <p>
          {stateText(entry.from)} → <strong>{stateText(entry.to)}</strong>
        </p>
      </section>
      <section>
        <h3>
          Asked for <span class="number">{entry.effects.length}</span>
        </h3>
        {entry.effects.length === 0 ? <p class="muted">Nothing.</p> : <JsonTree value={entry.effects} depth={1} />}
      </section>
      <Waiting model={model} />
    </>
  )
}

/** What lay in its mailbox then, and which revision took it. */
function Waiting({ model }: Pick<TabProps, 'model'>) {
  const moment = model.moment.value
  if (!moment) return null
  const { mailbox } = moment
  return (
    <section>
      <h3>
        In its mailbox then <span class="number">{mailbox?.length ?? ''}</span>
      </h3>
      {mailbox === null && <p class="muted">Nobody wrote down when messages came.</p>}
      {mailbox?.length === 0 && <p class="muted">Nothing.</p>}
      <ol class="lines">
        {(mailbox ?? []).map(({ messageId, event, sender, takenAt }) => (
          <li key={messageId}>
            <strong class="clip">{eventName(event.type)}</strong>
            <span class="muted clip">{sender ?? ''}</span>
            {takenAt === null ? (
              <span class="muted">still waits</span>
            ) : (
              <button type="button" class="link" onClick={() => model.look(takenAt)}>
                taken at {takenAt}
              </button>
            )}
          </li>
        ))}
      </ol>
    </section>
  )
}

const ADDRESS = /^[a-z][\w-]*\/\S+$/i

/** Who sent it, which event in the log it goes back to, and which run it was. */
function Cause({ entry: { sender, cause, event, messageId } }: { entry: HistoryEntry }) {
  const run = 'run' in event && typeof event.run === 'string' ? event.run : undefined
  return (
    <dl class="facts">
      <dt>Sender</dt>
      <dd>{sender === null ? 'itself' : ADDRESS.test(sender) ? <a href={actorPath(sender)}>{sender}</a> : sender}</dd>
      {cause !== null && (
        <>
          <dt>Event</dt>
          <dd class="mono">
            <a href={`/events/${encodeURIComponent(cause.replace(/^event:/, ''))}`}>{cause}</a>
          </dd>
        </>
      )}
      {run !== undefined && (
        <>
          <dt>Run</dt>
          <dd class="mono">
            <a href={actorPath(ADDRESS.test(run) ? run : `run/${run}`)}>{run}</a>
          </dd>
        </>
      )}
      <dt>Message</dt>
      <dd class="mono">{messageId}</dd>
    </dl>
  )
}
