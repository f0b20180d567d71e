import { StateBadge } from '../../parts/state-badge.tsx'
import type { Tone } from '../../parts/tone.ts'
import { type ItemKind, KINDS } from './items.ts'

const TONES: Readonly<Record<ItemKind, Tone>> = {
  approval: 'wait',
  suspended: 'bad',
  device: 'bad',
  letter: 'bad',
  parked: 'over',
  event: 'idle',
}

export function KindBadge({ kind }: { kind: ItemKind }) {
  return <StateBadge state={KINDS.find((one) => one.kind === kind)?.one ?? kind} tone={TONES[kind]} />
}
