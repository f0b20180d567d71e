import { z } from 'zod'
import type { NewEventInput } from '../core/event.ts'
import type { Json } from '../core/json.ts'
import { alertEvent } from './alert-event.ts'
import { isObject, peekJson, readJson } from './json-body.ts'
import { alertOfLabels } from './label-alert.ts'
import { malformed, parseItems, parseShape } from './malformed.ts'
import type { Source } from './source.ts'
import { Timestamp, ZERO_TIME } from './timestamp.ts'

const Labels = z.record(z.string(), z.string())
const Alert = z.object({
  labels: Labels.refine((labels) => Object.keys(labels).length > 0, 'expected at least one label'),
  annotations: Labels.nullish(),
  startsAt: Timestamp.nullish(),
  endsAt: Timestamp.nullish(),
  generatorURL: z.string().nullish(),
})

/**
 * `POST /api/v2/alerts`: what Prometheus, vmalert and `amtool alert add` send to an Alertmanager. There is no status:
 * an alert has ended when its `endsAt` has passed; a later one only says how long the sender vouches for it.
 */
export const prometheusAlerts: Source = {
  kind: 'prometheus-alerts',

  detect(request) {
    const body = peekJson(request)
    const first = Array.isArray(body) ? body[0] : undefined
    return isObject(first) && isObject(first.labels) && first.kind === undefined
  },

  parse(request) {
    const body = readJson(request)
    if (!Array.isArray(body)) throw malformed('', 'expected an array of alerts')
    return parseItems(body, '', (item, path) => parseAlert(item, path, request.receivedAt))
  },
}

function parseAlert(item: Json, path: string, receivedAt: string): NewEventInput {
  const { labels, annotations, startsAt, endsAt, generatorURL } = parseShape(Alert, item, path)
  const ended = endsAt && endsAt !== ZERO_TIME && Date.parse(endsAt) <= Date.parse(receivedAt)
  return alertEvent(
    alertOfLabels({
      status: ended ? 'resolved' : 'firing',
      labels,
      annotations: annotations ?? undefined,
      startsAt: startsAt && startsAt !== ZERO_TIME ? startsAt : undefined,
      endsAt: ended ? endsAt : undefined,
      fingerprint: undefined,
      data: generatorURL ? { generatorURL } : undefined,
    }),
    '/prometheus',
  )
}
