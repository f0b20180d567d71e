import { authHeaders } from './api.js'

/** The server pings every 15 s; silence for three pings is a dead connection that nobody closed. */
const SILENCE_MS = 45_000

/**
 * Follows the live stream for as long as the page lives, from the last cursor seen. `fetch` and not `EventSource`, which
 * can send no key and tells nothing about why it failed.
 *
 * onOpen: connected, and everything read before may be out of date. onDown: `{ since, retryInMs, status }`.
 */
export function followLive(path, { onEvent, onOpen, onDown }) {
  let cursor
  let tries = 0
  let since
  const run = async () => {
    for (;;) {
      const status = await follow().catch(() => undefined)
      since ??= new Date()
      const retryInMs = Math.min(15_000, 500 * 2 ** tries) * (0.75 + Math.random() / 2)
      tries += 1
      onDown({ since, retryInMs, status })
      await new Promise((resolve) => {
        setTimeout(resolve, retryInMs)
      })
    }
  }

  const follow = async () => {
    const connection = new AbortController()
    let silence = setTimeout(() => connection.abort(), SILENCE_MS)
    try {
      const headers = { accept: 'text/event-stream', ...authHeaders(), ...(cursor ? { 'last-event-id': cursor } : {}) }
      const response = await fetch(path, { headers, signal: connection.signal, cache: 'no-store' })
      if (!response.ok || !response.body) return response.status
      tries = 0
      since = undefined
      onOpen()
      const read = parser((message) => {
        if (message.id !== undefined) cursor = message.id
        onEvent(message)
      })
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return undefined
        clearTimeout(silence)
        silence = setTimeout(() => connection.abort(), SILENCE_MS)
        read(value)
      }
    } finally {
      clearTimeout(silence)
      connection.abort()
    }
  }

  void run()
}

/** Takes text in any pieces; answers whole messages `{ event, id, data }`, data parsed where it is JSON. */
function parser(emit) {
  let rest = ''
  return (piece) => {
    rest += piece
    const blocks = rest.split(/\r?\n\r?\n/)
    rest = blocks.pop()
    for (const block of blocks) {
      const message = { event: 'message', id: undefined, data: undefined }
      const data = []
      for (const line of block.split(/\r?\n/)) {
        const [, field, value] = /^([a-z]+): ?(.*)$/.exec(line) ?? []
        if (field === 'data') data.push(value)
        else if (field === 'event' || field === 'id') message[field] = value
      }
      if (data.length > 0) message.data = parseJson(data.join('\n'))
      if (message.data !== undefined || message.event !== 'message') emit(message)
    }
  }
}

function parseJson(text) {
  try {
    return JSON.parse(text)
  } catch {
    // A message that is no JSON is none of ours.
    return undefined
  }
}
