import type { Device } from '../../api/answers.ts'
import { pathOf } from '../../api/client.ts'
import { actorPath } from '../../base/router.ts'
import { may } from '../../base/session.ts'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { Facts } from '../../parts/facts.tsx'
import { Ago } from '../../parts/time.tsx'
import { VouchButton } from '../devices/device-actions.tsx'
import { Owner } from '../devices/device-tile.tsx'
import { KindBadge } from './kind-badge.tsx'

/** A device that nobody is given: why, since when, who waits for it, and the word that gives it out again. */
export function DeviceInDoubt({ device, onDone }: { device: Device; onDone: () => void }) {
  const { id, name, pool, host, health, connectivity, doubt, holder, queue } = device
  const page = `/devices/${encodeURIComponent(id)}`
  return (
    <>
      <h2>
        {name} <KindBadge kind="device" />
      </h2>
      <p class="detail-line" data-tone="bad">
        It is {health}: {doubt?.reason ?? 'no reason was given'}
      </p>
      <Facts
        facts={[
          ['Device', <a href={page}>{id}</a>],
          ['Chart', <a href={actorPath(`device/${id}`)}>see where it stands</a>],
          ['Said by', doubt?.by],
          ['Since', doubt && <Ago at={doubt.since} />],
          ['Waits for it', queue === 0 ? 'nobody' : queue],
          ['Held by', holder && <Owner owner={holder.owner} />],
          ['Pool', pool],
          ['Host', host],
          ['Connectivity', connectivity],
        ]}
      />
      <p class="muted">
        Nobody new is given it. Look at it first: the next one finds it as it is. To keep it out while you mend it, take
        it out of service on its page.
      </p>
      <div class="side-buttons">
        {may('operator') && <VouchButton device={device} onDone={onDone} />}
        <a class="button" href={page}>
          Look at it
        </a>
      </div>
      {!may('operator') && <p class="muted">An operator vouches for it.</p>}
      <CurlHint method="POST" path={pathOf('devices', id, 'vouch')} body={{ reason: 'I looked' }} />
    </>
  )
}
