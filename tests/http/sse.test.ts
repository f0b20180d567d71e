import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventStream, type Frame, formatFrame } from '../../http/wire/sse.ts'
import { eventually } from '../support/eventually.ts'

interface Source {
  frames: AsyncGenerator<Frame>
  made(): number
  ended: Promise<void>
}

/** Frames without end, counted as they are made. */
function endless(data: unknown = 'x'): Source {
  let made = 0
  const end = Promise.withResolvers<void>()
  async function* frames(): AsyncGenerator<Frame> {
    try {
      for (;;) {
        made += 1
        yield { event: 'actor', id: `1.${made}`, data }
      }
    } finally {
      end.resolve()
    }
  }
  return { frames: frames(), made: () => made, ended: end.promise }
}

async function* silence(signal: AbortSignal): AsyncGenerator<Frame> {
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  yield* []
}

const options = (parts: Partial<Parameters<typeof eventStream>[1]> = {}) => ({
  signal: new AbortController().signal,
  stillAllowed: async () => true,
  onEnd: () => undefined,
  ...parts,
})

async function readText(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string | undefined> {
  const { done, value } = await reader.read()
  return done ? undefined : new TextDecoder().decode(value)
}

describe('a frame', () => {
  it('stays one frame, whatever is in it', () => {
    const word = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(word, word, fc.jsonValue(), (event, id, data) => {
        const text = formatFrame({ event, id, data })
        expect(text.endsWith('\n\n')).toBe(true)
        const lines = text.slice(0, -2).split(/\r\n|\r|\n/)
        expect(lines.map((line) => line.slice(0, line.indexOf(':')))).toEqual(['event', 'id', 'data'])
        expect(JSON.parse((lines[2] ?? '').slice('data: '.length))).toEqual(JSON.parse(JSON.stringify(data)))
      }),
    )
  })
})

describe('an event stream', () => {
  it('makes frames only as they are read: a reader that stalls costs one frame', async () => {
    const source = endless('x'.repeat(10_000))
    const stream = eventStream(source.frames, options())
    expect(source.made()).toBe(0)
    const reader = stream.getReader()
    for (let read = 1; read <= 5; read++) expect(await readText(reader)).toContain(`id: 1.${read}\n`)
    await new Promise((resolve) => setImmediate(resolve))
    expect(source.made()).toBe(5)
    await reader.cancel()
    await source.ended
  })

  it('ends its source when the reader leaves, and says so once', async () => {
    const source = endless()
    let ends = 0
    const reader = eventStream(source.frames, options({ onEnd: () => (ends += 1) })).getReader()
    await reader.read()
    await reader.cancel()
    await source.ended
    expect(ends).toBe(1)
  })

  it('closes when the server stops, even while nothing happens', async () => {
    const stop = new AbortController()
    let ended = false
    const stream = eventStream(silence(stop.signal), options({ signal: stop.signal, onEnd: () => (ended = true) }))
    const reading = readText(stream.getReader())
    stop.abort()
    expect(await reading).toBeUndefined()
    expect(ended).toBe(true)
  })

  it('closes soon after its key was revoked', async () => {
    const stop = new AbortController()
    let asked = 0
    const stillAllowed = async (): Promise<boolean> => ++asked < 3
    const stream = eventStream(silence(stop.signal), options({ stillAllowed, recheckMs: 5, onEnd: () => stop.abort() }))
    expect(await readText(stream.getReader())).toBeUndefined()
    expect(asked).toBe(3)
  })

  it('closes soon after its key was revoked, however busy it is', async () => {
    const source = endless()
    let allowed = true
    const reader = eventStream(source.frames, options({ stillAllowed: async () => allowed, recheckMs: 0 })).getReader()
    expect(await readText(reader)).toContain('id: 1.1')
    allowed = false
    expect(await readText(reader)).toBeUndefined()
    await source.ended
  })

  it('gives up a reader that takes nothing any more', async () => {
    const source = endless()
    const reader = eventStream(source.frames, options({ stallMs: 20 })).getReader()
    await reader.read()
    await source.ended
    expect(await readText(reader)).toBeUndefined()
  })

  it('pings while nothing happens', async () => {
    const stop = new AbortController()
    const stream = eventStream(silence(stop.signal), options({ recheckMs: 5, pingMs: 10, onEnd: () => stop.abort() }))
    const reader = stream.getReader()
    expect(await readText(reader)).toBe(': ping\n\n')
    expect(await readText(reader)).toBe(': ping\n\n')
    await reader.cancel()
  })

  it('breaks off when its source fails, and forgets it', async () => {
    let ends = 0
    async function* failing(): AsyncGenerator<Frame> {
      yield { event: 'actor', id: '1.1', data: null }
      throw new Error('gone')
    }
    const reader = eventStream(failing(), options({ onEnd: () => (ends += 1) })).getReader()
    await reader.read()
    await expect(reader.read()).rejects.toThrow('gone')
    await eventually('the end to be told', async () => ends === 1 || undefined)
  })
})
