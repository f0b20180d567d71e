import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { eventually } from '../support/eventually.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const START_MS = 45_000

export interface Program {
  /** Where it answers. */
  url: string
  /** As the machine would: at once, without a word. */
  kill(): Promise<void>
}

/** `main.ts` as its users start it, without the lab of its own. */
export function startMain(env: Record<string, string>): Promise<Program> {
  return start('main.ts', { TROUPE_LAB: 'off', LOG_LEVEL: 'warn', ...env }, /Troupe is running: +(\S+)/)
}

/** The simulated lab, which outlives the platform that it reports to. */
export function startLabProgram(env: Record<string, string>): Promise<Program> {
  return start(
    'examples/lab/main.ts',
    { LAB_PORT: '0', LAB_SPEED: '20', LOG_LEVEL: 'silent', ...env },
    /"lab":"([^"]+)"/,
  )
}

/** Gets an answer, or posts what is given; throws what was answered instead. */
export async function askProgram<Body>({ url }: Program, path: string, body?: object): Promise<Body> {
  const posted = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await fetch(`${url}${path}`, body === undefined ? {} : posted)
  const text = await response.text()
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`)
  return JSON.parse(text) as Body
}

/** What `npm run troupe -- …` says, and how it ended. */
export async function troupe(args: string[], env: Record<string, string>): Promise<{ code: number; text: string }> {
  const options = { cwd: root, env: { ...process.env, LOG_LEVEL: 'warn', ...env } }
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['cli/main.ts', ...args], options)
    return { code: 0, text: stdout }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, text: stdout + stderr }
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (typeof address !== 'object' || !address) throw new Error('There is no free port')
  return address.port
}

async function start(file: string, env: Record<string, string>, ready: RegExp): Promise<Program> {
  const child: ChildProcess = spawn(process.execPath, [file], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  const endWithUs = (): unknown => child.kill('SIGKILL')
  process.once('exit', endWithUs)
  void ended.then(() => process.off('exit', endWithUs))
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part: Buffer) => (said += part.toString()))
  const url = await eventually(
    `${file} to answer`,
    () => {
      if (child.exitCode !== null) throw new Error(said)
      return ready.exec(said)?.[1]
    },
    { timeoutMs: START_MS },
  )
  return {
    url,
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
