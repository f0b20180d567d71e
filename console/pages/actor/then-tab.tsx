import type { HistoryEntry } from '../../api/answers.ts'
import { actorPath } from '../../base/router.ts'
import { JsonTree } from '../../parts/json-tree.tsx'
import { durationText, eventName, stateText } from '../../parts/words.ts'
import type { TabProps } from './tab.ts'

/** One transition of the past: what came, from whom and why, what it changed, and what it asked for. */
export function ThenTab({ model }: TabProps) {
  const at = model.at.value ?? model.head.value
  const entry = model.history.at(at) ?? model.moment.value?.entry
  if (!entry) return <p class="muted">Reading…</p>
  const { type, ...payload } = entry.event
  return (
    <>
      <section>
        <h2>Came</h2>
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
        <h2>Because of</h2>
        <Cause entry={entry} />
      </section>
      <section>
        <h2>Went</h2>
        <p>
          {stateText(entry.from)} → <strong>{stateText(entry.to)}</strong>
        </p>
      </section>
      <section>
        <h2>
          Asked for <span class="number">{entry.effects.length}</span>
        </h2>
        {entry.effects.length === 0 ? <p class="muted">Nothing.</p> : <Effects effects={entry.effects} />}
      </section>
      <Waiting model={model} />
    </>
  )
}

/** One line each, in words; whole behind it. */
function Effects({ effects }: { effects: HistoryEntry['effects'] }) {
  return (
    <div class="json">
      {effects.map((effect, index) => (
        <JsonTree key={index} name={wordsOf(effect)} value={effect} depth={0} />
      ))}
    </div>
  )
}

function wordsOf(effect: HistoryEntry['effects'][number]): string {
  switch (effect.type) {
    case 'send':
      return `send ${eventName(effect.event.type)} to ${'address' in effect.to ? effect.to.address : effect.to.systemId}`
    case 'timer':
      return `${eventName(effect.event.type)} in ${durationText(effect.delayMs)}`
    case 'cancel':
      return `cancel ${eventName(effect.id)}`
    case 'invoke':
      return `invoke ${effect.src}`
    case 'spawn':
      return `start ${effect.address}`
    case 'stop':
      return `stop ${effect.address ?? effect.id}`
    case 'emit':
      return `publish ${effect.event.type}`
    case 'action':
      return `do ${effect.name}`
  }
}

/** What lay in its mailbox then, and which revision took it. */
function Waiting({ model }: Pick<TabProps, 'model'>) {
  const moment = model.moment.value
  if (!moment) return null
  const { mailbox } = moment
  return (
    <section>
      <h2>
        In its mailbox then <span class="number">{mailbox?.length ?? ''}</span>
      </h2>
      {mailbox === null && <p class="muted">Nobody wrote down when messages came.</p>}
      {mailbox?.length === 0 && <p class="muted">Nothing.</p>}
      <ol class="actor-lines">
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
    <dl class="actor-facts">
      <dt>Sender</dt>
      <dd>
        <Sender name={sender} />
      </dd>
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

function Sender({ name }: { name: string | null }) {
  if (name === null) return <>itself</>
  const [, person] = /^user\/(.+)$/.exec(name) ?? []
  if (person !== undefined) return <>{person}, by hand or by key</>
  return ADDRESS.test(name) ? <a href={actorPath(name)}>{name}</a> : <>{name}</>
}
