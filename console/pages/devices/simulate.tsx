import type { Device, System } from '../../api/answers.ts'
import { pathOf, post } from '../../api/client.ts'
import { may } from '../../base/session.ts'
import { attempt } from '../../base/toasts.tsx'
import { useResource } from '../../live/resource.ts'

const FAULTS = [
  { kind: 'blackscreen', label: 'Black screen' },
  { kind: 'freeze', label: 'Frozen picture' },
  { kind: 'audio_loss', label: 'No sound' },
  { kind: 'macroblocks', label: 'Damaged picture' },
  { kind: 'offline', label: 'Offline' },
] as const

/** Where the simulated lab is, if there is one. */
export function useLab(): string | null {
  return useResource<System>('/v1/system').data.value?.lab ?? null
}

/** Breaks a device of the simulated lab, so that one can watch what the agents make of it. Real devices have no such thing. */
export function Simulate({ device: { id, name, gateway }, lab }: { device: Device; lab: string | null }) {
  if (!may('operator') || !isOf(gateway, lab)) return null
  const simulate = (kind: string): void => {
    const done =
      kind === 'mend' ? `${name} is mended` : `${name} is broken now: the detector takes some seconds to be sure`
    void attempt(() => post(pathOf('devices', id, 'fault'), { body: { kind: kind === 'mend' ? null : kind } }), done)
  }
  return (
    <select
      class="simulate"
      aria-label={`Simulate a fault of ${name}`}
      value=""
      onChange={({ currentTarget }) => {
        simulate(currentTarget.value)
        currentTarget.value = ''
      }}
    >
      <option value="" disabled>
        Simulate
      </option>
      {FAULTS.map(({ kind, label }) => (
        <option key={kind} value={kind}>
          {label}
        </option>
      ))}
      <option value="mend">Mend it</option>
    </select>
  )
}

function isOf(gateway: string, lab: string | null): boolean {
  return lab !== null && URL.canParse(gateway) && new URL(gateway).origin === new URL(lab).origin
}
