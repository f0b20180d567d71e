import { z } from 'zod'
import type { NewEventInput } from '../core/event.ts'
import type { Json } from '../core/json.ts'
import { alertEvent, sourcePath } from './alert-event.ts'
import { alertKind } from './alert-kind.ts'
import { fingerprintOf } from './fingerprint.ts'
import { isObject, peekJson, readJson } from './json-body.ts'
import { malformed, parseItems, parseShape } from './malformed.ts'
import type { Source } from './source.ts'
import { Timestamp } from './timestamp.ts'

const Labels = z.record(z.string(), z.string())

const NativeAlert = z.strictObject({
  /** The sender's id of the alert; without it the condition, its beginning and its status make one. */
  id: z.string().min(1).max(240).optional(),
  kind: z.string().min(1).max(200),
  status: z.enum(['firing', 'resolved']).default('firing'),
  device: z.string().min(1).max(128).optional(),
  host: z.string().min(1).max(128).optional(),
  severity: z.string().max(64).optional(),
  startsAt: Timestamp.optional(),
  endsAt: Timestamp.optional(),
  labels: Labels.default({}),
  annotations: Labels.optional(),
  data: z.custom<Json>().optional(),
  fingerprint: z.string().min(1).max(200).optional(),
})
const KEYS = Object.keys(NativeAlert.shape)

/** `POST /v1/alerts`: one alert, an array, or `{alerts: […]}`. Keys that start with `x-` are the sender's own and not kept. */
export const nativeAlert: Source = {
  kind: 'native-alert',

  detect(request) {
    const value = peekJson(request)
    const first = Array.isArray(value)
      ? value[0]
      : isObject(value) && Array.isArray(value.alerts)
        ? value.alerts[0]
        : value
    return isObject(first) && typeof first.kind === 'string'
  },

  parse(request) {
    const value = readJson(request)
    if (Array.isArray(value)) return parseItems(value, '', parseAlert)
    if (isObject(value) && Array.isArray(value.alerts)) {
      parseShape(z.strictObject({ alerts: z.array(z.custom<Json>()) }), withoutOwnKeys(value), '', ['alerts'])
      return parseItems(value.alerts, 'alerts', parseAlert)
    }
    return { events: [parseAlert(value, '')], rejected: [] }
  },
}

function parseAlert(item: Json, path: string): NewEventInput {
  const { kind: name, ...alert } = parseShape(NativeAlert, withoutOwnKeys(item), path, KEYS)
  const kind = alertKind(name)
  if (kind === undefined)
    throw malformed(path === '' ? 'kind' : `${path}.kind`, 'expected at least one letter or digit')
  const { device, host, severity, startsAt, endsAt } = alert
  const fingerprint = alert.fingerprint ?? fingerprintOf(alert.labels, [kind, device, host])
  const source = host === undefined ? '/lab' : sourcePath('lab', host)
  return alertEvent({ ...alert, kind, device, host, severity, startsAt, endsAt, fingerprint }, source)
}

function withoutOwnKeys(value: Json): Json {
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([key]) => !key.startsWith('x-')))
}
