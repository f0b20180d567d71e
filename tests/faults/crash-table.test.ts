import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Runtime } from '../../actors/runtime.ts'
import type { TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { expectInvariants } from '../support/invariants.ts'
import { backends } from '../support/redis.ts'
import { openBystander } from './bystander.ts'
import { startWorker, type Worker } from './processes.ts'

/** The crash table of ARCHITECTURE.md, row by row, with real processes that really die. */
describe.each(await backends())('on $name, work goes on', { timeout: 120_000 }, ({ redisUrl }) => {
  let database: TestDatabase
  let runtime: Runtime
  let sql: postgres.Sql
  let workers: Worker[] = []

  beforeAll(async () => {
    ;({ database, runtime } = await openBystander(redisUrl))
    sql = postgres(database.url, { max: 4, onnotice: () => undefined })
  })
  afterEach(async () => {
    try {
      if (workers.length === 0) await start()
      await expectInvariants(runtime, database.url)
    } finally {
      await Promise.all(workers.map((worker) => worker.kill()))
      workers = []
    }
  })
  afterAll(async () => {
    await runtime.stop()
    await sql.end({ timeout: 1 })
    await database.drop()
  })

  async function start(options: { roles?: string; leaseMs?: number } = {}): Promise<Worker> {
    const worker = await startWorker({ databaseUrl: database.url, redisUrl, ...options })
    workers.push(worker)
    return worker
  }
  async function die(worker: Worker): Promise<void> {
    await worker.kill()
    workers = workers.filter((one) => one !== worker)
  }
  const countOf = async (address: string): Promise<number> =>
    ((await runtime.snapshot(address)).context as { count: number }).count
  const applied = (address: string, count: number): Promise<unknown> =>
    eventually(`${address} to count ${count}`, async () => (await countOf(address)) === count, { timeoutMs: 20_000 })

  /** Holds rows in a transaction of its own, so that whoever needs them waits, and says when somebody does. */
  async function hold(lock: (tx: postgres.TransactionSql) => PromiseLike<unknown>) {
    let release: () => void = () => undefined
    const released = new Promise<void>((resolve) => (release = resolve))
    let locked: (pid: number) => void = () => undefined
    const holding = new Promise<number>((resolve) => (locked = resolve))
    const done = sql.begin(async (tx) => {
      await lock(tx)
      const [row] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`
      locked(row?.pid ?? 0)
      await released
    })
    const pid = await holding
    return {
      reached: () =>
        eventually('somebody to wait for the lock', async () => {
          const [row] = await sql`select 1 from pg_stat_activity where ${pid} = any(pg_blocking_pids(pid))`
          return row !== undefined
        }),
      release: async () => {
        release()
        await done
      },
    }
  }

  it('when the sender dies before its commit: nothing is there, and it may send again', async () => {
    const address = await runtime.spawn('counter', { key: 'before-ingest' })
    const sender = await start({ roles: 'api' })
    const gate = await hold((tx) => tx`lock table mailbox in share mode`)
    sender.send(address, { type: 'ADD', n: 0 }, 'one')
    await gate.reached()
    await die(sender)
    await gate.release()
    expect(sender.said.some(({ sent }) => sent === 'one')).toBe(false)
    await start()
    await runtime.send(address, { type: 'ADD', n: 0 }, { id: 'one' })
    await applied(address, 1)
  })

  it('when the sender dies after its commit, before the carrier has the news', async () => {
    const address = await runtime.spawn('counter', { key: 'after-ingest' })
    await start()
    // Mail that nobody was told of.
    await sql`insert into mailbox (address, message_id, lane, event) values (${address}, 'm', 1, '{"type":"ADD","n":0}')`
    await applied(address, 1)
  })

  it('when a worker dies in a turn, before its commit', async () => {
    const address = await runtime.spawn('counter', { key: 'in-turn' })
    const victim = await start()
    const gate = await hold((tx) => tx`lock table history in share mode`)
    await runtime.send(address, { type: 'ADD', n: 0 })
    await gate.reached()
    await die(victim)
    await gate.release()
    await start()
    await applied(address, 1)
    expect(await runtime.snapshot(address)).toMatchObject({ revision: 2, context: { seen: [0] } })
  })

  it('when a worker dies after its commit, before it has carried on what it asked for', async () => {
    const [from = '', to = ''] = await runtime.spawnAll('counter', [{ key: 'passer' }, { key: 'receiver' }])
    const victim = await start()
    // The mail of the commit cannot be read by the turn that follows it at once.
    const gate = await hold((tx) => tx`select 1 from actors where address = ${to} for update`)
    await runtime.send(from, { type: 'PASS', n: 7, to })
    await applied(from, 1)
    await die(victim)
    await gate.release()
    expect(await countOf(to)).toBe(0)
    await start()
    await applied(to, 1)
  })

  it('when a worker dies inside an invocation: another one does it again, and says so', async () => {
    const victim = await start({ leaseMs: 1_500 })
    const address = await runtime.spawn('job', { key: 'killed', input: { ms: 60_000 } })
    await eventually('it to begin', () => victim.said.some(({ began }) => began === 1))
    const heir = await start({ leaseMs: 1_500 })
    await die(victim)
    const diedAt = performance.now()
    await eventually('the second try', () => heir.said.some(({ began }) => began === 2), { timeoutMs: 20_000 })
    expect(performance.now() - diedAt).toBeLessThan(8_000)
    expect((await runtime.snapshot(address)).waitingFor).toBe('work to finish (running, try 2, 1 cut off)')
  })

  it('when a worker freezes inside an invocation and wakes up late: what it brings is refused', async () => {
    const frozen = await start({ leaseMs: 1_000 })
    const address = await runtime.spawn('job', { key: 'frozen', input: { ms: 1_500 } })
    await eventually('it to begin', () => frozen.said.some(({ began }) => began === 1))
    frozen.signal('SIGSTOP')
    const heir = await start({ leaseMs: 1_000 })
    await eventually('the second try', () => heir.said.some(({ began }) => began === 2), { timeoutMs: 20_000 })
    frozen.signal('SIGCONT')
    const got = await eventually('the outcome', async () => {
      const { value, context } = await runtime.snapshot(address)
      return value === 'done' && (context as { got: unknown }).got
    })
    expect(got).toEqual({ attempts: 2, pid: heir.pid })
    expect((await runtime.snapshot(address)).revision).toBe(2)
  })

  it('when a worker freezes in a turn and wakes up late: its commit changes nothing', async () => {
    const address = await runtime.spawn('counter', { key: 'zombie' })
    const frozen = await start()
    const gate = await hold((tx) => tx`lock table history in share mode`)
    await runtime.send(address, { type: 'ADD', n: 0 })
    await gate.reached()
    // It has planned its turn and is about to commit it.
    frozen.signal('SIGSTOP')
    await gate.release()
    await start()
    await applied(address, 1)
    for (let n = 1; n <= 5; n++) await runtime.send(address, { type: 'ADD', n })
    await applied(address, 6)
    frozen.signal('SIGCONT')
    await runtime.send(address, { type: 'ADD', n: 6 })
    await applied(address, 7)
    expect(await runtime.snapshot(address)).toMatchObject({ context: { seen: [0, 1, 2, 3, 4, 5, 6] }, revision: 8 })
  })

  it('when a timer is due while nobody lives', async () => {
    const setter = await start()
    const address = await runtime.spawn('egg', { key: 'orphan' })
    await die(setter)
    await eventually('its time', async () => {
      const [row] = await sql`select 1 from timers where address = ${address} and due_at < clock_timestamp()`
      return row !== undefined
    })
    expect((await runtime.snapshot(address)).value).toBe('cooking')
    await start()
    await eventually('the timer', async () => (await runtime.snapshot(address)).value === 'cooked')
  })

  it('when a worker is asked to stop under load: it ends by itself within ten seconds and gives everything back', async () => {
    const leaver = await start()
    const addresses = await runtime.spawnAll(
      'counter',
      Array.from({ length: 5 }, (_, n) => ({ key: `term-${n}` })),
    )
    const job = await runtime.spawn('job', { key: 'term', input: { ms: 60_000 } })
    await eventually('it to begin', () => leaver.said.some(({ began }) => began === 1))
    await Promise.all(addresses.map((address) => runtime.send(address, { type: 'ADD', n: 0 })))
    const startedAt = performance.now()
    leaver.signal('SIGTERM')
    expect(await leaver.ended()).toBe(0)
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    workers = []
    const heir = await start({ leaseMs: 60_000 })
    await eventually('the job to go on', () => heir.said.some(({ began }) => began === 2))
    for (const address of addresses) await applied(address, 1)
    expect((await runtime.snapshot(job)).value).toBe('busy')
  })

  it('when any of them is killed at any moment under load', async () => {
    const [first = '', ...others] = await runtime.spawnAll(
      'counter',
      Array.from({ length: 6 }, (_, n) => ({ key: `storm-${n}` })),
    )
    await Promise.all([start(), start()])
    let kills = 0
    let rounds = 0
    const load = (async () => {
      for (; kills < 3; rounds++) {
        const send = (address: string, m: number) =>
          runtime.send(address, { type: 'PASS', n: rounds, to: first }, { id: `${m}:${rounds}` })
        await Promise.all(others.map(send))
      }
    })()
    for (; kills < 3; kills++) {
      const [victim] = workers
      if (victim) await die(victim)
      await start()
    }
    await load
    expect(rounds).toBeGreaterThan(5)
    for (const address of others) await applied(address, rounds)
    await applied(first, rounds * others.length)
    const { seen } = (await runtime.snapshot(first)).context as { seen: number[] }
    expect(seen).toHaveLength(rounds * others.length)
  })
})
