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
  const then = model.then.value
  if (!then) return <p class="muted">Replaying…</p>
  return (
    <>
      <section>
        <h3>Changed by revision {then.is.revision}</h3>
        {then.was ? (
          <Diff before={then.was.context} after={then.is.context} />
        ) : (
          <p class="muted">It was born with this.</p>
        )}
      </section>
      <section data-context={then.is.revision}>
        <h3>Context</h3>
        <JsonTree value={then.is.context} />
      </section>
    </>
  )
}
