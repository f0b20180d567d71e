import { z } from 'zod'
import type { NewEventInput } from '../core/event.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { alertEvent, sourcePath } from './alert-event.ts'
import { isObject, peekJson, readJson } from './json-body.ts'
import { alertOfLabels } from './label-alert.ts'
import { parseItems, parseShape } from './malformed.ts'
import type { Source } from './source.ts'
import { Timestamp, ZERO_TIME } from './timestamp.ts'

const Labels = z.record(z.string(), z.string())

// Objects, not strict ones: each release of Alertmanager adds members.
const Group = z.object({
  version: z.enum(['1', '4']),
  groupKey: z.string(),
  receiver: z.string().default(''),
  truncatedAlerts: z.number().min(0).nullish(),
  externalURL: z.string().nullish(),
  alerts: z.array(z.custom<Json>()),
})

const Alert = z.object({
  status: z.enum(['firing', 'resolved']),
  labels: Labels,
  annotations: Labels.nullish(),
  startsAt: Timestamp.nullish(),
  endsAt: Timestamp.nullish(),
  generatorURL: z.string().nullish(),
  fingerprint: z.string().min(1).max(200).nullish(),
})

/**
 * The webhook of Prometheus Alertmanager, version "4"
 * (https://prometheus.io/docs/alerting/latest/configuration/#webhook_config).
 * Each alert has its own status; the group's says only that one of them fires. A changed group sends its unchanged
 * alerts again: their ids are the same. Grafana's own alerting sends the same shape under version "1".
 */
export const alertmanager: Source = {
  kind: 'alertmanager',

  detect(request) {
    const body = peekJson(request)
    return (
      isObject(body) &&
      (body.version === '4' || body.version === '1') &&
      'groupKey' in body &&
      Array.isArray(body.alerts)
    )
  },

  parse(request) {
    const group = parseShape(Group, readJson(request))
    const source = sourcePath(group.version === '1' ? 'grafana' : 'alertmanager', unquoted(group.receiver))
    const about = groupFacts(group)
    return parseItems(group.alerts, 'alerts', (item, path) => parseAlert(item, path, source, about))
  },
}

function parseAlert(item: Json, path: string, source: string, group: JsonObject): NewEventInput {
  const alert = parseShape(Alert, item, path)
  return alertEvent(
    alertOfLabels({
      status: alert.status,
      labels: alert.labels,
      annotations: alert.annotations ?? undefined,
      startsAt: instant(alert.startsAt),
      // While it fires, an end is only Alertmanager's guess of when to give up, or Go's zero time.
      endsAt: alert.status === 'resolved' ? instant(alert.endsAt) : undefined,
      // Alertmanager before 0.19 sends none.
      fingerprint: alert.fingerprint ?? undefined,
      data: { ...(alert.generatorURL ? { generatorURL: alert.generatorURL } : {}), group },
    }),
    source,
  )
}

/** `truncatedAlerts` of `max_alerts` are not in this request; whoever reads one of the others should know. */
function groupFacts({ groupKey, truncatedAlerts, externalURL }: z.infer<typeof Group>): JsonObject {
  return {
    key: groupKey,
    ...(externalURL ? { externalURL } : {}),
    ...(truncatedAlerts ? { incomplete: true, missing: truncatedAlerts } : {}),
  }
}

function instant(time: string | null | undefined): string | undefined {
  return time && time !== ZERO_TIME ? time : undefined
}

/** Alertmanager quotes the receiver for regular expressions: `web.hook` arrives as `web\.hook`. */
function unquoted(receiver: string): string {
  return receiver
    .replaceAll(/\\([\\.+*?()|[\]{}^$])/g, '$1')
    .slice(0, 128)
    .toWellFormed()
}
