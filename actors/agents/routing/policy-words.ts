import type { Terms } from '../../../machines/policy/terms.ts'
import { CONSEQUENCES, counted, inWords } from '../../../machines/policy/words.ts'

/** What the policies would look at before a run starts, one sentence each, in the order in which they are asked. */
export function policiesInWords(terms: Terms): string[] {
  const { forMs, dedupe, group, limits = [], cooldown, concurrency, correlate } = terms
  return [
    ...(dedupe ? [`dedupe: joins an event of ${dedupe.key} that came in the last ${inWords(dedupe.windowMs)}`] : []),
    ...(forMs === undefined ? [] : [`for: starts in ${inWords(forMs)} unless the alert is over before`]),
    ...(group
      ? [`group: one run for up to ${counted(group.max, 'event')} of ${group.key} within ${inWords(group.waitMs)}`]
      : []),
    ...(cooldown
      ? [
          `cooldown: ${inWords(cooldown.forMs)} of silence for ${cooldown.key} after the ${cooldown.after === 'run.end' ? 'end' : 'start'} of a run` +
            (cooldown.trailing ? ', then the latest event' : ''),
        ]
      : []),
    ...limits.map(
      ({ key, max, perMs, overflow }) =>
        `limits: ${counted(max, 'run')} in ${inWords(perMs)} for ${key}, more ${overflow === 'drop' ? 'are dropped' : 'wait'}`,
    ),
    ...(concurrency
      ? [`concurrency: ${concurrency.mode}, ${counted(concurrency.max, 'run')} at once with ${concurrency.key}`]
      : []),
    ...(correlate
      ? [
          `correlate: when the alert is over, ${CONSEQUENCES[correlate.onResolved]}${correlate.onResolved === 'note' ? ', and what waits is let go' : ''}`,
        ]
      : []),
  ]
}
