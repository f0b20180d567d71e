import type { LabEvent } from '../../../core/event.ts'
import type { Concurrency, Correlate, Terms } from '../../../machines/policy/terms.ts'
import { durationMs } from '../expressions/duration.ts'
import type { Trigger } from '../format/trigger.ts'
import { alertOf, hasKey, type KeyFacts, keyText } from './policy-keys.ts'

/** Bounds that a definition may not know of: what is larger counts as this. */
export const MAX_GROUP = 100
export const MAX_STARTS = 1_000
const MAX_QUEUED = 100

/** The policies of one trigger. */
export interface Policies {
  /** The end of an alert concerns whoever works because of it. */
  readonly follows: boolean
  /** With the keys of an event filled in. */
  terms(event: LabEvent, facts: KeyFacts): Terms
}

/** Undefined for a trigger without policies, which costs nothing more. */
export function compilePolicies(trigger: Trigger, scope: string, version: string): Policies | undefined {
  const { for: time, dedupe, group, limits, cooldown, concurrency, correlate } = trigger
  const own = [time, dedupe, group, limits, cooldown, concurrency, correlate]
  if (own.every((policy) => policy === undefined || (Array.isArray(policy) && policy.length === 0))) return undefined
  return {
    follows: time !== undefined || group !== undefined || correlate !== undefined,
    terms(event, facts) {
      const key = (keys: string | readonly string[] = 'device'): string => keyText([keys].flat(), event, facts)
      return {
        version,
        scope,
        alert: alertOf(event),
        ...(time === undefined ? {} : { forMs: durationMs(time) }),
        // Events that have nothing in common are no duplicates.
        ...(dedupe && hasKey(dedupe.key, event, facts)
          ? { dedupe: { key: key(dedupe.key), windowMs: durationMs(dedupe.window) } }
          : {}),
        ...(group
          ? {
              group: {
                key: key(group.by),
                waitMs: group.wait === undefined ? 0 : durationMs(group.wait),
                max: Math.min(group.max ?? MAX_GROUP, MAX_GROUP),
              },
            }
          : {}),
        ...(limits
          ? {
              limits: limits.map((one) => ({
                key: key(one.key),
                max: Math.min(one.max, MAX_STARTS),
                perMs: durationMs(one.per),
                overflow: one.overflow ?? 'drop',
              })),
            }
          : {}),
        ...(cooldown
          ? {
              cooldown: {
                key: key(cooldown.key),
                after: cooldown.after ?? 'run.end',
                forMs: durationMs(cooldown.for),
                trailing: cooldown.trailing ?? false,
              },
            }
          : {}),
        ...(concurrency ? { concurrency: { key: key(concurrency.key), ...roomOf(concurrency) } } : {}),
        ...(correlate ? { correlate: correlationOf(correlate) } : {}),
      }
    },
  }
}

/** One at a time, unless it says more: `single` and `restart` keep nobody waiting. */
function roomOf({
  mode = 'single',
  max,
  maxQueued,
  overflow,
}: NonNullable<Trigger['concurrency']>): Omit<Concurrency, 'key'> {
  const drop = { overflow: 'drop-new' as const }
  if (mode === 'single' || mode === 'restart') return { mode, max: 1, maxQueued: 0, ...drop }
  const room = { mode, overflow: overflow === undefined || overflow === 'drop' ? drop.overflow : overflow }
  if (mode === 'queue') return { ...room, max: max ?? 1, maxQueued: maxQueued ?? MAX_QUEUED }
  return { ...room, max: max ?? MAX_STARTS, maxQueued: maxQueued ?? 0 }
}

function correlationOf({
  onResolved = 'note',
  resolveOn = 'all',
  grace,
}: NonNullable<Trigger['correlate']>): Correlate {
  return {
    // No playbook waits for the end of an alert yet.
    onResolved: onResolved === 'resume' ? 'note' : onResolved,
    resolveOn,
    graceMs: grace === undefined ? 0 : durationMs(grace),
  }
}
