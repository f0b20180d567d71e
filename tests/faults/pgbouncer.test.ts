import { spawn, spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, connect as dial } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createRuntime } from '../../actors/runtime.ts'
import { createTestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { expectInvariants } from '../support/invariants.ts'
import { TEMP_PREFIX } from '../support/leftovers.ts'
import { machines } from './programs/machines.ts'

const PROGRAM = 'pgbouncer'
const installed = spawnSync('sh', ['-c', `PATH="$PATH:/usr/sbin" command -v ${PROGRAM}`]).status === 0

describe.skipIf(!installed)('behind PgBouncer in transaction mode', () => {
  it('statements meet another server each time, and nothing is lost, doubled or out of order', async () => {
    const database = await createTestDatabase()
    const pooler = await startPooler(database.url)
    const runtime = await createRuntime({
      databaseUrl: database.url,
      databasePoolUrl: pooler.url,
      machines: machines(() => undefined),
    })
    try {
      await runtime.start()
      const births = Array.from({ length: 6 }, (_, n) => ({ key: String(n) }))
      const addresses = await runtime.spawnAll('counter', births)
      const job = await runtime.spawn('job', { key: 'one', input: { ms: 50 } })
      await Promise.all(
        addresses.map(async (address) => {
          for (let n = 0; n < 15; n++) await runtime.send(address, { type: 'ADD', n })
        }),
      )
      for (const address of addresses) {
        await runtime.settled(address)
        const seen = Array.from({ length: 15 }, (_, n) => n)
        expect(await runtime.snapshot(address)).toMatchObject({ context: { count: 15, seen } })
      }
      await eventually('the work to be done', async () => (await runtime.snapshot(job)).value === 'done')
      await expectInvariants(runtime, database.url)
    } finally {
      await runtime.stop()
      await pooler.stop()
      await database.drop()
    }
  })
})

async function startPooler(databaseUrl: string): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), TEMP_PREFIX))
  // It refuses to run as root, and reads its files as the user that it becomes.
  await chmod(folder, 0o755)
  const { hostname, port, pathname, username, password } = new URL(databaseUrl)
  const own = await freePort()
  await writeFile(join(folder, 'users.txt'), `"${username}" "${password}"\n`)
  // Fewer servers than our pool has connections: one statement after the other meets another one.
  const settings = `[databases]
* = host=${hostname} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${folder}/users.txt
pool_mode = transaction
default_pool_size = 3
`
  await writeFile(join(folder, 'pgbouncer.ini'), settings)
  const as = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` }
  const child = spawn(PROGRAM, ['-q', ...as, join(folder, 'pgbouncer.ini')], { env, stdio: 'ignore' })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  await eventually('the pooler to take connections', () => reaches(own), { timeoutMs: 15_000 })
  return {
    url: `postgres://${username}:${password}@127.0.0.1:${own}${pathname}`,
    async stop() {
      child.kill('SIGKILL')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function reaches(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}
