import type { Json } from '../core/json.ts'
import { answer, type Sql } from './client.ts'

/**
 * The right to keep house, for whoever asks first once the last time is `everyMs` ago: one worker at a time, and another
 * one when it dies. A row with a time, not an advisory lock: it works behind a pooler and remembers.
 */
export async function claimHousekeeping(sql: Sql, holder: string, everyMs: number, leaseMs: number): Promise<boolean> {
  const rows = await answer(sql`
    update housekeeping
    set holder = ${holder}, lease_until = clock_timestamp() + ${leaseMs} * interval '1 ms'
    where (lease_until is null or lease_until < clock_timestamp())
      and (finished_at is null or finished_at < clock_timestamp() - ${everyMs} * interval '1 ms')
    returning one`)
  return rows.length === 1
}

/** False: it took too long, and the right is somebody else's now. */
export async function renewHousekeeping(sql: Sql, holder: string, leaseMs: number): Promise<boolean> {
  const rows = await answer(sql`
    update housekeeping
    set lease_until = clock_timestamp() + ${leaseMs} * interval '1 ms'
    where holder = ${holder} and lease_until > clock_timestamp()
    returning one`)
  return rows.length === 1
}

/** Gives the right back; `report` is absent when the work was cut short. */
export async function endHousekeeping(sql: Sql, holder: string, report?: Json): Promise<void> {
  await answer(sql`
    update housekeeping
    set holder = null, lease_until = null,
      finished_at = case when ${report !== undefined} then clock_timestamp() else finished_at end,
      report = coalesce(${report === undefined ? null : JSON.stringify(report)}::text::json, report)
    where holder = ${holder}`)
}

/** Where the passes before have come to in the histories; undefined: it is to begin with the oldest entry. */
export async function findHistoryPlace(sql: Sql): Promise<string | undefined> {
  const [row] = await answer(sql<{ place: string | null }[]>`
    select history_cursor as place
    from housekeeping`)
  return row?.place ?? undefined
}

/** Changes nothing once the right is somebody else's. */
export async function saveHistoryPlace(sql: Sql, holder: string, place: string | undefined): Promise<void> {
  await answer(sql`
    update housekeeping
    set history_cursor = ${place ?? null}
    where holder = ${holder}`)
}
