import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import type { Database } from '../database.ts'
import type { Fault } from '../nemesis.ts'
import { fits, probe, until } from '../strike.ts'

const OTHERS = `pid <> pg_backend_pid() and backend_type = 'client backend' and application_name <> 'chaos'`

const MB = 1024 * 1024
/** However slowly the disk is filled. */
const FULL_MS = 90_000

/** The truth itself goes away, dies, stands still, fills up, or refuses. */
export const POSTGRES_FAULTS: readonly Fault[] = [
  stopFault('D1', 'Postgres is restarted (fast)', 'SIGINT'),
  stopFault('D3', 'Postgres is stopped at once and recovers', 'SIGQUIT'),
  {
    id: 'D2',
    what: 'a helper process of Postgres is killed: all connections end, it recovers',
    async strike(scene) {
      const pid = await helperOf(await scene.database.postmaster(), 'walwriter')
      process.kill(pid, 'SIGKILL')
      return `walwriter ${pid} killed; a message applied after ${await probe(scene, 'D2')} ms`
    },
  },
  {
    id: 'D4',
    what: 'every connection is cut, again and again',
    async strike(scene) {
      let cut = 0
      for (const end = performance.now() + scene.spanMs; performance.now() < end; ) {
        cut += await cutAll(scene.database)
        await pause(150)
      }
      if (cut === 0) throw new Error('there was no connection to cut')
      return `${cut} connections cut; a message applied after ${await probe(scene, 'D4')} ms`
    },
  },
  {
    id: 'D7',
    what: 'Postgres stands still for longer than every deadline',
    async strike(scene) {
      const rows = await scene.database.ask<{ pid: number }>(
        `select pid from pg_stat_activity where pid <> pg_backend_pid()`,
      )
      const postmaster = await scene.database.postmaster()
      const ms = Math.max(2.4 * scene.spanMs, 5_000)
      const pids = [...rows.map(({ pid }) => pid), postmaster]
      for (const pid of pids) signal(pid, 'SIGSTOP')
      await pause(ms)
      for (const pid of pids) signal(pid, 'SIGCONT')
      return `${pids.length} processes stood still for ${ms} ms; a message applied after ${await probe(scene, 'D7')} ms`
    },
  },
  {
    id: 'D8',
    what: 'all connections are used up by others',
    async strike(scene) {
      const { database } = scene
      const hogs: pg.Client[] = []
      const fill = async (): Promise<void> => {
        for (;;) {
          const hog = await database.connect().catch(() => undefined)
          if (!hog) return
          hogs.push(hog)
        }
      }
      try {
        await fill()
        await cutAll(database)
        await fill()
        await pause(scene.spanMs)
      } finally {
        await Promise.all(hogs.map((hog) => hog.end().catch(() => undefined)))
      }
      if (hogs.length < 20) throw new Error(`only ${hogs.length} connections were to be had`)
      return `${hogs.length} connections held by others for ${scene.spanMs} ms; a message applied after ${await probe(scene, 'D8')} ms`
    },
  },
  {
    id: 'D9',
    what: 'statements run into lock timeouts and deadlocks',
    async strike(scene) {
      const { database } = scene
      const before = await rollbacks(database)
      await database.ask(`alter role troupe set lock_timeout = '200ms'`)
      await cutAll(database)
      const holder = await database.connect()
      try {
        for (const table of ['mailbox', 'actors', 'invocations']) {
          await holder.query('begin')
          await holder.query(`lock table ${table} in share row exclusive mode`)
          await pause(800)
          await holder.query('rollback')
          await pause(200)
        }
      } finally {
        await holder.end()
        await database.ask(`alter role troupe reset lock_timeout`)
        await cutAll(database)
      }
      const ms = await probe(scene, 'D9')
      const failed = (await rollbacks(database)) - before
      if (failed === 0) throw new Error('no statement was rolled back')
      return `${failed} statements rolled back; a message applied after ${ms} ms`
    },
  },
  {
    id: 'D10',
    what: 'the disk of Postgres is full',
    impossible: ({ disk }) => (disk === undefined ? 'no small file system can be mounted here' : undefined),
    async strike(scene) {
      const { database, disk } = scene
      const filler = join(disk?.folder ?? '', 'filler')
      let written = 0
      let refused = 0
      await database.ask('create table if not exists chaos.ballast (x text)')
      try {
        for (const end = performance.now() + FULL_MS; refused < 5 && performance.now() < end; ) {
          // To the last byte, and what the server frees meanwhile is taken, too.
          for (const bytes of [4 * MB, 64 * 1024, 4_096]) while (await fits(filler, bytes)) written += bytes
          refused += await refusals(database)
        }
      } finally {
        await rm(filler, { force: true })
      }
      if (refused === 0) throw new Error('the server never noticed')
      const ms = await probe(scene, 'D10')
      await database.ask('drop table chaos.ballast')
      return `${Math.round(written / MB)} MB written beside it, ${refused} writes refused; a message applied after ${ms} ms`
    },
  },
  {
    id: 'D14',
    what: 'Postgres only reads, as after a fail-over to a standby',
    async strike(scene) {
      const { database, cluster } = scene
      await database.ask(`alter role troupe set default_transaction_read_only = on`)
      await cutAll(database)
      const refused = await cluster
        .ask({ do: 'send', address: scene.work.cellOf(2), event: { type: 'RESUME' }, id: `d14:${Date.now()}` })
        .then(
          () => undefined,
          (error: unknown) => (error as { code: string }).code,
        )
      await pause(scene.spanMs / 2)
      await database.ask(`alter role troupe reset default_transaction_read_only`)
      await cutAll(database)
      if (refused === undefined) throw new Error('a write was accepted')
      return `a write was refused with ${refused}; afterwards a message applied after ${await probe(scene, 'D14')} ms`
    },
  },
  {
    id: 'D15',
    what: 'the schema changes while processes work',
    async strike(scene) {
      const { database } = scene
      for (const table of ['actors', 'mailbox', 'invocations', 'timers', 'history']) {
        await database.ask(`alter table ${table} add column chaos_added text`)
        await pause(200)
        await database.ask(`alter table ${table} drop column chaos_added`)
      }
      return `a column came and went in 5 tables; a message applied after ${await probe(scene, 'D15')} ms`
    },
  },
  {
    id: 'D16',
    what: 'listeners are cut, again and again',
    impossible: ({ redis }) => (redis ? 'nobody listens at Postgres in this run' : undefined),
    async strike(scene) {
      let cut = 0
      for (const end = performance.now() + scene.spanMs; performance.now() < end; ) {
        const rows = await scene.database.ask(
          `select pg_terminate_backend(pid) from pg_stat_activity where ${OTHERS} and query ilike 'listen%'`,
        )
        cut += rows.length
        await pause(250)
      }
      if (cut === 0) throw new Error('nobody listened')
      return `${cut} listeners cut; a message applied after ${await probe(scene, 'D16')} ms`
    },
  },
  {
    id: 'D17',
    what: 'a long transaction holds the horizon of readers',
    async strike(scene) {
      const holder = await scene.database.connect()
      await holder.query('begin')
      const { rows } = await holder.query<{ xid: string }>('select pg_current_xact_id()::text as xid')
      await pause(scene.spanMs)
      await holder.query('commit')
      await holder.end()
      return `transaction ${rows[0]?.xid} stood open for ${scene.spanMs} ms`
    },
  },
]

