/** One message of an event stream. */
export interface Frame {
  event: string
  id: string
  data: unknown
}

export interface StreamOptions {
  /** Ends the stream; whatever `frames` does with its own signal should end with it too. */
  signal: AbortSignal
  /** Asked every few seconds; false ends the stream: the key was revoked. */
  stillAllowed(): Promise<boolean>
  /** Called once, however the stream ends. */
  onEnd(): void
  /** A comment that keeps proxies from giving up. */
  pingMs?: number
  recheckMs?: number
}

const encoder = new TextEncoder()

/**
 * Frames as Server-Sent Events, made only when the reader asks for more: a slow reader holds one frame, not a queue of
 * them. Nothing starts before the first read.
 */
export function eventStream(frames: AsyncIterable<Frame>, options: StreamOptions): ReadableStream<Uint8Array> {
  const { signal, stillAllowed, onEnd, pingMs = 15_000, recheckMs = 4_000 } = options
  const iterator = frames[Symbol.asyncIterator]()
  let pending: Promise<IteratorResult<Frame>> | undefined
  let quietMs = 0
  let ended = false

  const end = (controller?: ReadableStreamDefaultController<Uint8Array>): void => {
    if (ended) return
    ended = true
    onEnd()
    controller?.close()
    // Not awaited: a generator that waits for its next item answers only when it wakes.
    Promise.resolve(iterator.return?.()).catch(() => undefined)
  }

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        signal.addEventListener('abort', () => end(controller), { once: true })
      },
      async pull(controller) {
        try {
          while (!ended) {
            pending ??= iterator.next()
            const next = await within(pending, recheckMs)
            if (ended) return
            if (next !== undefined) {
              pending = undefined
              quietMs = 0
              return next.done ? end(controller) : controller.enqueue(encoder.encode(formatFrame(next.value)))
            }
            if (!(await stillAllowed())) return end(controller)
            quietMs += recheckMs
            if (quietMs < pingMs || ended) continue
            quietMs = 0
            return controller.enqueue(encoder.encode(': ping\n\n'))
          }
        } catch (error) {
          if (!ended) controller.error(error)
          end()
        }
      },
      cancel: () => end(),
    },
    { highWaterMark: 0 },
  )
}

/** One frame. JSON holds no line break, and a name or id with one would forge another frame: such characters go. */
export function formatFrame({ event, id, data }: Frame): string {
  return `event: ${oneLine(event)}\nid: ${oneLine(id)}\ndata: ${JSON.stringify(data) ?? 'null'}\n\n`
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\0]/g, '')
}

/** The value, or undefined when it takes longer. */
async function within<T>(value: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined)
  })
  try {
    return await Promise.race([value, late])
  } finally {
    clearTimeout(timer)
  }
}
