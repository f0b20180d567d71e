import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createLog } from '../../core/log.ts'
import { findBirth, findCommandLine } from '../../db/embedded/process.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../db/embedded.ts'
import { eventually } from '../support/eventually.ts'
import { TEMP_PREFIX } from '../support/leftovers.ts'

const log = createLog('silent')
const tidy: (() => unknown)[] = []

afterEach(async () => {
  for (const step of tidy.splice(0).toReversed()) await step()
})

let made: string
beforeAll(async () => {
  made = await mkdtemp(join(tmpdir(), TEMP_PREFIX))
  await (await startEmbeddedPostgres({ dataDir: made, log })).stop()
})
afterAll(() => rm(made, { recursive: true, force: true }))

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), TEMP_PREFIX))
  tidy.push(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A data folder with a cluster in it, since making one takes most of a second. */
async function newFolder(): Promise<string> {
  const folder = await emptyFolder()
  await promisify(execFile)('cp', ['-Rp', `${made}/.`, folder])
  await chmod(folder, 0o755)
  return folder
}

async function start(dataDir: string): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, log })
  tidy.push(() => server.stop())
  return server
}

async function ask<T extends postgres.MaybeRow>(url: string, question: string): Promise<T[]> {
  const sql = postgres(url, { max: 1 })
  try {
    return await sql.unsafe<T[]>(question)
  } finally {
    await sql.end()
  }
}

