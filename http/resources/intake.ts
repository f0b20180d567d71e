import type { Ingested } from '../../actors/agents/events/events-api.ts'
import { AppError } from '../../core/errors.ts'
import type { NewEventInput } from '../../core/event.ts'
import { isObject, peekJson } from '../../sources/json-body.ts'
import { mediaType } from '../../sources/media-type.ts'
import type { IncomingRequest, Parsed, Source } from '../../sources/source.ts'
import type { Deps } from '../route/deps.ts'
import type { Call } from '../route/route.ts'
import { json } from '../wire/reply.ts'

/** The request as the sources read it. */
export function incoming({ request, bytes }: Pick<Call, 'request' | 'bytes'>, source: string): IncomingRequest {
  return { source, headers: new Map(request.headers), body: bytes, receivedAt: new Date().toISOString() }
}

/**
 * Logs and routes what a request holds, and answers after the commit: one event for one, and for a batch what became
 * of each item, in its order.
 */
export async function take({ platform, load }: Deps, call: Call, source: Source, status = 202): Promise<Response> {
  load.admit()
  const request = incoming(call, source.kind)
  const parsed = source.parse(request)
  const batch = isBatch(request, source)
  const ingested = await ingest(platform, call, source, withIds(parsed.events, call.key, batch))
  const [only] = ingested
  return json(batch || only === undefined ? { results: resultsOf(parsed, ingested) } : only, { status })
}

async function ingest(
  platform: Deps['platform'],
  call: Call,
  source: Source,
  events: readonly NewEventInput[],
): Promise<Ingested[]> {
  try {
    return events.length === 0 ? [] : await platform.events.ingest(call.by, events)
  } catch (error) {
    // Alertmanager repeats after 5xx only; the CloudEvents webhook profile asks for 429 with Retry-After.
    if (source.kind !== 'cloudevents' || !(error instanceof AppError) || error.status !== 503) throw error
    throw new AppError('source.overloaded', 'Not now: send it again', { cause: error })
  }
}

/**
 * An event without a name takes that of its request: if the process dies between commit and answer, the repetition is
 * the same event. Alerts are named by their episode, which ingest knows.
 */
function withIds(events: readonly NewEventInput[], key: string | undefined, batch: boolean): NewEventInput[] {
  if (key === undefined) return [...events]
  return events.map((event, index) =>
    event.id !== undefined || event.alert !== undefined ? event : { ...event, id: batch ? `${key}/${index}` : key },
  )
}

function isBatch(request: IncomingRequest, source: Source): boolean {
  if (source.kind === 'cloudevents') return mediaType(request.headers).startsWith('application/cloudevents-batch')
  const body = peekJson(request)
  return Array.isArray(body) || (source.kind !== 'manual' && isObject(body) && Array.isArray(body.alerts))
}

/** Rejections go back to their places in the batch. */
function resultsOf({ rejected }: Parsed, ingested: readonly Ingested[]): object[] {
  const taken = ingested.values()
  const refused = new Map(rejected.map((rejection) => [rejection.index, rejection]))
  return Array.from({ length: ingested.length + rejected.length }, (_, index) => {
    const rejection = refused.get(index)
    return rejection === undefined ? (taken.next().value ?? {}) : { status: 'rejected', ...rejection }
  })
}
