/** Several streams as one, each item as it comes. Ends when all have; leaving it leaves them. */
export async function* merge<Item>(streams: readonly AsyncGenerator<Item>[]): AsyncGenerator<Item> {
  const next = (stream: AsyncGenerator<Item>) => stream.next().then((result) => ({ stream, result }))
  const waiting = new Map(streams.map((stream) => [stream, next(stream)]))
  try {
    while (waiting.size > 0) {
      const { stream, result } = await Promise.race(waiting.values())
      if (result.done) waiting.delete(stream)
      else {
        waiting.set(stream, next(stream))
        yield result.value
      }
    }
  } finally {
    // Not awaited: a generator that waits for its next item answers only when it wakes.
    for (const stream of streams) void stream.return(undefined)
    for (const pending of waiting.values()) pending.catch(() => undefined)
  }
}
