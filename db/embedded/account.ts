import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { AppError } from '../../core/errors.ts'

const run = promisify(execFile)

export interface Ids {
  uid: number
  gid: number
}

/**
 * Who the server runs as. PostgreSQL refuses to run as root, so root hands it to another user; everyone else runs it
 * as themselves.
 */
export interface Account {
  /** Whom the cluster's files belong to; undefined means ourselves. */
  owner?: Ids
  /** A command that changes the user by itself, put before the program. */
  prefix?: readonly string[]
}

/** How to start a program as that account, with nothing of our environment and away from our working folder. */
export function asAccount({ owner, prefix = [] }: Account, program: string, args: readonly string[]) {
  const [command = program, ...rest] = [...prefix, program, ...args]
  const ids = prefix.length === 0 ? owner : undefined
  return { command, args: rest, options: { ...ids, cwd: '/', env: { LC_ALL: 'C', TZ: 'UTC' } } }
}

export interface Place {
  /** The program the account must be able to run. */
  program: string
  /** The folder below which it must be able to work. */
  dataDir: string
  /** The cluster's own folder, if it exists: its owner must stay the same. */
  cluster: string
}

/** Throws `config.invalid`, with what to do about it, when no user can be found that reaches the program and the data. */
export async function chooseAccount(place: Place): Promise<Account> {
  const owner = await ownerOf(place.cluster)
  const self = process.geteuid?.() ?? 0
  if (self !== 0) return ownAccount(place, owner, self)

  const ids = owner && owner.uid !== 0 ? owner : await unprivilegedUser()
  const candidates = [{ owner: ids }, withCapability(ids, 'dac_read_search'), withCapability(ids, 'dac_override')]
  for (const account of candidates) {
    if (await reaches(account, place)) return account
  }
  throw new AppError(
    'config.invalid',
    `PostgreSQL must not run as root, and user ${ids.uid} may not enter ${await closedFolder(place)}: ` +
      `run "chmod o+x" on that folder, or move the checkout, or run as an ordinary user, or set DATABASE_URL`,
    { details: { uid: ids.uid, program: place.program, dataDir: place.dataDir } },
  )
}

function ownAccount(place: Place, owner: Ids | undefined, self: number): Account {
  if (!owner || owner.uid === self) return {}
  throw new AppError(
    'config.invalid',
    `The database in ${place.cluster} belongs to user ${owner.uid}, not to you (user ${self}): ` +
      `start Troupe as the user who made it, or set TROUPE_DATA_DIR to another folder`,
    { details: { owner: owner.uid, self } },
  )
}

/**
 * A checkout below /root or a private temp folder cannot be entered by any other user. There the server keeps one
 * capability of root: to pass closed folders. It is still far less than root, its process may gain nothing more, and
 * no SQL reaches it, because the only role that can log in is not a superuser.
 */
function withCapability(owner: Ids, capability: string): Account {
  const only = `-all,+${capability}`
  return {
    owner,
    prefix: [
      'setpriv',
      `--reuid=${owner.uid}`,
      `--regid=${owner.gid}`,
      '--clear-groups',
      // Without this the system call access(), which initdb uses, would judge us without the capability.
      '--securebits=+no_setuid_fixup',
      `--inh-caps=${only}`,
      `--ambient-caps=${only}`,
      `--bounding-set=${only}`,
      '--no-new-privs',
      '--',
    ],
  }
}

/** Asks by trying, one shell further on: access lists, mount options and capabilities all have their say there. */
async function reaches(account: Account, { program, dataDir }: Place): Promise<boolean> {
  const how = asAccount(account, '/bin/sh', ['-c', 'cd "$1" && "$2" --version', 'sh', dataDir, program])
  try {
    await run(how.command, how.args, how.options)
    return true
  } catch {
    // Not this way; the caller tries the next one.
    return false
  }
}

async function ownerOf(path: string): Promise<Ids | undefined> {
  const found = await stat(path).catch(() => undefined)
  return found && { uid: found.uid, gid: found.gid }
}

async function unprivilegedUser(): Promise<Ids> {
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
    } catch {
      // No such user here; initdb insists on one that has a name.
    }
  }
  throw new AppError(
    'config.invalid',
    'PostgreSQL must not run as root, and this system has neither a user "postgres" nor "nobody": run as an ordinary user, or set DATABASE_URL',
  )
}

/** The first folder on the way that others may not enter, for the error text. */
async function closedFolder(place: Place): Promise<string> {
  for (const start of [place.dataDir, dirname(place.program)]) {
    const chain = [start]
    for (let at = start; at !== dirname(at); at = dirname(at)) chain.unshift(dirname(at))
    for (const folder of chain) {
      const { mode } = await stat(folder)
      if ((mode & 0o001) === 0) return folder
    }
  }
  return place.dataDir
}
