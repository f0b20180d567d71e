import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRuntime, type Runtime } from '../../actors/runtime.ts'
import { createLog } from '../../core/log.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../db/embedded.ts'
import { migrate } from '../../db/migrate.ts'
import { eventually } from '../support/eventually.ts'
import { expectInvariants } from '../support/invariants.ts'
import { TEMP_PREFIX } from '../support/leftovers.ts'
import { startWorker, type Worker } from './processes.ts'
import { machines } from './programs/machines.ts'

describe('when Postgres', () => {
  let dataDir: string
  let server: EmbeddedPostgres
  let runtime: Runtime

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), TEMP_PREFIX))
    server = await startEmbeddedPostgres({ dataDir, log: createLog('fatal') })
    runtime = await createRuntime({
      databaseUrl: server.url,
      machines: machines(() => undefined),
      log: createLog('fatal'),
    })
    await runtime.start()
  })
  afterAll(async () => {
    await runtime.stop()
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  })

  /** Sends until each message is accepted, with its id as dedupe key: what a careful sender does. */
  async function sendAll(addresses: readonly string[], messages: number, from = 0): Promise<number> {
    let retries = 0
    await Promise.all(
      addresses.map(async (address) => {
        for (let n = from; n < messages; n++) {
          await eventually(
            'the message to be accepted',
            async () => {
              try {
                await runtime.send(address, { type: 'ADD', n }, { id: `n:${n}` })
                return true
              } catch (error) {
                retries++
                expect(error).toMatchObject({ code: 'database.unavailable', retryable: true })
                return false
              }
            },
            { timeoutMs: 60_000 },
          )
        }
      }),
    )
    return retries
  }

  async function expectAll(addresses: readonly string[], messages: number): Promise<void> {
    const inOrder = Array.from({ length: messages }, (_, n) => n)
    for (const address of addresses) {
      await eventually(`${address} to have applied all`, async () => {
        const { context } = await runtime.snapshot(address)
        return (context as { count: number }).count >= messages
      })
      expect(await runtime.snapshot(address)).toMatchObject({ context: { count: messages, seen: inOrder } })
    }
    await expectInvariants(runtime, server.url)
  }

  it('is killed and comes back under load, nothing is lost or applied twice, and everything heals', async () => {
    const births = Array.from({ length: 8 }, (_, n) => ({ key: `kill-${n}` }))
    const addresses = await runtime.spawnAll('counter', births)
    const egg = await runtime.spawn('egg', { key: 'kill' })
    const followed: number[] = []
    const end = new AbortController()
    const following = (async () => {
      for await (const { revision } of runtime.follow(addresses[0] ?? '', { signal: end.signal }))
        followed.push(revision)
    })()
    const load = sendAll(addresses, 120)
    for (let kill = 0; kill < 2; kill++) {
      await eventually(
        'the load to flow',
        async () => {
          const { context } = await runtime.snapshot(addresses[0] ?? '').catch(() => ({ context: { count: 0 } }))
          return (context as { count: number }).count > 10 + kill * 40
        },
        { timeoutMs: 20_000 },
      )
      const [pid] = (await readFile(join(dataDir, 'postgres/postmaster.pid'), 'utf8')).split('\n')
      process.kill(Number(pid), 'SIGKILL')
    }
    expect(await load).toBeGreaterThan(0)
    await expectAll(addresses, 120)
    await eventually('the timer', async () => (await runtime.snapshot(egg)).value === 'cooked')
    await eventually('the follower to have caught up', () => followed.length >= 121, { timeoutMs: 10_000 })
    end.abort()
    await following
    expect(followed).toEqual(Array.from({ length: 121 }, (_, n) => n + 1))
    expect(await runtime.health()).toMatchObject({ postgres: true })
  }, 150_000)

  it('cuts every connection again and again, nothing is lost or applied twice', async () => {
    const births = Array.from({ length: 8 }, (_, n) => ({ key: `cut-${n}` }))
    const addresses = await runtime.spawnAll('counter', births)
    const knife = postgres(server.url, { max: 1 })
    const cut = async (): Promise<boolean> =>
      (
        await knife`
        select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = 'troupe' and backend_type = 'client backend'`
      ).length > 0
    // A cut a slice: as many cuts on a machine that is slow as on one that is done before the knife is back.
    for (let slice = 0; slice < 12; slice++) {
      const load = sendAll(addresses, 12 * (slice + 1), 12 * slice)
      await eventually('a connection to cut', cut, { timeoutMs: 30_000 })
      await load
    }
    await knife.end()
    await expectAll(addresses, 144)
  }, 150_000)

  it('stands still for a while, calls come back with a failure that passes, and the platform goes on afterwards', async () => {
    const [address = ''] = await eventually('a connection', () => runtime.spawnAll('counter', [{ key: 'frozen' }]))
    const pids = await serverProcesses(server.url)
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    const startedAt = performance.now()
    const frozen = runtime.send(address, { type: 'ADD', n: 0 }, { id: 'n:0' })
    await expect(frozen).rejects.toMatchObject({ code: 'database.unavailable' })
    expect(performance.now() - startedAt).toBeLessThan(15_000)
    for (const pid of pids) process.kill(pid, 'SIGCONT')
    await sendAll([address], 3)
    await expectAll([address], 3)
  }, 150_000)
})

async function serverProcesses(url: string): Promise<number[]> {
  const sql = postgres(url, { max: 1 })
  const backends = await sql<{ pid: number }[]>`select pid from pg_stat_activity where pid <> pg_backend_pid()`
  await sql.end()
  return backends.map(({ pid }) => pid)
}

describe('migrations', () => {
  it('may begin in many processes at once, on a database that is empty', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), TEMP_PREFIX))
    const server = await startEmbeddedPostgres({ dataDir, log: createLog('fatal') })
    const workers: Worker[] = await Promise.all([1, 2, 3].map(() => startWorker({ databaseUrl: server.url })))
    await migrate(server.url)
    expect(workers).toHaveLength(3)
    await Promise.all(workers.map((worker) => worker.kill()))
    await server.stop()
    await rm(dataDir, { recursive: true, force: true })
  }, 120_000)
})
