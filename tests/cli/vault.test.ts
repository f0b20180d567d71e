import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findVault, openVault } from '../../cli/vault.ts'
import { readConfig } from '../../core/config.ts'
import { drawKey } from '../../core/vault.ts'
import { TEMP_PREFIX } from '../support/leftovers.ts'

let dataDir: string
beforeEach(async () => {
  dataDir = join(await mkdtemp(join(tmpdir(), TEMP_PREFIX)), 'data')
})
afterEach(() => rm(join(dataDir, '..'), { recursive: true, force: true }))
const unset = (): { secretKeys: string[]; dataDir: string } => ({ secretKeys: [], dataDir })

describe('the key that seals secrets', () => {
  it('is made once in the data folder, for its owner only, however many processes start at once', async () => {
    expect(await findVault(unset())).toBeUndefined()
    const vaults = await Promise.all(Array.from({ length: 8 }, () => openVault(unset())))
    const again = await findVault(unset())
    expect(new Set([...vaults, again].map((vault) => vault?.keyId)).size).toBe(1)
    expect(await readdir(dataDir)).toEqual(['secret.key'])
    expect((await stat(join(dataDir, 'secret.key'))).mode & 0o777).toBe(0o600)
  })

  it('is refused where others could have read it, and where it is none', async () => {
    await openVault(unset())
    const path = join(dataDir, 'secret.key')
    await chmod(path, 0o644)
    await expect(openVault(unset())).rejects.toMatchObject({ code: 'config.invalid' })
    await writeFile(path, 'hello')
    await chmod(path, 0o600)
    await expect(openVault(unset())).rejects.toMatchObject({ code: 'config.invalid' })
  })

  it('comes from TROUPE_SECRET_KEY where that is set, and then no file is made', async () => {
    const [first, second] = [drawKey(), drawKey()]
    const { secretKeys } = readConfig({ TROUPE_SECRET_KEY: `${second}, ${first}` })
    const sealed = (await openVault({ secretKeys: [first], dataDir })).seal('text', 'here')
    const vault = await openVault({ secretKeys, dataDir })
    expect([vault.open(sealed, 'here'), vault.isCurrent(sealed)]).toEqual(['text', false])
    await expect(stat(dataDir)).rejects.toMatchObject({ code: 'ENOENT' })
    expect(() => readConfig({ TROUPE_SECRET_KEY: 'correct horse battery staple' })).toThrow(/TROUPE_SECRET_KEY/)
  })
})
