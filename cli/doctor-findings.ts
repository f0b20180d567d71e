import type { RedisFacts } from '../actors/carriage/redis-health.ts'
import type { DatabaseFacts, WorkFacts } from '../db/doctor.ts'

/** One thing that was looked at. `problem`: somebody should act; `warning`: soon, or knowingly not. */
export interface Finding {
  check: string
  level: 'ok' | 'warning' | 'problem'
  found: string
  /** What to do; empty when all is well. */
  advice: string
}

/** What is asked of a platform that works: everything waits for less than this, in seconds. */
const LATE_S = 60
const DAY_S = 86_400
/** Below that, vacuum has not been late, only not yet. */
const DEAD_ROWS = 20_000

/** Judges what a database said. Pure: the same facts always find the same. */
export function judgeDatabase({ server, schema, work, tables, oldest }: DatabaseFacts): Finding[] {
  return [
    ...judgeServer(server),
    judgeSchema(schema),
    ...(work ? judgeWork(work) : []),
    judgeBloat(tables),
    judgeHorizon(oldest),
  ]
}

function judgeServer({ version, settings, connections, sizeBytes }: DatabaseFacts['server']): Finding[] {
  const most = Number(settings['max_connections'])
  const unsafe = ['fsync', 'full_page_writes', 'synchronous_commit'].filter((name) => settings[name] === 'off')
  return [
    finding(
      'postgres',
      version >= 150_000 ? 'ok' : 'problem',
      `PostgreSQL ${Math.floor(version / 10_000)}, ${megabytes(sizeBytes)}`,
      'Upgrade to PostgreSQL 15 or newer.',
    ),
    finding(
      'durability',
      unsafe.length === 0 ? 'ok' : 'problem',
      unsafe.length === 0 ? 'an acknowledged event survives a power cut' : `${unsafe.join(', ')} = off`,
      'Turn it on: an event that was acknowledged may else be gone after a power cut. Behind PgBouncer say it of the role: alter role … set synchronous_commit = on.',
    ),
    finding(
      'autovacuum',
      settings['autovacuum'] === 'off' ? 'problem' : 'ok',
      `autovacuum = ${settings['autovacuum'] ?? 'unknown'}`,
      'Turn it on: mailboxes and timers leave dead rows by the second.',
    ),
    finding(
      'connections',
      connections > most * 0.8 ? 'warning' : 'ok',
      `${connections} of ${most}`,
      'Raise max_connections, start fewer processes, or put PgBouncer in front (DATABASE_POOL_URL).',
    ),
  ]
}

function judgeSchema({ pending, unknown }: DatabaseFacts['schema']): Finding {
  if (unknown.length > 0)
    return finding(
      'migrations',
      'problem',
      `a newer Troupe has migrated it: ${unknown.join(', ')}`,
      'Start that version: this one refuses the database.',
    )
  return finding(
    'migrations',
    pending.length > 0 ? 'warning' : 'ok',
    pending.length > 0 ? `not applied yet: ${pending.join(', ')}` : 'all applied',
    'Start a process of this version: it applies them. Work could not be examined.',
  )
}

