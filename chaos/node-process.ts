import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Answered, Call, NodeSettings, Ready } from './protocol.ts'

/** Why a node did not do what it was asked. `unknown`: it may have been done, or may yet be. */
export class NodeError extends Error {
  readonly code: string
  readonly unknown: boolean
  constructor(code: string, message: string, unknown: boolean) {
    super(message)
    this.code = code
    this.unknown = unknown
  }
}

export interface NodeProcess {
  pid: number
  name: string
  settings: NodeSettings
  /** Milliseconds from its start until it worked. */
  startedMs: number
  /** Its HTTP door, where it takes requests. */
  url: string | null
  alive(): boolean
  frozen: boolean
  ask(call: Call, timeoutMs: number): Promise<unknown>
  signal(signal: NodeJS.Signals): void
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; atMs: number; lastWords: string }>
}

const PROGRAM = fileURLToPath(new URL('node.ts', import.meta.url))
const START_MS = 60_000

/** Starts a node and waits until it works. Throws with what it complained of when it ends before. */
export async function startNode(
  settings: NodeSettings,
  how: { env?: Record<string, string>; execArgv?: string[] } = {},
): Promise<NodeProcess> {
  const beganAt = performance.now()
  const child: ChildProcess = fork(PROGRAM, [JSON.stringify(settings)], {
    // Node that reads TypeScript by itself starts sooner.
    execArgv: [...(process.features.typescript ? [] : ['--import', 'tsx']), ...(how.execArgv ?? [])],
    env: { ...process.env, ...how.env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let complaints = ''
  child.stderr?.on('data', (part: Buffer) => (complaints = `${complaints}${part.toString()}`.slice(-4_000)))
  const endWithUs = (): unknown => child.kill('SIGKILL')
  process.once('exit', endWithUs)
  const asked = new Map<number, { resolve(value: unknown): void; reject(error: NodeError): void }>()
  let next = 0
  let alive = true

  const ended = once(child, 'exit').then(([code, signal]: unknown[]) => {
    alive = false
    process.off('exit', endWithUs)
    for (const { reject } of asked.values()) reject(new NodeError('node.dead', 'The node has ended', true))
    asked.clear()
    return {
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      atMs: Date.now(),
      lastWords: complaints.slice(-1_000),
    }
  })
  child.on('error', () => undefined)

  const ready = new Promise<Ready>((resolve) => {
    child.on('message', (message: Ready | Answered) => {
      if ('ready' in message) return resolve(message)
      const waiting = asked.get(message.ask)
      asked.delete(message.ask)
      if (message.ok) waiting?.resolve(message.value)
      else waiting?.reject(new NodeError(message.code, message.message, message.retryable))
    })
  })
  const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), START_MS).unref())
  const first = await Promise.race([ready, ended.then(() => undefined), late])
  if (!first) {
    child.kill('SIGKILL')
    throw new NodeError('node.not_started', `${settings.name} did not start: ${complaints}`, true)
  }

  return {
    pid: child.pid ?? 0,
    name: settings.name,
    settings,
    startedMs: Math.round(performance.now() - beganAt),
    url: first.url,
    frozen: false,
    alive: () => alive,
    ask(call, timeoutMs) {
      if (!alive) return Promise.reject(new NodeError('node.dead', 'The node has ended', false))
      const ask = ++next
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          asked.delete(ask)
          reject(new NodeError('node.silent', `No answer within ${timeoutMs} ms`, true))
        }, timeoutMs)
        const settle =
          <T>(how: (value: T) => void) =>
          (value: T): void => {
            clearTimeout(timer)
            how(value)
          }
        asked.set(ask, { resolve: settle(resolve), reject: settle(reject) })
        child.send({ ask, call }, (error) => {
          if (error) asked.get(ask)?.reject(new NodeError('node.dead', error.message, true))
        })
      })
    },
    signal: (signal) => void child.kill(signal),
    ended,
  }
}
