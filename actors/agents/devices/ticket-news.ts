import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import type { HistoryEntry } from '../../../db/history.ts'
import type { RefusalCode } from '../../../machines/lock-protocol.ts'

const REFUSALS = [
  'lock.unsatisfiable',
  'lock.ticket_taken',
  'lock.deadlock_risk',
] as const satisfies readonly RefusalCode[]

const Refused = z.object({ ticket: z.string(), code: z.enum(REFUSALS), reasons: z.array(z.string()) })
const About = z.object({ ticket: z.string() })

/** The lock's refusal of a ticket, if this step of it was one. The news of a step commit with it, so nothing is missed. */
export function refusalOf(entry: Pick<HistoryEntry, 'effects'>, ticket: string): AppError | undefined {
  for (const event of newsOf(entry)) {
    if (event.type !== 'resource.refused') continue
    const refused = Refused.safeParse(event['data'])
    if (!refused.success || refused.data.ticket !== ticket) continue
    const { code, reasons } = refused.data
    return new AppError(code, `The lock refuses: ${reasons.join('; ')}`, { details: { ticket, reasons } })
  }
  return undefined
}

/** The tickets that this step of the lock was about. */
export function ticketsOf(entry: HistoryEntry): Set<string> {
  const told = [entry.event, ...newsOf(entry).map((event) => event['data'])]
  return new Set(told.flatMap((one) => About.safeParse(one).data?.ticket ?? []))
}

function newsOf({ effects }: Pick<HistoryEntry, 'effects'>) {
  return effects.flatMap((effect) => (effect.type === 'emit' ? [effect.event] : []))
}
