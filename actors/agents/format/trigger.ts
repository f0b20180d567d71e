import { z } from 'zod'
import { JsonValue } from '../../../core/event.ts'
import { DURATION } from '../expressions/duration.ts'
import { PATTERN } from '../expressions/pattern.ts'
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
  for: Duration.optional().describe('The alert must still be firing after this; one that is over before is let go'),
  dedupe: strict({
    key: z.array(z.string()).min(1).max(10).describe('What makes events the same'),
    window: Duration.describe('Since the last one of them'),
  })
    .optional()
    .describe('A second event with the same key in the window joins the first'),
  group: strict({
    by: z.array(z.string()).min(1).max(10).describe('What events of one group have in common'),
    wait: Duration.optional().describe('For more of them, since the first; without it that one starts at once'),
    max: z.int().min(1).max(1000).optional().describe('Then the group is complete; default and at most 100'),
  })
    .optional()
    .describe('One run for several events of one group'),
  limits: z
    .array(
      strict({
        max: z.int().min(1).describe('Runs'),
        per: Duration.describe('In any span of this length'),
        key: z.string().optional().describe('Default device'),
        overflow: z.enum(['drop', 'queue']).optional().describe('What is more is dropped (default), or waits'),
      }),
    )
    .max(10)
    .optional()
    .describe('Sliding windows: at most max runs per time and key'),
  cooldown: strict({
    after: z.enum(['run.start', 'run.end']).optional().describe('Default run.end'),
    for: Duration.describe('How long nothing starts'),
    key: z.string().optional().describe('Default device'),
    trailing: z.boolean().optional().describe('The latest event of the silence starts a run at its end'),
  })
    .optional()
    .describe('Silence after a run'),
  concurrency: strict({
    key: z.string().optional().describe('Default device; triggers of an agent with the same key share it'),
    mode: z
      .enum(['single', 'queue', 'restart', 'parallel'])
      .optional()
      .describe('Drop it (default), keep it waiting, end the open run for it, or so many at once'),
    max: z.int().min(1).max(1000).optional().describe('Runs at once: queue 1, parallel as many as the agent may'),
    maxQueued: z.int().min(0).max(10_000).optional().describe('Events that wait: queue 100, parallel 0'),
    overflow: z
      .enum(['drop', 'drop-new', 'drop-oldest', 'coalesce'])
      .optional()
      .describe('Beyond that: drop the new one (default), the oldest, or keep the newest for all'),
  })
    .optional()
    .describe('What happens while a run with the same key is open'),
  priority: Priority.optional().describe(
    "critical 95, high 75, normal 50, low 10, a number 0–100, or {from: severity, floor, ceil}; default: the event's",
  ),
  correlate: strict({
    onResolved: z
      .enum(['cancel', 'complete', 'resume', 'note'])
      .optional()
      .describe('The open run ends at its next safe point (cancel), ends well (complete), or goes on (note, default)'),
    resolveOn: z
      .enum(['all', 'first', 'last', 'never'])
      .optional()
      .describe('Of a run for several alerts: when all (default), the first or the newest of them are over'),
    onRepeated: z.enum(['update', 'ignore']).optional().describe('Kept, without effect yet'),
    onEscalated: z.enum(['raise', 'ignore']).optional().describe('Kept, without effect yet'),
    grace: Duration.optional().describe('An end is believed when the alert does not fire again within this'),
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