function judgeWork(work: WorkFacts): Finding[] {
  const { oldestMailS, oldestTimerS, oldestWorkS, tries, parked, letters, events, leases, housekeeping } = work
  const parkedActors = parked.reduce((sum, { actors }) => sum + actors, 0)
  const [most] = parked
  const [lease] = leases
  const late = leases.filter(({ lateS }) => lateS > LATE_S)
  return [
    finding(
      'mail',
      oldestMailS > LATE_S ? 'problem' : 'ok',
      `the oldest message waits for ${duration(oldestMailS)}`,
      'No process with the role worker runs, or none has a machine of that kind: start one.',
    ),
    finding(
      'timers',
      oldestTimerS > LATE_S ? 'problem' : 'ok',
      `the oldest timer is ${duration(oldestTimerS)} late`,
      'As with mail: start a worker that has the machine.',
    ),
    finding(
      'invocations',
      oldestWorkS > LATE_S ? 'problem' : 'ok',
      `work that nobody does waits for ${duration(oldestWorkS)}`,
      'Start a worker; if one runs, its log says why it fails (`invocation`).',
    ),
    finding(
      'retries',
      (tries?.attempts ?? 0) >= 10 ? 'warning' : 'ok',
      tries && tries.attempts > 1
        ? `${tries.src} of ${tries.address} was begun ${tries.attempts} times`
        : 'none goes in circles',
      'Its workers die of it, or what it calls is down: look at the actor and the log, then cancel or mend it.',
    ),
    finding(
      'parked',
      parkedActors > 0 ? 'problem' : 'ok',
      most
        ? `${parkedActors} actors, most of kind ${most.kind}: ${most.reason ?? 'no reason kept'} (${most.example})`
        : 'none',
      'Deploy a build whose machine knows their state, or register a migration; `troupe machines check` tells which.',
    ),
    finding(
      'dead letters',
      letters.open > 0 ? 'warning' : 'ok',
      letters.open > 0
        ? `${letters.open} open, the oldest for ${duration(letters.oldestS)}, one of ${letters.address ?? '?'}`
        : 'none open',
      'Read them (GET /v1/dead-letters), then send again or discard.',
    ),
    finding(
      'unhandled events',
      events.day >= 100 && events.unhandled > events.day / 2 ? 'warning' : 'ok',
      `${events.unhandled} of ${events.day} in the last day${events.commonest === null ? '' : `, most often ${events.commonest}`}`,
      'Nobody listens to them: add a trigger, or stop sending them (POST /v1/events/dry-run says why).',
    ),
    finding(
      'leases',
      late.length > 0 ? 'problem' : 'ok',
      lease
        ? `${leases.length} past their end, ${lease.device} of ${lease.owner} by ${duration(lease.lateS)}`
        : 'none past its end',
      'Their lock has not had its turn: see mail and timers. POST /v1/devices/:id/kick takes the device now.',
    ),
    finding(
      'retention',
      (housekeeping.finishedS ?? 0) > DAY_S ? 'warning' : 'ok',
      housekeeping.finishedS === null ? 'nothing was removed yet' : `last ${duration(housekeeping.finishedS)} ago`,
      'A worker does it within an hour of its start: is one running?',
    ),
    finding(
      'histories',
      housekeeping.unproven > 0 ? 'problem' : 'ok',
      housekeeping.unproven > 0
        ? `${housekeeping.unproven} old histories do not replay to what is stored`
        : 'what was compacted was proven',
      'They are kept. `troupe replay --all` names them; a machine was changed without a migration, or a row by hand.',
    ),
  ]
}

function judgeBloat(tables: DatabaseFacts['tables']): Finding {
  const bloated = tables.filter(({ live, dead }) => dead > DEAD_ROWS && dead > live * 0.5)
  const [largest] = tables
  return finding(
    'bloat',
    bloated.length > 0 ? 'warning' : 'ok',
    bloated.length > 0
      ? bloated.map(({ name, live, dead }) => `${name}: ${dead} dead rows beside ${live}`).join('; ')
      : `little${largest ? `; the largest table is ${largest.name} with ${megabytes(largest.bytes)}` : ''}`,
    'An old transaction stands in the way of vacuum (see "oldest transaction"), or autovacuum is too slow: vacuum (analyze) the table.',
  )
}

function judgeHorizon(oldest: DatabaseFacts['oldest']): Finding {
  const late = oldest !== null && oldest.ageS > LATE_S
  return finding(
    'oldest transaction',
    late ? 'problem' : 'ok',
    oldest
      ? `open for ${duration(oldest.ageS)} (pid ${oldest.pid}, ${oldest.name || 'no name'}, ${oldest.state}: ${oldest.what})`
      : 'none open',
    `Live streams and subscribers wait for it, and vacuum too. If it is forgotten: select pg_terminate_backend(${oldest?.pid ?? 0}).`,
  )
}

/** Judges what a Redis said. */
export function judgeRedis({ version, policy, usedBytes, maxBytes }: RedisFacts): Finding[] {
  return [
    finding('redis', 'ok', `Redis ${version}, ${megabytes(usedBytes)}`, ''),
    finding(
      'redis eviction',
      policy === 'noeviction' ? 'ok' : 'warning',
      `maxmemory-policy = ${policy}`,
      'Set noeviction: jobs that are thrown away are found again, but about a second later each.',
    ),
    finding(
      'redis memory',
      maxBytes > 0 && usedBytes > maxBytes * 0.8 ? 'warning' : 'ok',
      maxBytes > 0 ? `${megabytes(usedBytes)} of ${megabytes(maxBytes)}` : 'no limit of its own',
      'Raise maxmemory: a full Redis refuses jobs, and work goes on by the sweeper only.',
    ),
  ]
}

/** Without the advice where all is well. */
export function finding(check: string, level: Finding['level'], found: string, advice: string): Finding {
  return { check, level, found, advice: level === 'ok' ? '' : advice }
}

export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.max(0, Math.round(seconds))} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / DAY_S)} days`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`
}
