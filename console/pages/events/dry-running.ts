import type { Ingested, LoggedEvent, Verdict } from '../../api/answers.ts'
import { post } from '../../api/client.ts'

/** Who would get it, and why the others would not. Throws `ApiError`. */
export async function dryRun(event: unknown): Promise<Verdict[]> {
  const { items } = await post<{ items: Verdict[] }>('/v1/events/dry-run', { body: event })
  return items
}

export function publish(event: unknown): Promise<Ingested> {
  return post<Ingested>('/v1/events', { body: event })
}

/** A logged event as somebody would post it again: without what the log added, and without its id, which is taken. */
export function inOurWords({ type, source, subject, data, severity, priority }: LoggedEvent): object {
  return {
    type,
    source,
    ...(subject === null ? {} : { subject }),
    ...(severity === null ? {} : { severity }),
    priority,
    ...(data === null ? {} : { data }),
  }
}
