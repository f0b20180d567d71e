import type { Actor } from '../../api/answers.ts'
import { pathOf } from '../../api/client.ts'
import { useResource } from '../../live/resource.ts'
import { JsonTree } from '../../parts/json-tree.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { stateText } from '../../parts/words.ts'
import type { Params } from '../page.ts'

/** One actor: where it stands, and how it came there. */
export function ActorView({ params: { kind = '', key = '' } }: { params: Params }) {
  const actor = useResource<Actor>(pathOf('actors', kind, key), [`${kind}/${key}`]).data.value
  return (
    <>
      <PageHead title={`${kind}/${key}`}>{actor && <StateBadge state={stateText(actor.value)} />}</PageHead>
      {actor && <JsonTree value={actor.context} />}
    </>
  )
}
