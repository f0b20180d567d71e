import { DeviceInDoubt } from './device-in-doubt.tsx'
import type { Item } from './items.ts'
import { LetterInFull } from './letter.tsx'
import { ParkedInFull } from './parked.tsx'
import { RunInWait } from './run-in-wait.tsx'
import { UnheardEvent } from './unheard.tsx'

/** What is open at the side: all one needs to know to decide, and the buttons. */
export function ItemInFull({ item, onDone }: { item: Item; onDone: () => void }) {
  if (item.kind === 'device') return <DeviceInDoubt device={item.device} onDone={onDone} />
  if (item.kind === 'letter') return <LetterInFull letter={item.letter} onDone={onDone} />
  if (item.kind === 'parked') return <ParkedInFull actor={item.actor} />
  if (item.kind === 'event') return <UnheardEvent event={item.event} />
  return <RunInWait run={item.run} onDone={onDone} />
}
