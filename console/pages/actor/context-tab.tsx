import { Diff } from '../../parts/diff.tsx'
import { JsonTree } from '../../parts/json-tree.tsx'
import type { TabProps } from './tab.ts'

/** What the actor remembers, now or at a revision, and what that transition changed of it. */
export function ContextTab({ model }: TabProps) {
  if (model.at.value !== undefined) return <Past model={model} />
  const actor = model.actor.value
  if (!actor) return <p class="muted">Reading…</p>
  return (
    <>
      {actor.error !== undefined && (
        <section>
          <h2>Error</h2>
          <JsonTree value={actor.error} />
        </section>
      )}
      {actor.output !== undefined && (
        <section>
          <h2>Output</h2>
          <JsonTree value={actor.output} />
        </section>
      )}
      <section>
        <h2>Context</h2>
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
        <h2>Changed by revision {revision}</h2>
        {before ? <Diff before={before.context} after={context} /> : <p class="muted">It was born with this.</p>}
      </section>
      <section data-context={revision}>
        <h2>Context</h2>
        <JsonTree value={context} />
      </section>
    </>
  )
}
