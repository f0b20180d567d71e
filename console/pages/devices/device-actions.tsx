import type { Device } from '../../api/answers.ts'
import { pathOf, post } from '../../api/client.ts'
import { attempt } from '../../base/toasts.tsx'
import { confirmed } from '../../parts/confirm-dialog.tsx'
import { Simulate } from './simulate.tsx'

/** Takes a device out of service, or puts it back. */
export async function setMaintenance({ id, name, maintenance, holder }: Device): Promise<boolean> {
  const on = maintenance === null
  const reason = await confirmed(
    on
      ? {
          title: `Take ${name} out of service?`,
          text: holder
            ? `Whoever has it keeps it until the end of the work (${ownerText(holder.owner)}); then nobody is given it.`
            : 'Nobody is given it until you put it back.',
          action: 'Out of service',
          reason: true,
        }
      : {
          title: `Put ${name} back into service?`,
          text: 'It is given out again, to whoever waits for it first.',
          action: 'Back into service',
          reason: true,
        },
  )
  if (reason === undefined) return false
  const done = on ? `${name} is out of service` : `${name} is back in service`
  return attempt(() => post(pathOf('devices', id, 'maintenance'), { body: { on, reason } }), done)
}

/** Takes a device from its holder. The server takes no kick without a reason: somebody will ask for it. */
export async function kick({ id, name, holder }: Device): Promise<boolean> {
  if (!holder) return false
  const reason = await confirmed({
    title: `Take ${name} from its holder?`,
    text: `${ownerText(holder.owner)} loses it at once: its token is refused from then on. A run queues for it again and goes on where it was. Say why, or it is refused.`,
    action: 'Take it away',
    danger: true,
    reason: true,
  })
  if (reason === undefined) return false
  return attempt(() => post(pathOf('devices', id, 'kick'), { body: { reason } }), `${name} was taken away`)
}

/** Says that a device in doubt is fit for work. */
async function vouch({ id, name, health, doubt, queue }: Device): Promise<boolean> {
  const next = queue === 0 ? 'whoever asks for it' : 'whoever waits for it first'
  const reason = await confirmed({
    title: `Vouch for ${name}?`,
    text: `It is ${health}: ${doubt?.reason ?? 'no reason was given'}. If you vouch for it, it is given to ${next}, as it is now. Your name goes to the audit.`,
    action: 'Vouch for it',
    reason: true,
  })
  if (reason === undefined) return false
  return attempt(() => post(pathOf('devices', id, 'vouch'), { body: { reason } }), `${name} is fit for work`)
}

/** For a device that nobody is given before a person speaks for it; nothing where that is not so. */
export function VouchButton({ device, onDone }: { device: Device; onDone: () => void }) {
  if (device.doubt === null) return null
  return (
    <button
      type="button"
      class="button primary"
      aria-label={`Vouch for ${device.name}`}
      onClick={() => void vouch(device).then((done) => done && onDone())}
    >
      Vouch
    </button>
  )
}

export function ownerText({ kind, id }: { kind: string; id: string }): string {
  return `${kind} ${id}`
}

/** Maintenance and kick, for who may. */
export function DeviceActions({ device, lab, onDone }: { device: Device; lab: string | null; onDone: () => void }) {
  const { name, maintenance, holder } = device
  const after = (work: Promise<boolean>): void => void work.then((done) => done && onDone())
  return (
    <span class="device-actions">
      <button
        type="button"
        class="button"
        aria-label={`${maintenance === null ? 'Maintenance' : 'Back into service'}: ${name}`}
        onClick={() => after(setMaintenance(device))}
      >
        {maintenance === null ? 'Maintenance' : 'Back into service'}
      </button>
      <button
        type="button"
        class={`button ${holder ? 'danger' : ''}`}
        aria-label={`Kick: ${name}`}
        aria-disabled={holder ? undefined : 'true'}
        title={holder ? undefined : 'Nobody has it'}
        onClick={() => after(kick(device))}
      >
        Kick
      </button>
      <Simulate device={device} lab={lab} />
    </span>
  )
}
