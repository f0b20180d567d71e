import type { HistoryEntry } from '../../api/answers.ts'
import { JsonTree } from '../../parts/json-tree.tsx'
import { eventName, stateText } from '../../parts/words.ts'
import { actorPath } from '../../shell/router.ts'
import type { TabProps } from './panel.tsx'

/** One transition of the past: what came, from whom and why, what it changed, and what it asked for. */
export function ThenTab({ model }: TabProps) {
  const at = model.at.value ?? model.head.value
  const entry = model.history.at(at)
  const next = model.history.at(at + 1)
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
      <section>
        <h3>Took next</h3>
        {next ? (
          <button type="button" class="chip" onClick={() => model.look(at + 1)}>
            {eventName(next.event.type)} → {stateText(next.to)}
          </button>
        ) : (
          <p class="muted">Nothing yet.</p>
        )}
      </section>
    </>
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
