import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Config } from '../core/config.ts'
import { AppError } from '../core/errors.ts'
import { passedOn } from './child-env.ts'

const PROGRAM = fileURLToPath(new URL('../examples/lab/main.ts', import.meta.url))
const START_MS = 30_000
const Ready = z.object({ lab: z.url() })

/**
 * The simulated lab is a program of its own and knows the platform by URL only, as a real one would. Throws
 * `config.invalid` when it ends at once or is not up after `startMs`.
 */
export async function startLab(
  url: string,
  config: Config,
  startMs = START_MS,
): Promise<{ url: string; stop(): Promise<void> }> {
  const child: ChildProcess = fork(PROGRAM, {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...passedOn(process.env),
      LAB_PORT: '0',
      LAB_SPEED: String(config.labSpeed),
      LOG_LEVEL: config.logLevel,
      TROUPE_URL: url,
      ...(config.apiKey === undefined ? {} : { TROUPE_KEY: config.apiKey }),
    },
  })
  const exited = once(child, 'exit')
  const late = AbortSignal.timeout(startMs)
  const ready: unknown = await Promise.race([
    once(child, 'message', { signal: late }).then(([message]: unknown[]) => message),
    exited.then(() => undefined),
  ]).catch((error: unknown) => {
    if (!late.aborted) throw error
    return undefined
  })
  const parsed = Ready.safeParse(ready)
  if (!parsed.success) {
    child.kill('SIGKILL')
    const what = late.aborted ? `did not start within ${startMs / 1_000} s` : 'ended instead of starting'
    throw new AppError('config.invalid', `The simulated lab ${what}. Set TROUPE_LAB=off to run without it.`)
  }
  return {
    url: parsed.data.lab,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await exited
    },
  }
}
