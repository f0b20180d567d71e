import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

/** What becomes of bytes on their way. */
export type Weather =
  | { kind: 'clear' }
  /** Every piece is late by so many milliseconds, the pieces stay in order. */
  | { kind: 'slow'; fromMs: number; toMs: number }
  /** Nothing passes and nothing ends: as a cable that is out. What was on its way passes when it clears up. */
  | { kind: 'dead' }
  /** Requests pass, replies do not. */
  | { kind: 'deaf' }
  /** Whoever connects is thrown out. */
  | { kind: 'closed' }

/**
 * What becomes of a piece in which these statements are sent. `refuse`: the connection ends before they are. `cut`: they
 * are carried out, and the connection ends in place of their reply.
 */
export type Verdict = 'pass' | 'refuse' | 'cut'
export type Interceptor = (statements: readonly string[]) => Verdict | Promise<Verdict>

export interface Proxy {
  port: number
  setWeather(weather: Weather): void
  /** Absent: everything passes. `onCut` is called when a reply has come that is not passed on. */
  intercept(by: Interceptor | undefined, onCut?: () => void): void
  /** Ends connections with a reset; by chance when told. Answers how many. */
  reset(chance?: () => boolean): number
  /** The far side is gone and never says so: our side stays open, silent. */
  halfOpen(): number
  connections(): number
  stop(): Promise<void>
}

export interface ProxyOptions {
  /** Asked anew for each connection: a server may come back elsewhere. */
  target(): number
  reader(): (chunk: Buffer) => string[]
  /** 0 ≤ x < 1 */
  chance(): number
}

interface Link {
  near: Socket
  far: Socket
  silent: boolean
}

/** A TCP proxy in front of a server: the network between one node and one store, with its weather. */
export async function createProxy({ target, reader, chance }: ProxyOptions): Promise<Proxy> {
  const links = new Set<Link>()
  /** Also those whose far side is gone, which no link knows any more. */
  const sockets = new Set<Socket>()
  let weather: Weather = { kind: 'clear' }
  let interceptor: Interceptor | undefined
  let onCut: (() => void) | undefined
  let change: () => void = () => undefined
  let changed = new Promise<void>((resolve) => (change = resolve))

  async function passable(direction: 'there' | 'back'): Promise<void> {
    if (weather.kind === 'slow') await pause(weather.fromMs + chance() * (weather.toMs - weather.fromMs))
    while (weather.kind === 'dead' || (weather.kind === 'deaf' && direction === 'back')) await changed
  }

  function open(near: Socket): void {
    near.on('error', () => undefined)
    sockets.add(near)
    near.once('close', () => sockets.delete(near))
    if (weather.kind === 'closed') {
      near.resetAndDestroy()
      return
    }
    const far = connect(target(), '127.0.0.1')
    const link: Link = { near, far, silent: false }
    let cut = false
    links.add(link)
    far.on('error', () => undefined)
    const read = reader()
    const end = (): void => {
      links.delete(link)
      far.destroy()
      if (!link.silent) near.destroy()
    }
    carry(near, async (chunk) => {
      // A reader that lost its way must not change what it watches.
      const statements = read(chunk)
      await passable('there')
      const verdict = interceptor && statements.length > 0 ? await interceptor(statements) : 'pass'
      if (verdict === 'refuse') return end()
      if (verdict === 'cut') cut = true
      far.write(chunk)
    })
    carry(far, async (chunk) => {
      await passable('back')
      if (link.silent) return
      if (cut) {
        onCut?.()
        return end()
      }
      near.write(chunk)
    })
    far.once('close', () => void passable('back').then(end))
    near.once('close', () => {
      links.delete(link)
      far.destroy()
    })
  }

  const server: Server = createServer(open)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()

  return {
    port: typeof address === 'object' && address ? address.port : 0,
    setWeather(next) {
      weather = next
      change()
      changed = new Promise<void>((resolve) => (change = resolve))
    },
    intercept(by, whenCut) {
      interceptor = by
      onCut = whenCut
    },
    reset(chosen = () => true) {
      const victims = [...links].filter(chosen)
      for (const { near, far } of victims) {
        near.resetAndDestroy()
        far.destroy()
      }
      return victims.length
    },
    halfOpen() {
      const victims = [...links]
      for (const link of victims) {
        link.silent = true
        link.far.destroy()
      }
      return victims.length
    },
    connections: () => links.size,
    async stop() {
      for (const { far } of links) far.destroy()
      for (const near of sockets) near.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** What a network holds on its way; whoever sends more, waits. */
const HELD_BYTES = 256 * 1024

/** One piece after the other, whatever becomes of each. */
function carry(from: Socket, take: (chunk: Buffer) => Promise<void>): void {
  let last: Promise<void> = Promise.resolve()
  let held = 0
  from.on('data', (chunk) => {
    held += chunk.length
    if (held > HELD_BYTES) from.pause()
    last = last
      .then(() => take(chunk))
      .catch(() => undefined)
      .then(() => {
        held -= chunk.length
        if (held <= HELD_BYTES) from.resume()
      })
  })
}