function stopFault(id: string, what: string, how: NodeJS.Signals): Fault {
  return {
    id,
    what,
    async strike(scene) {
      const [before, after] = await restartPostgres(scene.database, how)
      return `server ${before} ended, ${after} took its place; a message applied after ${await probe(scene, id)} ms`
    },
  }
}

/** Ends the server and waits for the next one; the processes before and after. */
export async function restartPostgres(database: Database, how: NodeJS.Signals): Promise<[number, number]> {
  const before = await database.postmaster()
  process.kill(before, how)
  const after = await until(
    'Postgres to be back',
    async () => {
      const pid = await database.postmaster().catch(() => 0)
      return pid > 0 && pid !== before && pid
    },
    60_000,
  )
  return [before, after]
}

/** The server's process and those that it has started: it does not tell them to ordinary roles, the system does. */
export async function familyOf(postmaster: number): Promise<number[]> {
  const children = await readFile(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8')
  return [postmaster, ...children.trim().split(' ').map(Number)]
}

async function helperOf(postmaster: number, name: string): Promise<number> {
  for (const child of await familyOf(postmaster)) {
    const title = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '')
    if (title.includes(name)) return child
  }
  throw new Error(`there is no ${name}`)
}

async function cutAll(database: Database): Promise<number> {
  const rows = await database.ask(
    `select pg_terminate_backend(pid) from pg_stat_activity where ${OTHERS} and usename = current_user`,
  )
  return rows.length
}

async function rollbacks(database: Database): Promise<number> {
  const [row] = await database.ask<{ n: number }>(
    `select pg_stat_clear_snapshot(), xact_rollback::int as n from pg_stat_database where datname = current_database()`,
  )
  return row?.n ?? 0
}

/** Tries to write half a megabyte that cannot be made smaller; answers 1 when there is no room for it, or when the server fell over it. */
async function refusals(database: Database): Promise<number> {
  const client = await database.connect().catch(() => undefined)
  if (!client) return 1
  try {
    await client.query(
      `insert into chaos.ballast select string_agg(md5(random()::text), '') from generate_series(1, 16384)`,
    )
    return 0
  } catch {
    // 53100, or the end of the connection: the log of transactions could not be written either.
    return 1
  } finally {
    await client.end().catch(() => undefined)
  }
}

function signal(pid: number, how: NodeJS.Signals): void {
  try {
    process.kill(pid, how)
  } catch {
    // It ended in between.
  }
}
