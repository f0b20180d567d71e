import { AppError } from '../core/errors.ts'
import { answer, type Sql } from './client.ts'

export interface StoredAnswer {
  status: number
  headers: Record<string, string>
  body: string
}

/** What became of a request that named itself with an Idempotency-Key. */
export type Begun =
  /** Nobody did it yet: do it, then finish it, or abandon it when it may be tried again. */
  { state: 'new' } | { state: 'running' } | { state: 'finished'; answer: StoredAnswer }

interface Row {
  fresh: boolean
  bodyHash: string
  response: string | null
}

/**
 * Claims a request for whoever comes first. One statement, so that of two at once exactly one is `new`. A claim that was
 * never finished is free again after a minute: its process is gone.
 * Throws `idempotency.body_differs`.
 */
export async function beginRequest(
  sql: Sql,
  team: string,
  key: string,
  request: string,
  bodyHash: string,
): Promise<Begun> {
  const [row] = await answer(sql<Row[]>`
    with claimed as (
      insert into idempotency_keys (team, key, request, body_hash)
      values (${team}, ${key}, ${request}, ${bodyHash})
      on conflict (team, key, request) do update
      set created_at = clock_timestamp()
      where idempotency_keys.status is null
        and idempotency_keys.body_hash = excluded.body_hash
        and idempotency_keys.created_at < clock_timestamp() - interval '1 minute'
      returning body_hash
    )
    select true as fresh, body_hash as "bodyHash", null as response
    from claimed
    union all
    select false, body_hash, response
    from idempotency_keys
    where team = ${team} and key = ${key} and request = ${request}
    order by fresh desc
    limit 1`)
  // Committed by someone else after this statement began: it is theirs.
  if (!row) return { state: 'running' }
  if (row.fresh) return { state: 'new' }
  if (row.bodyHash !== bodyHash) {
    throw new AppError('idempotency.body_differs', `The key ${key} was used before with another body`)
  }
  if (row.response === null) return { state: 'running' }
  return { state: 'finished', answer: JSON.parse(row.response) as StoredAnswer }
}

export async function finishRequest(
  sql: Sql,
  team: string,
  key: string,
  request: string,
  stored: StoredAnswer,
): Promise<void> {
  await answer(sql`
    update idempotency_keys
    set status = ${stored.status}, response = ${JSON.stringify(stored)}
    where team = ${team} and key = ${key} and request = ${request}`)
}

/** Lets the key be used again: what it stood for did not happen. */
export async function abandonRequest(sql: Sql, team: string, key: string, request: string): Promise<void> {
  await answer(sql`
    delete from idempotency_keys
    where team = ${team} and key = ${key} and request = ${request} and status is null`)
}
