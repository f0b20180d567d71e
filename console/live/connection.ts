import { createParser, type Message } from './stream.ts'

/** The server pings every 15 s; silence for three pings is a dead connection that nobody closed. */
const SILENCE_MS = 45_000
const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 15_000

export interface ConnectionEvents {
  /** Connected, from the cursor on. */
  onOpen(): void
  /** All messages that arrived together. */
  onMessages(messages: readonly Message[]): void
  /** `status`: what the server answered, where it did. */
  onDown(why: { retryAt: number; status: number | undefined }): void
}

export interface Connection {
  start(): void
  /** Closes, and keeps the cursor: the next start goes on from there. */
  stop(): void
}

/**
 * One connection to the live stream, opened again from the last cursor whenever it breaks, so that nothing is missed or
 * told twice. `fetch` and not `EventSource`, which does not tell why it failed.
 */
export function createConnection(path: string, { onOpen, onMessages, onDown }: ConnectionEvents): Connection {
  let cursor: string | undefined
  let running: AbortController | undefined

  async function run(stopped: AbortSignal): Promise<void> {
    for (let tries = 0; !stopped.aborted; tries += 1) {
      const { opened, status } = await follow(stopped)
      if (stopped.aborted) return
      if (opened) tries = 0
      const wait = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** tries) * (0.75 + Math.random() / 2)
      onDown({ retryAt: Date.now() + wait, status })
      await pause(wait, stopped)
    }
  }

  async function follow(stopped: AbortSignal): Promise<{ opened: boolean; status?: number }> {
    const connection = new AbortController()
    const signal = AbortSignal.any([stopped, connection.signal])
    let opened = false
    let silence = setTimeout(() => connection.abort(), SILENCE_MS)
    try {
      const headers = { accept: 'text/event-stream', ...(cursor === undefined ? {} : { 'last-event-id': cursor }) }
      const response = await fetch(path, { headers, signal, cache: 'no-store' })
      if (!response.ok || !response.body) return { opened, status: response.status }
      opened = true
      onOpen()
      let batch: Message[] = []
      const read = createParser((message) => {
        cursor = message.id ?? cursor
        batch.push(message)
      })
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done || stopped.aborted) return { opened }
        clearTimeout(silence)
        silence = setTimeout(() => connection.abort(), SILENCE_MS)
        batch = []
        read(value)
        if (batch.length > 0) onMessages(batch)
      }
    } catch {
      // However it broke, the remedy is the same: connect again from the cursor.
      return { opened }
    } finally {
      clearTimeout(silence)
      connection.abort()
    }
  }

  return {
    start() {
      if (running) return
      running = new AbortController()
      void run(running.signal)
    },
    stop() {
      running?.abort()
      running = undefined
    },
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
