import type { NewEventInput } from '../core/event.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { isObject } from './json-body.ts'
import { readSeverity } from './severity.ts'

/** An alert, whoever sent it. */
export interface Alert {
  kind: string
  status: 'firing' | 'resolved'
  device: string | undefined
  host: string | undefined
  /** The sender's own word. */
  severity: string | undefined
  startsAt: string | undefined
  endsAt: string | undefined
  labels: Record<string, string>
  annotations?: Record<string, string> | undefined
  /** What only this sender knows: measurements, links. */
  data?: Json | undefined
  fingerprint: string
  /** The sender's own id of the alert. */
  id?: string | undefined
}

/**
 * The event of an alert. Without an id of the sender's, the condition, its beginning and its status name the event, so
 * that a monitor which repeats itself adds nothing. Without a beginning there is no id: ingest decides which episode
 * it belongs to. The sender's own facts stand both under `data.data` and beside the alert's members, where a rule such as
 * `data.durationS >= 5` looks for them; they never take the place of a member.
 */
export function alertEvent(alert: Alert, source: string): NewEventInput {
  const { kind, status, fingerprint, startsAt, endsAt } = alert
  const { severity, known } = readSeverity(alert.severity)
  const id = alert.id === undefined ? episodeId(alert) : ownId(alert.id, status)
  const time = status === 'firing' ? startsAt : endsAt
  return {
    id,
    source: source.slice(0, 512),
    type: `alert.${kind}.${status}`,
    subject: alert.device,
    time,
    severity,
    data: {
      ...ownFacts(alert.data),
      kind,
      status,
      device: alert.device ?? null,
      host: alert.host ?? null,
      severity,
      ...(known || alert.severity === undefined ? {} : { severityGiven: alert.severity }),
      startsAt: startsAt ?? null,
      ...(endsAt === undefined ? {} : { endsAt }),
      labels: alert.labels,
      ...(alert.annotations === undefined ? {} : { annotations: alert.annotations }),
      ...(alert.data === undefined ? {} : { data: alert.data }),
      fingerprint,
    },
    alert: { fingerprint, kind, status, startsAt },
  }
}

const MEMBERS: ReadonlySet<string> = new Set(
  'kind status device host severity severityGiven startsAt endsAt labels annotations data fingerprint'.split(' '),
)

function ownFacts(data: Json | undefined): JsonObject {
  return isObject(data) ? Object.fromEntries(Object.entries(data).filter(([name]) => !MEMBERS.has(name))) : {}
}

/** A source of path segments that strangers named, as a URI reference: `/lab/paris`. */
export function sourcePath(...segments: string[]): string {
  return `/${segments.map((segment) => encodeURIComponent(segment).replaceAll('%3A', ':')).join('/')}`
}

function episodeId({ fingerprint, startsAt, status }: Alert): string | undefined {
  return startsAt === undefined ? undefined : `${fingerprint}:${startsAt}:${status}`
}

/** Many senders give an alert one id for its whole life; its end must not look like a repetition of its beginning. */
function ownId(id: string, status: Alert['status']): string {
  return status === 'firing' ? id : `${id}:resolved`
}
