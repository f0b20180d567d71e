import { Diff } from '../../parts/diff.tsx'
import { JsonTree } from '../../parts/json-tree.tsx'
import type { TabProps } from './panel.tsx'

/** What the actor remembers, now or at a revision, and what that transition changed of it. */
export function ContextTab({ model }: TabProps) {
  if (model.at.value !== undefined) return <Past model={model} />
  const actor = model.actor.value
  if (!actor) return <p class="muted">Reading…</p>
  return (
    <>
      {actor.error !== undefined && (
        <section>
          <h3>Error</h3>
          <JsonTree value={actor.error} />
        </section>
      )}
      {actor.output !== undefined && (
        <section>
          <h3>Output</h3>
          <JsonTree value={actor.output} />
        </section>
      )}
      <section>
        <h3>Context</h3>
        <JsonTree value={actor.context} />
      </section>
    </>
  )
}

function Past({ model }: Pick<TabProps, 'model'>) {
  const moment = model.moment.value
  if (!moment) return <p class="muted">Replaying…</p>
  const { revision, before, context, otherDefinitions } = moment
  return (
    <>
      {otherDefinitions > 0 && (
        <p class="muted">
          {otherDefinitions} of the transitions before were made by another definition of this machine: this may differ
          from what was.
        </p>
      )}
      <section>
        <h3>Changed by revision {revision}</h3>
        {before ? <Diff before={before.context} after={context} /> : <p class="muted">It was born with this.</p>}
      </section>
      <section data-context={revision}>
        <h3>Context</h3>
        <JsonTree value={context} />
      </section>
    </>
  )
}