/** A platform in a process of its own, to be killed. */
async function startElsewhere(dataDir: string): Promise<{ process: ChildProcess; url: string }> {
  const program = `
    import { createLog } from './core/log.ts'
    import { startEmbeddedPostgres } from './db/embedded.ts'
    const server = await startEmbeddedPostgres({ dataDir: process.argv[1], log: createLog('silent') })
    process.stdout.write(server.url)
    setInterval(() => undefined, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  tidy.push(() => child.kill('SIGKILL'))
  const [url] = await once(child.stdout, 'data')
  return { process: child, url: String(url) }
}

async function serverPid(dataDir: string): Promise<number> {
  return Number.parseInt(await readFile(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8'), 10)
}

it('lets in only its own role, with a password that only its owner can read', async () => {
  const dataDir = await emptyFolder()
  const { url } = await start(dataDir)
  const [settings] = await ask(
    url,
    `select current_user as role, current_setting('is_superuser') as superuser, current_setting('fsync') as fsync,
       current_setting('synchronous_commit') as commit, current_setting('server_encoding') as encoding,
       current_setting('listen_addresses') as address`,
  )
  expect(settings).toEqual({
    role: 'troupe',
    superuser: 'off',
    fsync: 'on',
    commit: 'on',
    encoding: 'UTF8',
    address: '127.0.0.1',
  })
  expect((await stat(join(dataDir, 'postgres.password'))).mode & 0o777).toBe(0o600)
  const wrong = new URL(url)
  wrong.password = 'guess'
  await expect(ask(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  wrong.username = 'postgres'
  await expect(ask(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28000' })
})

it('finds its data again, and leaves nothing running or locked when stopped', async () => {
  const dataDir = await newFolder()
  const first = await start(dataDir)
  await ask(first.url, 'create table kept as select 7 as number')
  const pid = await serverPid(dataDir)
  await first.stop()
  await first.stop()
  expect(await findBirth(pid)).toBeUndefined()
  expect((await readdir(dataDir)).toSorted()).toEqual(['postgres', 'postgres.log', 'postgres.password'])
  const second = await start(dataDir)
  expect(await ask(second.url, 'select number from kept')).toEqual([{ number: 7 }])
})

it('runs two platforms side by side, but never two on one data folder, by whatever name', async () => {
  const [one, other] = [await newFolder(), await newFolder()]
  const [left, right] = await Promise.all([start(one), start(other)])
  await ask(left.url, 'create table left_only ()')
  await expect(ask(right.url, 'select from left_only')).rejects.toMatchObject({ code: '42P01' })
  await symlink(one, join(other, 'alias'))
  const second = startEmbeddedPostgres({ dataDir: join(other, 'alias'), log })
  await expect(second).rejects.toMatchObject({
    code: 'database.in_use',
    message: expect.stringMatching(/^Another Troupe \(process \d+\) is using .+TROUPE_DATA_DIR/),
  })
  expect(await ask(left.url, 'select 1 as alive')).toEqual([{ alive: 1 }])
})

it('lets exactly one of several platforms that start at once take over the folder of a killed one', async () => {
  const dataDir = await newFolder()
  await writeFile(join(dataDir, 'postgres.lock'), '999999 long-gone\n')
  const outcomes = await Promise.allSettled([start(dataDir), start(dataDir), start(dataDir)])
  expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1)
})

it('ends the server when its platform is killed, and keeps what was committed', async () => {
  const dataDir = await newFolder()
  const killed = await startElsewhere(dataDir)
  await ask(killed.url, 'create table kept as select 7 as number')
  const pid = await serverPid(dataDir)
  killed.process.kill('SIGKILL')
  await eventually('the server to follow its platform', async () => (await findBirth(pid)) === undefined)
  const next = await start(dataDir)
  expect(await ask(next.url, 'select number from kept')).toEqual([{ number: 7 }])
})

// Finding the watcher needs /proc.
it.runIf(process.platform === 'linux')('stops a server that outlived its platform and its watcher', async () => {
  const dataDir = await newFolder()
  const killed = await startElsewhere(dataDir)
  const pid = await serverPid(dataDir)
  await ask(killed.url, 'create table kept as select 7 as number')
  for (const watcher of await watchersOf(dataDir)) process.kill(watcher, 'SIGKILL')
  killed.process.kill('SIGKILL')
  await once(killed.process, 'exit')
  const stopped: unknown[] = []
  const server = await startEmbeddedPostgres({
    dataDir,
    log: { ...log, info: () => undefined, warn: (facts: unknown) => void stopped.push(facts) },
  })
  tidy.push(() => server.stop())
  expect(stopped).toEqual([{ pid, dataDir }])
  expect(await ask(server.url, 'select number from kept')).toEqual([{ number: 7 }])
})

async function watchersOf(dataDir: string): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0)
  const commands = await Promise.all(pids.map(async (pid) => ({ pid, line: await findCommandLine(pid) })))
  const found = commands.filter(({ line }) => line?.includes('kill -INT') && line.includes(dataDir))
  expect(found).toHaveLength(1)
  return found.map(({ pid }) => pid)
}

it('is not fooled by a pid file whose number now belongs to a stranger', async () => {
  const dataDir = await newFolder()
  const first = await startElsewhere(dataDir)
  const pidFile = join(dataDir, 'postgres', 'postmaster.pid')
  const content = await readFile(pidFile, 'utf8')
  process.kill(await serverPid(dataDir), 'SIGKILL')
  first.process.kill('SIGKILL')
  await once(first.process, 'exit')
  const stranger = spawn('sleep', ['60'])
  tidy.push(() => stranger.kill())
  await writeFile(pidFile, content.replace(/^\d+/, String(stranger.pid)))
  await eventually('the helpers of the killed server to leave', () => start(dataDir))
  expect(stranger.exitCode).toBeNull()
})

it('brings a server that died back on the same port', async () => {
  const dataDir = await newFolder()
  const { url } = await start(dataDir)
  await ask(url, 'create table kept as select 7 as number')
  process.kill(await serverPid(dataDir), 'SIGKILL')
  const rows = await eventually('the server to come back', () => ask(url, 'select number from kept'))
  expect(rows).toEqual([{ number: 7 }])
})

it('makes a new password when the old one is lost, and starts a copied cluster', async () => {
  const [dataDir, copied] = [await newFolder(), await emptyFolder()]
  const first = await start(dataDir)
  await ask(first.url, 'create table kept as select 7 as number')
  await first.stop()
  await cp(join(dataDir, 'postgres'), join(copied, 'postgres'), { recursive: true })
  const second = await start(copied)
  expect(await ask(second.url, 'select number from kept')).toEqual([{ number: 7 }])
})

it('works below a folder that no other user may enter', async () => {
  const closed = await emptyFolder()
  await chmod(closed, 0o700)
  const { url } = await start(join(closed, 'deep', 'data'))
  expect(await ask(url, 'select 1 as alive')).toEqual([{ alive: 1 }])
})

it('makes a half-made cluster again', async () => {
  const dataDir = await emptyFolder()
  await cp(new URL('.', import.meta.url), join(dataDir, 'postgres.new'), { recursive: true })
  const { url } = await start(dataDir)
  expect(await ask(url, 'select 1 as alive')).toEqual([{ alive: 1 }])
})

it('says in one sentence why it cannot start', async () => {
  const dataDir = await newFolder()
  const first = await start(dataDir)
  await first.stop()
  await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '17\n')
  await expect(startEmbeddedPostgres({ dataDir, log })).rejects.toMatchObject({
    code: 'database.unavailable',
    message: expect.stringContaining('initialized by PostgreSQL version 17'),
  })
  await expect(startEmbeddedPostgres({ dataDir: join(dataDir, 'postgres.log'), log })).rejects.toMatchObject({
    code: 'config.invalid',
    message: expect.stringContaining('TROUPE_DATA_DIR'),
  })
})
