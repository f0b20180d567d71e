import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const main = fileURLToPath(new URL('../../examples/lab/main.ts', import.meta.url))
const env = { ...process.env, LAB_PORT: '0', LAB_HOST: '127.0.0.1', TROUPE_URL: '', LOG_LEVEL: 'warn' }

it('tells its address on stdout as its first line, and ends cleanly on SIGTERM', async () => {
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line]: Buffer[] = await once(child.stdout, 'data')
  const { lab } = JSON.parse(String(line))
  expect((await fetch(`${lab}/healthz`)).status).toBe(200)
  child.kill('SIGTERM')
  expect(await exitOf(child)).toEqual([0, null])
})

it('tells its parent its address, and ends when the parent goes away', async () => {
  const child = fork(main, { env, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const [message] = await once(child, 'message')
  expect(message).toEqual({ lab: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) })
  child.disconnect()
  expect(await exitOf(child)).toEqual([0, null])
})

async function exitOf(child: ChildProcess): Promise<unknown[]> {
  return once(child, 'exit')
}
