import { execFile } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

const ADMIN = `trp_${'a'.repeat(40)}`
let running: TestPlatform
beforeAll(async () => {
  running = await startPlatform({ apiKey: ADMIN })
}, 60_000)
afterAll(() => running.stop())

/** What the command says on stdout, and how it ends. */
async function troupe(...given: string[]): Promise<{ code: number; out: string; err: string }> {
  const env = { PATH: process.env['PATH'] ?? '', DATABASE_URL: running.database.url, LOG_LEVEL: 'warn' }
  return new Promise((resolve) => {
    execFile(process.execPath, ['cli/main.ts', 'keys', ...given], { env }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, out, err }),
    )
  })
}

async function status(key: string): Promise<number> {
  return (await fetch(`${running.url}/v1/agents`, { headers: { authorization: `Bearer ${key}` } })).status
}

describe.each(['in the database', 'over HTTP'])('troupe keys, %s', (place) => {
  const where = (): string[] => (place === 'over HTTP' ? ['--url', running.url, '--key', ADMIN] : [])

  it('makes a key, replaces it and ends it', { timeout: 180_000 }, async () => {
    const made = await troupe('create', '--name', 'ci', '--role', 'viewer', ...where())
    expect([made.code, made.out]).toEqual([0, expect.stringMatching(/^trp_[A-Za-z0-9_-]{43}\n$/)])
    const key = made.out.trim()
    const id = /^(\w{26}): keep this/m.exec(made.err)?.[1] ?? ''
    expect(await status(key)).toBe(200)

    const next = await troupe('rotate', id, '--grace', '1', ...where())
    const newKey = next.out.trim()
    const newId = /^(\w{26}): keep this/m.exec(next.err)?.[1] ?? ''
    expect([await status(key), await status(newKey), newId === id]).toEqual([200, 200, false])

    expect(await troupe('revoke', newId, ...where())).toMatchObject({ code: 0, out: `${newId} revoked\n` })
    const list = await troupe('list', ...where())
    expect(list.out).toMatch(new RegExp(`^${id} .*viewer.*until.*ci$`, 'm'))
    expect(list.out).toMatch(new RegExp(`^${newId} .*ended.*ci$`, 'm'))
    for (const secret of [key, newKey]) expect(list.out).not.toContain(secret.slice(8))
    const wrong = await troupe('revoke', 'nobody', ...where())
    expect([wrong.code === 0, wrong.err]).toEqual([false, expect.stringContaining('There is no key nobody')])
  })
})
