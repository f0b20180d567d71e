import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../core/config.ts'
import { AppError } from '../core/errors.ts'
import { createVault, drawKey, isKey, type Vault } from '../core/vault.ts'

type Where = Pick<Config, 'secretKeys' | 'dataDir'>

/**
 * Where no key is configured, the data folder has one of its own in `secret.key`, which only its owner can read. The
 * first start makes it. Throws `config.invalid` for a file that others can read, or that holds no key.
 */
export async function openVault({ secretKeys, dataDir }: Where): Promise<Vault> {
  const [newest, ...older] = secretKeys
  if (newest !== undefined) return createVault([newest, ...older])
  const path = keyFile(dataDir)
  return createVault([(await readKey(path)) ?? (await makeKey(dataDir, path))])
}

/** Without making one: for whoever only looks. */
export async function findVault({ secretKeys, dataDir }: Where): Promise<Vault | undefined> {
  const [newest, ...older] = secretKeys
  if (newest !== undefined) return createVault([newest, ...older])
  const key = await readKey(keyFile(dataDir))
  return key === undefined ? undefined : createVault([key])
}

function keyFile(dataDir: string): string {
  return join(dataDir, 'secret.key')
}

async function readKey(path: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(path)
    // Windows has no such bits.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new AppError('config.invalid', `${path} can be read by others: chmod 600 ${path}`)
    const key = (await readFile(path, 'utf8')).trim()
    if (isKey(key)) return key
    throw new AppError('config.invalid', `${path} holds no key: expected 32 bytes as base64 or hex`)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Processes that start at once end up with one key: a whole file gets the name, and only the first one does. */
async function makeKey(dataDir: string, path: string): Promise<string> {
  await mkdir(dataDir, { recursive: true })
  const draft = `${path}.${randomUUID()}`
  try {
    const file = await open(draft, 'w', 0o600)
    await file.writeFile(`${drawKey()}\n`)
    await file.sync()
    await file.close()
    await link(draft, path).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    })
  } finally {
    await rm(draft, { force: true })
  }
  const key = await readKey(path)
  if (key === undefined) throw new AppError('config.invalid', `${path} could not be written`)
  return key
}
