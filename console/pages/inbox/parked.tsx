import type { Actor, ActorSummary } from '../../api/answers.ts'
import { pathOf } from '../../api/client.ts'
import { actorPath } from '../../base/router.ts'
import { useResource } from '../../live/resource.ts'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { Facts } from '../../parts/facts.tsx'
import { Ago } from '../../parts/time.tsx'
import { stateText } from '../../parts/words.ts'
import { KindBadge } from './kind-badge.tsx'

/** An actor that its machine does not know any more. Nothing here mends it: a machine that knows its state does. */
export function ParkedInFull({ actor: { address, kind, key, value, revision, updatedAt } }: { actor: ActorSummary }) {
  const actor = useResource<Actor>(pathOf('actors', kind, key), [address]).data.value
  return (
    <>
      <h2>
        {address} <KindBadge kind="parked" />
      </h2>
      {actor && (
        <p class="detail-line" data-tone="bad">
          {actor.waitingFor}
        </p>
      )}
      <Facts
        facts={[
          ['State', stateText(value)],
          ['Revision', revision],
          ['Since', <Ago at={updatedAt} />],
        ]}
      />
      <p class="muted">
        Its mail waits and nothing is lost. Put a worker to work with a machine of kind <code>{kind}</code> that knows
        this state, and it goes on by itself.
      </p>
      <div class="side-buttons">
        <a class="button" href={actorPath(address)}>
          Look at it
        </a>
      </div>
      <CurlHint path="/v1/actors?status=parked" />
    </>
  )
}
