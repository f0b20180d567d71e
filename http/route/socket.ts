import { upgradeWebSocket } from '@hono/node-server'
import type { Context } from 'hono'
import { WebSocket } from 'ws'
import type { Frame } from '../wire/sse.ts'
import type { AppEnv } from './app-env.ts'

/** An open WebSocket. */
export type Socket = WebSocket

/** How to take a request's connection over; undefined where it asks for none, or where no server stands behind the app. */
export function upgradeOf(c: Context<AppEnv>): ((open: (socket: Socket) => void) => Promise<Response>) | undefined {
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket' || c.env.incoming === undefined) return undefined
  return async (open) => {
    const response = await upgradeWebSocket(c, {
      onOpen: (_event, { raw }) => {
        if (raw instanceof WebSocket) open(raw)
      },
    })
    return response ?? new Response(null, { status: 400 })
  }
}

export interface PumpOptions {
  /** Ends the socket; whatever `frames` does with its own signal should end with it too. */
  signal: AbortSignal
  /** Asked about once a second; false ends the socket: the key was revoked. */
  stillAllowed(): Promise<boolean>
  /** Called once, however it ends. */
  onEnd(): void
  pingMs?: number
  recheckMs?: number
}

const GOING_AWAY = 1001
const POLICY_VIOLATION = 1008
const INTERNAL_ERROR = 1011
/** How long the other side may take to say goodbye. */
const GRACE_MS = 500

/**
 * Sends frames as JSON text, one after the other as the other side takes them: a slow reader holds one frame, not a queue
 * of them. One that does not answer a ping until the next is cut.
 */
export function pump(frames: AsyncIterable<Frame>, socket: Socket, options: PumpOptions): void {
  const { signal, stillAllowed, onEnd, pingMs = 15_000, recheckMs = 1_000 } = options
  let alive = true
  let ended = false

  const end = (code: number, reason: string): void => {
    if (ended) return
    ended = true
    clearInterval(ping)
    clearInterval(recheck)
    signal.removeEventListener('abort', leave)
    onEnd()
    socket.close(code, reason)
    setTimeout(() => socket.terminate(), GRACE_MS).unref()
  }
  const leave = (): void => end(GOING_AWAY, 'The server is stopping')
  const ping = setInterval(() => {
    if (!alive) return socket.terminate()
    alive = false
    socket.ping()
  }, pingMs)
  const recheck = setInterval(() => {
    stillAllowed().then(
      (allowed) => allowed || end(POLICY_VIOLATION, 'The key is not good any more'),
      () => undefined,
    )
  }, recheckMs)

  async function send(): Promise<void> {
    for await (const frame of frames) {
      if (ended) return
      await new Promise<void>((resolve, reject) =>
        socket.send(JSON.stringify(frame), (error) => (error ? reject(error) : resolve())),
      )
    }
  }

  socket.on('pong', () => (alive = true))
  socket.on('close', () => end(GOING_AWAY, ''))
  // It closes after this.
  socket.on('error', () => undefined)
  signal.addEventListener('abort', leave)
  if (signal.aborted) return leave()
  send().then(
    () => end(GOING_AWAY, 'The stream is over'),
    () => end(INTERNAL_ERROR, 'The stream broke'),
  )
}
