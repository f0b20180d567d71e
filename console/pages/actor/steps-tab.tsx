import type { RunInFull } from '../../api/answers.ts'
import { pathOf } from '../../api/client.ts'
import { actorPath } from '../../base/router.ts'
import { useResource } from '../../live/resource.ts'
import { JsonTree } from '../../parts/json-tree.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Duration } from '../../parts/time.tsx'
import type { TabProps } from './tab.ts'

/** What this run did, step by step, and the pictures it judged by. */
export function StepsTab({ model, name }: TabProps) {
  const run = useResource<RunInFull>(pathOf('runs', name), [model.address]).data.value
  if (!run) return <p class="muted">Reading…</p>
  return (
    <>
      <dl class="actor-facts">
        <dt>For</dt>
        <dd>
          <a href={`/events/${encodeURIComponent(run.event.id)}`}>{run.event.type}</a>
        </dd>
        <dt>By</dt>
        <dd>
          <a href={actorPath(run.instance)}>{run.instance}</a>
        </dd>
        <dt>Device</dt>
        <dd>{run.device === null ? 'none' : <a href={actorPath(`device/${run.device}`)}>{run.device}</a>}</dd>
        <dt>Took</dt>
        <dd>
          <Duration from={run.startedAt} to={run.endedAt} />
        </dd>
        {run.reason !== null && (
          <>
            <dt>Reason</dt>
            <dd>{run.reason}</dd>
          </>
        )}
      </dl>
      {run.steps.length === 0 && <p class="muted">No step yet.</p>}
      <ol class="actor-steps">
        {run.steps.map((step) => (
          <li key={`${step.position}.${step.attempt}`}>
            <div class="step-head">
              <strong class="clip">
                {step.position + 1}. {step.step}
              </strong>
              <StateBadge state={step.status} />
              <Duration from={step.startedAt} to={step.endedAt} />
            </div>
            <p class="muted mono">
              {step.tool}
              {step.attempt > 1 ? `, try ${step.attempt}` : ''}
            </p>
            <Details step={step} />
            <Evidence run={run} step={step.step} />
          </li>
        ))}
      </ol>
    </>
  )
}

function Details({ step: { input, output, error } }: { step: RunInFull['steps'][number] }) {
  return (
    <details>
      <summary>{error === null ? 'In and out' : 'What went wrong'}</summary>
      <JsonTree value={{ ...(error === null ? {} : { error }), input, output }} depth={2} />
    </details>
  )
}

/** The session's cookie goes along with an image, as with every other call. */
function Evidence({ run, step }: { run: RunInFull; step: string }) {
  const pictures = run.evidence.filter((one) => one.step === step && one.mediaType.startsWith('image/'))
  return (
    <>
      {pictures.map(({ id }) => {
        const href = pathOf('runs', run.id, 'evidence', id)
        return (
          <a key={id} class="actor-evidence" href={href} target="_blank" rel="noopener">
            <img src={href} alt={`What step ${step} saw`} width="320" height="180" />
          </a>
        )
      })}
    </>
  )
}
