import { EventType, type NewEventInput, type Severity } from '../core/event.ts'
import type { Json } from '../core/json.ts'
import { malformed, parseShape, refuseReservedType } from './malformed.ts'
import { readSeverity, severityOfNumber } from './severity.ts'
import { Timestamp } from './timestamp.ts'

/** Context attributes by name; numbers and booleans only in the JSON format, headers hold text. */
export type Attributes = Map<string, Json>

/** Builds the event. Throws `source.malformed`, or `event.reserved_type`, and names the attribute. */
export function eventOfAttributes(attributes: Attributes, data: Json, path: string): NewEventInput {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`)
  const text = (name: string, max: number): string | undefined => textOf(attributes.get(name), at(name), max)
  const required = (name: string, max: number): string => {
    const value = text(name, max)
    if (value === undefined) throw malformed(at(name), 'missing; every CloudEvent has it')
    return value
  }
  for (const [name, value] of attributes) checkAttribute(name, value, at(name))
  if (required('specversion', 16) !== '1.0') throw malformed(at('specversion'), 'expected "1.0"')
  const type = required('type', 1_000)
  refuseReservedType(type, path)
  text('datacontenttype', 1_000)
  const time = text('time', 64)
  return {
    id: required('id', 256),
    source: uriReference(required('source', 512), at('source')),
    type: parseShape(EventType, type, at('type')),
    subject: text('subject', 256),
    time: time === undefined ? undefined : parseShape(Timestamp, time, at('time')),
    correlationid: text('correlationid', 256),
    causationid: text('causationid', 256),
    severity: severityOf(text('severitytext', 64), attributes.get('severitynumber'), at('severitynumber')),
    data,
  }
}

/** Attributes are flat: text, a boolean or a 32-bit integer, under a short lower-case name. */
function checkAttribute(name: string, value: Json, path: string): void {
  if (!/^[a-z0-9]{1,20}$/.test(name) || name === 'data') {
    throw malformed(path, 'an attribute name is 1 to 20 lower-case letters and digits')
  }
  if (typeof value === 'string' || typeof value === 'boolean') return
  if (typeof value === 'number' && Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31) return
  throw malformed(path, 'expected text, a boolean or a 32-bit integer')
}

function textOf(value: Json | undefined, path: string, max: number): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string' || value === '') throw malformed(path, 'expected text that is not empty')
  if (value.length > max) throw malformed(path, `expected at most ${max} characters`)
  return value
}

function uriReference(value: string, path: string): string {
  if (/[\s<>"{}|\\^`]/.test(value)) throw malformed(path, 'expected a URI reference, for example /lab/paris')
  return value
}

function severityOf(word: string | undefined, number: Json | undefined, path: string): Severity | undefined {
  if (word !== undefined) return readSeverity(word).severity
  if (number === undefined) return undefined
  // In a header it is text.
  const level = typeof number === 'string' ? Number(number) : number
  if (typeof level !== 'number' || !(level >= 1 && level <= 24)) throw malformed(path, 'expected 1 to 24')
  return severityOfNumber(level)
}
