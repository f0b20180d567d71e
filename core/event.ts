import { z } from 'zod'
import type { Json } from './json.ts'

/** How urgent an event is, and the number that stands for it in every queue: higher goes first. */
export const PRIORITIES = { critical: 95, high: 75, normal: 50, low: 10 } as const
export const Severity = z.enum(['critical', 'high', 'warning', 'info', 'low'])
export type Severity = z.infer<typeof Severity>

/** The priority of an event that names a severity and no priority. */
export const SEVERITY_PRIORITY: Record<Severity, number> = { critical: 95, high: 75, warning: 55, info: 30, low: 10 }

/** Types that only the runtime itself may send: XState would take them for its own (a forged approval, a fired timer). */
export function isReservedType(type: string): boolean {
  return type === '' || type === '*' || type.startsWith('xstate.')
}

export const EventType = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/, 'expected words joined by dots, for example alert.blackscreen.firing')
  .refine((type) => !isReservedType(type), 'types that start with "xstate." are reserved for the runtime')

export const JsonValue: z.ZodType<Json> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(JsonValue), z.record(z.string(), JsonValue)]),
)

/**
 * Something that happened, shaped like CloudEvents 1.0 (https://github.com/cloudevents/spec), before it is logged.
 * `(source, id)` names it for ever: the same pair is the same event. An event without an id gets one on ingest.
 */
export const NewEvent = z.strictObject({
  id: z.string().min(1).max(256).optional(),
  source: z.string().min(1).max(512),
  type: EventType,
  subject: z.string().min(1).max(256).optional(),
  time: z.iso.datetime({ offset: true }).optional(),
  data: JsonValue.default(null),
  severity: Severity.optional(),
  /** 0–100; absent: from severity, else 50. */
  priority: z.int().min(0).max(100).optional(),
  correlationid: z.string().max(256).optional(),
  causationid: z.string().max(256).optional(),
  /** Set for alerts: which condition this is about, and whether it began or ended. */
  alert: z
    .strictObject({
      fingerprint: z.string().min(1).max(256),
      kind: z.string().min(1).max(64),
      status: z.enum(['firing', 'resolved']),
      startsAt: z.iso.datetime({ offset: true }).optional(),
    })
    .optional(),
})
export type NewEvent = z.infer<typeof NewEvent>
export type NewEventInput = z.input<typeof NewEvent>

/** An event as the log holds it. `depth` counts how many events caused one another before it. */
export interface LabEvent {
  id: string
  source: string
  type: string
  subject: string | null
  time: string
  data: Json
  severity: Severity | null
  priority: number
  correlationid: string | null
  causationid: string | null
  depth: number
  receivedAt: string
}
