import { z } from 'zod'
import { JsonValue } from '../../core/event.ts'
import { DURATION } from './duration.ts'
import { PATTERN } from './pattern.ts'
import { strict } from './strict.ts'

/** Time as people write it; `durationMs` reads it. */
export const Duration = z.string().regex(DURATION, 'expected a duration such as 500ms, 30s, 10m, 1h or 1d')

/** One CEL expression. */
export const ExpressionText = z.string().min(1).max(1024)

const EventPattern = z
  .string()
  .max(200)
  .regex(
    PATTERN,
    'expected an event type or pattern such as alert.blackscreen.firing, alert.*.firing, ci.** or !alert.freeze',
  )

const Attributes = z
  .record(z.string(), z.string())
  .refine((map) => Object.keys(map).length > 0, 'expected at least one attribute')

/** CloudEvents subscription filter: exactly one dialect an object. */
export interface Filter {
  exact?: Record<string, string>
  prefix?: Record<string, string>
  suffix?: Record<string, string>
  all?: Filter[]
  any?: Filter[]
  not?: Filter
}

export const Filter: z.ZodType<Filter> = z.lazy(() =>
  strict({
    exact: Attributes.optional(),
    prefix: Attributes.optional(),
    suffix: Attributes.optional(),
    all: z.array(Filter).min(1).max(50).optional(),
    any: z.array(Filter).min(1).max(50).optional(),
    not: Filter.optional(),
  }).refine(
    (filter) => Object.keys(filter).length === 1,
    'expected exactly one of exact, prefix, suffix, all, any, not',
  ),
)

const Scalar = z.union([z.string(), z.number(), z.boolean(), z.null()])
export const ShortFilters = z.record(z.string(), z.union([Scalar, z.array(Scalar).max(100)]))
export type ShortFilters = z.infer<typeof ShortFilters>

const Priority = z.union([
  z.enum(['critical', 'high', 'normal', 'low']),
  z.int().min(0).max(100),
  strict({
    from: z.literal('severity'),
    floor: z.int().min(0).max(100).optional(),
    ceil: z.int().min(0).max(100).optional(),
  }),
])

/** Long form (`on`) and VirtualPyTest's short form (`type`, `filters`) are one object: every key works with either. */
export const Trigger = strict({
  name: z.string().min(1).max(100).optional().describe('Shown in decisions; default: the pattern'),
  type: EventPattern.optional().describe('Short form: one event type or pattern'),
  on: z
    .union([EventPattern, z.array(EventPattern).min(1).max(50)])
    .optional()
    .describe('Event types or patterns: * one segment, ** the rest, !pattern excludes'),
  filters: ShortFilters.optional().describe(
    'Short form: key → value, list or ">= 300", looked up in data, labels, envelope',
  ),
  filter: Filter.optional().describe('CloudEvents dialects exact, prefix, suffix, all, any, not'),
  when: ExpressionText.optional().describe('CEL over event, data, alert, now; an error or a missing path means no'),
  for: Duration.optional().describe('The alert must still be firing after this'),
  dedupe: strict({ key: z.array(z.string()).min(1).max(10), window: Duration })
    .optional()
    .describe('A second event with the same key in the window joins the first'),
  group: strict({
    by: z.array(z.string()).min(1).max(10),
    wait: Duration.optional(),
    max: z.int().min(1).max(1000).optional(),
  })
    .optional()
    .describe('One run for several events of one group'),
  limits: z
    .array(
      strict({
        max: z.int().min(1),
        per: Duration,
        key: z.string().optional(),
        overflow: z.enum(['drop', 'queue']).optional(),
      }),
    )
    .max(10)
    .optional()
    .describe('Sliding windows: at most max runs per time and key'),
  cooldown: strict({
    after: z.enum(['run.start', 'run.end']).optional(),
    for: Duration,
    key: z.string().optional(),
    trailing: z.boolean().optional(),
  })
    .optional()
    .describe('Silence after a run'),
  concurrency: strict({
    key: z.string().optional(),
    mode: z.enum(['single', 'queue', 'restart', 'parallel']).optional(),
    max: z.int().min(1).max(1000).optional(),
    maxQueued: z.int().min(0).max(10_000).optional(),
    overflow: z.enum(['drop', 'drop-new', 'drop-oldest', 'coalesce']).optional(),
  })
    .optional()
    .describe('What happens while a run with the same key is open'),
  priority: Priority.optional().describe(
    "critical 95, high 75, normal 50, low 10, a number 0–100, or {from: severity, floor, ceil}; default: the event's",
  ),
  correlate: strict({
    onResolved: z.enum(['cancel', 'complete', 'resume', 'note']).optional(),
    resolveOn: z.enum(['all', 'first', 'last', 'never']).optional(),
    onRepeated: z.enum(['update', 'ignore']).optional(),
    onEscalated: z.enum(['raise', 'ignore']).optional(),
    grace: Duration.optional(),
  })
    .optional()
    .describe('What later news of the same alert does to the run'),
  with: z.record(z.string(), JsonValue).optional().describe('Input of the run; ${…} is filled in from the event'),
  rank: z.int().min(0).max(1000).optional().describe('Lower is looked at first; default 100'),
  stop: z.boolean().optional().describe('When it matches, no rule of a higher rank is looked at'),
  allow_own: z.boolean().optional().describe("Hear the agent's own events too; default: never"),
}).refine(
  (trigger) => (trigger.type === undefined) !== (trigger.on === undefined),
  'expected exactly one of on (patterns) and type (short form)',
)
export type Trigger = z.infer<typeof Trigger>
