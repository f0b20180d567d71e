import type { LabEvent } from '../../../core/event.ts'
import { suggest } from '../../../core/suggest.ts'
import type { Terms } from '../../../machines/policy/terms.ts'
import { valueAt } from './filter.ts'

/** What a policy may count, group and wait by, besides `data.<path>`. */
const FIELDS = ['agent', 'device', 'fingerprint', 'host', 'subject', 'source', 'type', 'severity'] as const
const PATH = /^data(\.[A-Za-z0-9_/-]+)+$/
/** Of a value that a stranger sends. */
const LONGEST = 200

/** What the router knows besides the event. */
export interface KeyFacts {
  agent: string
  /** The device that the run locks, if any. */
  device: string | null
}

/** Why a text names no key, with the one that was probably meant; undefined when it does. */
export function keyProblem(text: string): { message: string; suggestion: string | undefined } | undefined {
  if (isField(text) || PATH.test(text)) return undefined
  const suggestion = /^(labels|host_name)\b/.test(text) ? `data.${text}` : suggest(text, FIELDS)
  const meant = suggestion === undefined ? '' : `; did you mean "${suggestion}"?`
  return { message: `expected ${FIELDS.join(', ')} or data.<path>, got ${JSON.stringify(text)}${meant}`, suggestion }
}

/** `host=paris, type=alert.freeze.firing`: what an event has under these keys. A key that it lacks is empty. */
export function keyText(keys: readonly string[], event: LabEvent, facts: KeyFacts): string {
  return keys.map((key) => `${key}=${valueOf(key, event, facts)}`).join(', ')
}

/** True when the event has something under at least one of the keys. */
export function hasKey(keys: readonly string[], event: LabEvent, facts: KeyFacts): boolean {
  return keys.some((key) => valueOf(key, event, facts) !== '')
}

/** The fingerprint of the alert that an event tells of, as senders and alerts themselves write it. */
function fingerprintOf(event: LabEvent): string | null {
  const found = event.type.startsWith('alert.') ? textOf(valueAt(event.data, 'fingerprint')) : ''
  return found === '' ? null : found
}

/** The alert that an event tells of. */
export function alertOf(event: LabEvent): Terms['alert'] {
  const fingerprint = fingerprintOf(event)
  const startsAt = valueAt(event.data, 'startsAt')
  return fingerprint === null ? null : { fingerprint, startsAt: typeof startsAt === 'string' ? startsAt : null }
}

function valueOf(key: string, event: LabEvent, { agent, device }: KeyFacts): string {
  if (!isField(key)) return textOf(valueAt(event, key))
  switch (key) {
    case 'agent':
      return agent
    case 'device':
      return textOf(device ?? event.subject)
    case 'fingerprint':
      return fingerprintOf(event) ?? ''
    case 'host':
      return textOf(valueAt(event.data, 'host')) || textOf(valueAt(event.data, 'labels.host'))
    default:
      return textOf(event[key])
  }
}

function isField(key: string): key is (typeof FIELDS)[number] {
  return FIELDS.some((field) => field === key)
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value).slice(0, LONGEST)
    : ''
}
