import { setTimeout as pause } from 'node:timers/promises'
import type { Seat } from '../cluster.ts'
import type { Fault, Scene } from '../nemesis.ts'
import { cannotDrop, losePackets } from '../packets.ts'
import type { Weather } from '../proxy.ts'
import { probe, someWorker, until } from '../strike.ts'

/** The network between processes and stores. */
export const NETWORK_FAULTS: readonly Fault[] = [
  weatherFault('N1', 'a worker is cut off from Postgres', { kind: 'dead' }, ({ postgres }) => postgres),
  {
    ...weatherFault('N2', 'a worker is cut off from Redis', { kind: 'dead' }, ({ redis }) => redis),
    impossible: ({ redis }) => (redis ? undefined : 'there is no Redis in this run'),
  },
  weatherFault('N3', 'a worker is heard by Postgres and hears nothing', { kind: 'deaf' }, ({ postgres }) => postgres),
  {
    id: 'N4',
    what: 'the way to Postgres comes and goes',
    async strike(scene) {
      const { postgres, name } = someWorker(scene)
      let times = 0
      for (const end = performance.now() + 1.6 * scene.spanMs; performance.now() < end; times++) {
        postgres.setWeather({ kind: 'dead' })
        await pause(800)
        postgres.setWeather({ kind: 'clear' })
        await pause(800)
      }
      return `${name} was cut off ${times} times; a message applied after ${await probe(scene, 'N4')} ms`
    },
  },
  {
    id: 'N5',
    what: 'one packet in five is lost between all processes and Postgres',
    impossible: cannotDrop,
    async strike(scene) {
      const ports = scene.cluster.seats.map(({ postgres }) => postgres.port)
      const loss = await losePackets(ports, 20)
      let ms: number
      try {
        ms = await probe(scene, 'N5')
        await pause(scene.spanMs)
      } finally {
        await loss.stop()
      }
      const lost = loss.lost()
      if (lost === 0) throw new Error('no packet was lost')
      return `${lost} packets lost; a message meanwhile applied after ${ms} ms`
    },
  },
  {
    id: 'N6',
    what: 'every piece to and from Postgres takes 200 ± 100 ms',
    async strike(scene) {
      for (const { postgres } of scene.cluster.seats) postgres.setWeather({ kind: 'slow', fromMs: 100, toMs: 300 })
      const ms = await probe(scene, 'N6')
      await pause(scene.spanMs)
      return `for ${scene.spanMs} ms; a message meanwhile applied after ${ms} ms`
    },
  },
  {
    id: 'N7',
    what: 'connections are reset at random',
    async strike(scene) {
      let reset = 0
      for (const end = performance.now() + scene.spanMs; performance.now() < end; ) {
        for (const { postgres, redis } of scene.cluster.seats)
          reset += postgres.reset(() => scene.random.chance(0.1)) + (redis?.reset(() => scene.random.chance(0.1)) ?? 0)
        await pause(200)
      }
      if (reset === 0) throw new Error('no connection was reset')
      return `${reset} connections reset; a message applied after ${await probe(scene, 'N7')} ms`
    },
  },
  {
    id: 'N8',
    what: 'servers vanish without a word: connections stay half open',
    async strike(scene) {
      const seat = someWorker(scene)
      await until('it to be connected', () => seat.postgres.connections() > 0)
      const halves = seat.postgres.halfOpen() + (seat.redis?.halfOpen() ?? 0)
      const ms = await probe(scene, 'N8')
      await pause(scene.spanMs)
      return `${halves} connections of ${seat.name} half open; a message meanwhile applied after ${ms} ms`
    },
  },
  {
    id: 'N9',
    what: 'everything is sent ten times, at once and out of order',
    async strike(scene) {
      const { work, random } = scene
      const stamp = Date.now()
      const messages = Array.from({ length: 12 }, (_, n) => {
        const id = `n9:${stamp}:${n}`
        return { id, address: work.cellOf(n), event: { type: 'PUT', from: id, n: 1 } }
      })
      const copies = random.shuffle(messages.flatMap((message) => Array.from({ length: 10 }, () => message)))
      const done = await Promise.all(
        copies.map(({ id, address, event }, n) =>
          work.perform('nemesis', `${id}#${n}`, { do: 'send', address, event, id }),
        ),
      )
      const fresh = done.filter(({ value }) => (value as { duplicate?: boolean } | null)?.duplicate === false).length
      return `${done.length} sent, ${fresh} were told that theirs was the first`
    },
  },
]

function weatherFault(
  id: string,
  what: string,
  weather: Weather,
  of: (seat: Seat) => { setWeather(weather: Weather): void; connections(): number } | undefined,
): Fault {
  return {
    id,
    what,
    async strike(scene: Scene) {
      const seat = someWorker(scene)
      const way = of(seat)
      if (!way) throw new Error('there is no such way')
      // Whoever was started just now connects in a moment.
      const count = await until('it to be connected', () => way.connections() || undefined)
      const ms = Math.max(1.5 * scene.spanMs, 4_000)
      way.setWeather(weather)
      const others = await probe(scene, id)
      await pause(ms)
      way.setWeather({ kind: 'clear' })
      await pause(500)
      return `${count} connections of ${seat.name} for ${ms} ms; a message meanwhile applied after ${others} ms`
    },
  }
}
