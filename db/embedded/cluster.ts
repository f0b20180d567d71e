import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { access, chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AppError } from '../../core/errors.ts'
import { type Account, asAccount } from './account.ts'
import type { Binaries } from './binaries.ts'
import { complaint } from './complaint.ts'

const run = promisify(execFile)

export interface Cluster {
  /** PostgreSQL's own data folder. */
  folder: string
  /** The password of the role `troupe`, the only one that can log in. */
  password: string
  /** True when this call made it. */
  created: boolean
}

/** The only door: our role, from this machine, with its password. No local socket, no superuser. */
const HOST_RULES = 'host all troupe 127.0.0.1/32 scram-sha-256\n'

/** Finds the cluster of a data folder or makes it. One that was cut short while being made is made again. */
export async function prepareCluster(dataDir: string, binaries: Binaries, account: Account): Promise<Cluster> {
  const folder = join(dataDir, 'postgres')
  const secret = join(dataDir, 'postgres.password')
  const password = await readFile(secret, 'utf8').catch(() => undefined)
  const exists = await access(join(folder, 'PG_VERSION')).then(
    () => true,
    () => false,
  )
  // PostgreSQL accepts only files of its own that others cannot read; a plain copy or a restored backup has neither.
  if (exists && (await stat(folder)).uid === 0) await giveAway(folder, account)
  if (exists) await chmod(folder, 0o700)
  if (exists && password) return { folder, password, created: false }

  const fresh = randomBytes(24).toString('base64url')
  // Replaced as a whole: a crash in the middle must not leave an empty password behind.
  await writeFile(`${secret}.new`, fresh, { mode: 0o600 })
  if (exists) await singleUser(folder, binaries, account, `alter role troupe password '${fresh}';`)
  else await createCluster(folder, binaries, account, fresh)
  await rename(`${secret}.new`, secret)
  return { folder, password: fresh, created: !exists }
}

async function createCluster(folder: string, binaries: Binaries, account: Account, password: string): Promise<void> {
  const draft = `${folder}.new`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { mode: 0o700 })
  await giveAway(draft, account)
  // Built-in locale: the order of texts never changes with the C library of the machine.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const access = ['--username=postgres', '--auth=reject']
  await execute(account, binaries.initdb, ['-D', draft, '--no-sync', '--no-instructions', ...access, ...locale])
  await writeFile(join(draft, 'pg_hba.conf'), HOST_RULES)
  await singleUser(
    draft,
    binaries,
    account,
    `create role troupe login createdb password '${password}';\ncreate database troupe owner troupe;`,
  )
  // One sync for all of it, then the name: a cluster that has its final name is complete and on the disk.
  await execute(account, binaries.initdb, ['--sync-only', '-D', draft])
  await rename(draft, folder)
}

/** Runs SQL as the superuser without a server, so that no superuser ever needs a way in over the network. */
async function singleUser(folder: string, binaries: Binaries, account: Account, sql: string): Promise<void> {
  // Single-user mode goes on after a failed statement; only its output tells.
  const output = await execute(account, binaries.postgres, ['--single', '-D', folder, 'postgres'], `${sql}\n`)
  if (/\b(?:ERROR|FATAL|PANIC): /.test(output)) throw setupFailed(output)
}

async function giveAway(folder: string, { owner }: Account): Promise<void> {
  if (owner) await run('chown', ['-R', `${owner.uid}:${owner.gid}`, folder])
}

async function execute(account: Account, program: string, args: readonly string[], input = ''): Promise<string> {
  const how = asAccount(account, program, args)
  const child = spawn(how.command, how.args, { ...how.options, stdio: 'pipe' })
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout.on('data', (part: Buffer) => (output += part.toString()))
    child.stderr.on('data', (part: Buffer) => (output += part.toString()))
    // The reason for a broken pipe is told by the exit code and the output.
    child.stdin.on('error', () => undefined).end(input)
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(output)
      else reject(setupFailed(output))
    })
  })
}

function setupFailed(output: string): AppError {
  return new AppError('database.unavailable', `The embedded PostgreSQL could not be set up: ${complaint(output)}`)
}
