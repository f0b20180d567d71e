import type { Actor, Forked, Instance } from '../../api/answers.ts'
import { pathOf, post, withQuery } from '../../api/client.ts'
import { Icon } from '../../base/icon.tsx'
import { actorPath, navigate } from '../../base/router.ts'
import { may } from '../../base/session.ts'
import { attempt } from '../../base/toasts.tsx'
import { useResource } from '../../live/resource.ts'
import { AgentControls } from '../../parts/agent-controls.tsx'
import { confirmed } from '../../parts/confirm-dialog.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Ago, Countdown } from '../../parts/time.tsx'
import { eventName, stateText } from '../../parts/words.ts'
import type { ActorModel } from './model.ts'
import { RunControls } from './run-controls.tsx'

interface HeadProps {
  model: ActorModel
  kind: string
  name: string
}

const INSPECTION =
  'A sealed copy begins with the state it had then: it takes events and steps by the same rules, and nothing that it asks for is done. A place to ask “what if”.'
const FORK: Readonly<Record<string, string>> = { agent: INSPECTION, run: INSPECTION, alert: INSPECTION }
/** What there is one of in the world has no second. */
const NOT_FORKED = /^(device|lock)$/

/** Where actors of a kind are listed. */
const LISTS: Readonly<Record<string, string>> = {
  agent: '/instances',
  run: '/runs',
  device: '/devices',
  alert: '/alerts',
}

/** Who it is, where it stands, what it waits for, and what one can tell it. */
export function ActorHead({ model, kind, name }: HeadProps) {
  const actor = model.actor.value
  const at = model.at.value
  const move = model.last.value
  // The stream tells at once what is read again in full a moment later.
  const now = actor && move && move.revision > actor.revision ? move.to : actor?.value
  const value = at === undefined ? now : (model.last.value?.to ?? model.moment.value?.value)
  return (
    <header class="actor-head">
      <div class="actor-name">
        <p class="crumbs">
          <Place kind={kind} />
          <span aria-hidden="true">/</span>
          <Parent actor={actor} />
          <span class="mono">{model.address}</span>
        </p>
        <h1>
          <span class="clip">{kind === 'agent' ? <Nickname id={name} /> : name}</span>{' '}
          {value !== undefined && <StateBadge state={stateText(value)} />}
          {actor?.sealed && <span class="chip">inspection: nothing it asks for is done</span>}
        </h1>
      </div>
      {actor && at === undefined && (
        <div class="actor-controls">
          {kind === 'agent' && (
            <AgentControls
              id={name}
              state={stateText(actor.value)}
              nextEvents={actor.nextEvents}
              revision={model.head.value}
              onDone={model.reload}
            />
          )}
          {kind === 'run' && <RunControls id={name} actor={actor} revision={model.head.value} onDone={model.reload} />}
        </div>
      )}
      <p class="waits">
        {at === undefined ? <Waits model={model} /> : <Past model={model} at={at} kind={kind} name={name} />}
      </p>
    </header>
  )
}

function Place({ kind }: { kind: string }) {
  const list = LISTS[kind]
  return list === undefined ? <span>{kind}</span> : <a href={list}>{list.slice(1)}</a>
}

function Nickname({ id }: { id: string }) {
  const instance = useResource<Instance>(pathOf('instances', id)).data.value
  return <>{instance?.nickname ?? instance?.name ?? id}</>
}

function Parent({ actor }: { actor: Actor | undefined }) {
  const parent = actor?.parent
  const origin = actor?.forkedFrom
  return (
    <>
      {parent && (
        <>
          <a href={actorPath(parent)}>{parent}</a> <span aria-hidden="true">/</span>
        </>
      )}
      {origin && (
        <a class="chip" href={actorPath(origin.address, `?at=${origin.revision}`)}>
          <Icon name="fork" size={12} /> from {origin.address} at {origin.revision}
        </a>
      )}
    </>
  )
}

/** The one line that says why nothing happens, or what does. */
function Waits({ model }: { model: ActorModel }) {
  const actor = model.actor.value
  if (!actor) return <>Reading…</>
  const move = model.last.value
  // The stream is ahead of what was read: for a moment, or for as long as the server is away.
  if (move && move.revision > actor.revision) {
    return (
      <>
        Just took <strong>{eventName(move.event.type)}</strong>
      </>
    )
  }
  const since = model.why.value?.since
  const timer = model.why.value?.delays[0]
  return (
    <>
      {/^(done|error|stopped)$/.test(actor.status) ? (
        <>
          It has ended: <strong>{actor.status}</strong>
        </>
      ) : (
        <>
          <Icon name="clock" size={13} /> Waits for{' '}
          <strong>
            {timer && actor.waitingFor.startsWith('a timer ') ? (
              <>
                {eventName(timer.event)}, due in <Countdown until={timer.dueAt} over="a moment" />
              </>
            ) : (
              actor.waitingFor || 'nothing'
            )}
          </strong>
        </>
      )}
      {since && (
        <span class="muted">
          {' '}
          · {stateText(actor.value)} since <Ago at={since} />
        </span>
      )}
    </>
  )
}

function Past({ model, at, kind, name }: HeadProps & { at: number }) {
  const fork = async (): Promise<void> => {
    const reason = await confirmed({
      title: `Fork ${model.address} at revision ${at}?`,
      text: FORK[kind] ?? 'A new actor begins with the state it had then. Work that was under way is not done again.',
      action: 'Fork',
    })
    if (reason === undefined) return
    await attempt(async () => {
      const made = await post<Forked>(withQuery(pathOf('actors', kind, name, 'fork'), { at }))
      navigate(actorPath(made.address))
    }, 'Forked')
  }
  return (
    <>
      <span class="past-mark">
        <Icon name="clock" size={13} /> As it was at revision {at}
      </span>{' '}
      {model.last.value && <Ago at={model.last.value.at} />}{' '}
      <button type="button" class="button" onClick={() => model.look(undefined)}>
        Back to now
      </button>{' '}
      {may('operator') && !NOT_FORKED.test(kind) && (
        <button type="button" class="button" onClick={() => void fork()}>
          <Icon name="fork" size={14} /> Fork from here
        </button>
      )}
    </>
  )
}
