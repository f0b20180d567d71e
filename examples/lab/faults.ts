import { z } from 'zod'

export const FaultKind = z.enum(['blackscreen', 'freeze', 'audio_loss', 'offline', 'macroblocks'])
export type FaultKind = z.infer<typeof FaultKind>

/** A fault as people ask for it. `survivesReboots` is the number of power cycles that do not help before one does. */
export const NewFault = z.strictObject({ kind: FaultKind, survivesReboots: z.int().min(0).max(1000).default(0) })
export type NewFault = z.infer<typeof NewFault>

/** What a power cycle can mend. A dead network and a damaged signal come from outside the device, so they stay. */
export const MENDED_BY_REBOOT: Record<FaultKind, boolean> = {
  blackscreen: true,
  freeze: true,
  audio_loss: true,
  offline: false,
  macroblocks: false,
}
