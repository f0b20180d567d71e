import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Effect } from '../core/effect.ts'
import { withRemoved } from './audit.ts'
import type { Database } from './database.ts'
import { type Executed, read } from './ledger.ts'
import type { LockCall } from './lock-work.ts'
import type { Operation } from './operations.ts'

/** Everything that is known after a run: what clients were told, what the world saw, what the database holds. */
export interface Facts {
  operations: readonly Operation[]
  lockCalls: readonly LockCall[]
  executed: readonly Executed[]
  history: readonly HistoryFact[]
  actors: ReadonlyMap<string, ActorFact>
  letters: readonly LetterFact[]
  /** Event ids by the sender's own id. */
  events: readonly { id: string; source: string; sourceId: string; status: string }[]
  deliveries: readonly { address: string; messageId: string }[]
  timers: readonly TimerFact[]
  leases: readonly LeaseFact[]
  claims: readonly ClaimFact[]
  /** Where histories begin that retention cut: the first revision that is kept. */
  beginnings: ReadonlyMap<string, number>
  revisions: readonly { address: string; before: number; after: number }[]
  /** What is left in the tables of work after everything came to rest. */
  left: Leftovers
  /** What a reader of all histories saw, in its order, across all faults. */
  followed: readonly { address: string; revision: number }[]
  /** Addresses whose replay did not give what is stored. */
  unequal: readonly string[]
  jumps: readonly Jump[]
}

/** The database's clock was set back: what it said before, and by how many milliseconds. */
export interface Jump {
  before: number
  byMs: number
}

export interface HistoryFact {
  address: string
  revision: number
  messageId: string
  event: { type: string; [key: string]: unknown }
  effects: readonly Effect[]
  handled: boolean
  status: string
  sender: string | null
  at: number
  /** It was old, and is gone; the triggers' account kept it. */
  removed: boolean
}
export interface ActorFact {
  address: string
  kind: string
  status: string
  revision: number
  parent: string | null
  childId: string | null
  value: unknown
  context: Record<string, unknown>
  children: Record<string, { address?: string; born: string }>
  /** It had ended long ago, and is gone. */
  removed: boolean
}
export interface LetterFact {
  address: string
  messageId: string
  kind: string
  reason: string
  event: { type: string }
}
export interface TimerFact {
  op: 'armed' | 'gone'
  address: string
  id: string
  armed: string
  dueAt: number
  at: number
}
export interface LeaseFact {
  /** `changed`: renewed, or handed on in one commit. */
  op: 'taken' | 'changed' | 'ended'
  device: string
  ticket: string
  token: number
  expiresAt: number
  at: number
}
export interface ClaimFact {
  op: 'claimed' | 'released' | 'finished'
  effectId: string
  attempts: number
  claimedBy: string | null
  /** What was left of the lease of whoever had it before; null: nobody had it. */
  leaseLeftMs: number | null
  at: number
}
export interface Leftovers {
  mail: { address: string; messageId: string; ageMs: number; status: string | null }[]
  timers: { address: string; id: string; armed: string; overdueMs: number; status: string | null }[]
  invocations: { effectId: string; address: string; kind: string; attempts: number; status: string | null }[]
  leases: { device: string; ticket: string; overdueMs: number }[]
  connections: number
}

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`

/** Reads all of it, with a connection that no fault is aimed at. */
export async function readFacts(
  database: Database,
  known: { operations: readonly Operation[]; lockCalls: readonly LockCall[]; ledgers: string } & Pick<
    Facts,
    'unequal' | 'followed' | 'jumps'
  >,
): Promise<Facts> {
  const { operations, lockCalls, ledgers, unequal, followed, jumps } = known
  const actors = await database.ask<ActorFact>(`
    select address, kind, status, revision::int, parent, child_id as "childId", value, snapshot -> 'context' as context,
      snapshot -> 'children' as children, removed from ${withRemoved('actors')} a`)
  const claims = await database.ask<ClaimFact>(`
    select op, effect_id as "effectId", attempts, claimed_by as "claimedBy", lease_left_ms as "leaseLeftMs", ${ms('at')} as at
    from chaos.claim_log order by seq`)
  return {
    operations,
    lockCalls,
    unequal,
    followed,
    jumps,
    executed: inDatabaseTime(
      readdirSync(ledgers).flatMap((file) => read<Executed>(join(ledgers, file))),
      claims,
    ),
    actors: new Map(actors.map((actor) => [actor.address, actor])),
    history: await database.ask<HistoryFact>(`
      select address, revision::int, message_id as "messageId", event, effects, handled, status, sender, ${ms('at')} as at, removed
      from ${withRemoved('history')} h order by address, revision`),
    letters: await database.ask<LetterFact>(`
      select address, message_id as "messageId", kind, reason, event from dead_letters`),
    events: await database.ask(`
      select id, source, source_id as "sourceId", status from ${withRemoved('event_log')} e`),
    deliveries: await database.ask(`
      select address, message_id as "messageId" from ${withRemoved('deliveries')} d`),
    timers: await database.ask<TimerFact>(`
      select op, address, id, armed, ${ms('due_at')} as "dueAt", ${ms('at')} as at from chaos.timer_log order by seq`),
    leases: await database.ask<LeaseFact>(`
      select op, device, ticket, token::int, ${ms('expires_at')} as "expiresAt", ${ms('at')} as at
      from chaos.lease_log order by seq`),
    claims,
    beginnings: new Map(
      (await database.ask<{ address: string; revision: number }>('select address, revision::int from beginnings')).map(
        ({ address, revision }) => [address, revision],
      ),
    ),
    revisions: await database.ask(`
      select address, before::int, after::int from chaos.revision_log order by seq`),
    left: await readLeftovers(database),
  }
}

/** A worker's clock may be wrong by an hour: what it began, it began when the database says that it claimed it. */
function inDatabaseTime(executed: readonly Executed[], claims: readonly ClaimFact[]): Executed[] {
  const claimedAt = new Map(
    claims.filter(({ op }) => op === 'claimed').map(({ effectId, attempts, at }) => [`${effectId} ${attempts}`, at]),
  )
  return executed.map((one) =>
    one.kind === 'begin' ? { ...one, at: claimedAt.get(`${one.effectId} ${one.attempts}`) ?? one.at } : one,
  )
}

const overdue = (column: string): string => `(extract(epoch from clock_timestamp() - ${column}) * 1000)::float8`

/** What still waits. */
export async function readLeftovers(database: Database): Promise<Leftovers> {
  const [connections] = await database.ask<{ n: number }>(
    `select count(*)::int as n from pg_stat_activity where backend_type = 'client backend' and application_name <> 'chaos'`,
  )
  return {
    mail: await database.ask(`
      select m.address, m.message_id as "messageId", ${overdue('m.created_at')} as "ageMs", a.status
      from mailbox m left join actors a using (address)`),
    timers: await database.ask(`
      select t.address, t.id, t.armed, ${overdue('t.due_at')} as "overdueMs", a.status
      from timers t left join actors a using (address)`),
    invocations: await database.ask(`
      select i.effect_id as "effectId", i.address, i.kind, i.attempts, a.status
      from invocations i left join actors a using (address)`),
    leases: await database.ask(`select device, ticket, ${overdue('expires_at')} as "overdueMs" from resource_locks`),
    connections: connections?.n ?? 0,
  }
}
