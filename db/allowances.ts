import type { Ask, Grant, Rate } from '../core/allowance.ts'
import { answer, type Sql } from './client.ts'

/** One statement for all who ask at once; no two that run at the same time wait for each other in a circle. */
export async function spendAllowances(sql: Sql, { perSecond, burst }: Rate, asks: readonly Ask[]): Promise<Grant[]> {
  const costMs = 1000 / perSecond
  const inOrder = asks.toSorted((a, b) => (a.who < b.who ? -1 : 1))
  const rows = await answer(sql<({ who: string } & Grant)[]>`
    select a.who, s.granted, s.wait_ms as "waitMs"
    from unnest(
      ${inOrder.map(({ who }) => who)}::text[],
      ${inOrder.map(({ owed }) => owed)}::double precision[],
      ${inOrder.map(({ wanted }) => wanted)}::double precision[]
    ) as a(who, owed, wanted)
    cross join lateral spend_allowance(a.who, a.owed, a.wanted, ${costMs}, ${burst * costMs}) s`)
  const grants = new Map(rows.map(({ who, granted, waitMs }) => [who, { granted, waitMs }]))
  return asks.map(({ who }) => grants.get(who) ?? { granted: 0, waitMs: 0 })
}

const FORGOTTEN_MS = 3_600_000

/** Whoever used nothing for an hour has its whole allowance, with or without a row. */
export async function forgetAllowances(sql: Sql): Promise<void> {
  await answer(sql`
    delete from allowances
    where paid_ms < extract(epoch from clock_timestamp()) * 1000 - ${FORGOTTEN_MS}`)
}
