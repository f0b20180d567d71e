import { execFile } from 'node:child_process'
import { expect, it } from 'vitest'
import { readConfig } from '../../core/config.ts'
import { AppError } from '../../core/errors.ts'
import { settings } from './corpus/settings.ts'

/** What `readConfig` says to it, on how many lines, and what it should not have said. */
function faultOf(env: Record<string, string>, names: readonly string[]): string | undefined {
  try {
    readConfig(env)
    return 'was taken'
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'config.invalid') return `threw ${String(error)}`
    const { message } = error
    if (message.includes('\n') || message.length > 500) return `said too much: ${message}`
    if (/s3cret|kkkkk|secret-/.test(message)) return `told a secret: ${message}`
    return names.every((name) => message.includes(name)) ? undefined : `named the wrong thing: ${message}`
  }
}

it('says in one line which variable is wrong, and never a secret', () => {
  const faults = settings().flatMap(({ env, names }) => {
    const fault = faultOf(env, names)
    return fault === undefined ? [] : [`${JSON.stringify(env)} ${fault}`]
  })
  expect(faults).toEqual([])
})

it('ends before it began, with exit code 2 and one line', { timeout: 120_000 }, async () => {
  const env = { PATH: process.env['PATH'] ?? '', PORT: 'x', DATABASE_URL: 'mysql://u:s3cret@h/db' }
  const { code, stdout, stderr } = await run(['main.ts'], env)
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toMatch(/^troupe: The environment is not usable: PORT: [^\n]+; DATABASE_URL: [^\n]+\n$/)
  expect(stderr).not.toContain('s3cret')
})

async function run(args: string[], env: NodeJS.ProcessEnv): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    )
  })
}
