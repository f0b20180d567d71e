import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from './database.ts'
import type { Gateway } from './gateway.ts'
import { NodeError, type NodeProcess, startNode } from './node-process.ts'
import type { Call, NodeSettings } from './protocol.ts'
import { createProxy, type Proxy } from './proxy.ts'
import type { Random } from './random.ts'
import type { RedisServer } from './redis-server.ts'
import { createCommandReader, createStatementReader } from './statements.ts'

export const LEASE_MS = 2_000

/** One place in the cluster: the process in it may die and be replaced, its network stays. */
export interface Seat {
  name: string
  roles: ('api' | 'worker')[]
  build: 1 | 2
  node: NodeProcess | undefined
  postgres: Proxy
  redis: Proxy | undefined
}

export interface Death {
  at: number
  pid: number
  name: string
  how: string
  /** The end of what it complained of. */
  lastWords: string
  /** Workers that lived on. */
  others: number
}

export interface Cluster {
  seats: Seat[]
  workers(): Seat[]
  /** Every process that ever ran here, by the way it ended. */
  deaths: Death[]
  /** Milliseconds since the epoch when a process was frozen, and for how long. */
  freezes: { pid: number; from: number; to: number }[]
  fill(seat: Seat, how?: StartOptions): Promise<void>
  /** Kills at once and waits for the end. */
  kill(seat: Seat, signal?: NodeJS.Signals): Promise<void>
  freeze(seat: Seat, ms: number): Promise<void>
  /** Asks any node that lives. */
  ask(call: Call, options?: { timeoutMs?: number; on?: Seat }): Promise<unknown>
  /** Starts whatever is not running. */
  heal(): Promise<void>
  stop(): Promise<void>
}

export interface StartOptions {
  env?: Record<string, string>
  execArgv?: string[]
}

/** As whoever supervises it would: one that ends before it works is started again. */
async function startedAtLast(settings: NodeSettings, how: StartOptions): Promise<NodeProcess> {
  for (let tries = 1; ; tries++) {
    try {
      return await startNode(settings, how)
    } catch (error) {
      if (tries === STARTS) throw error
    }
  }
}

const STARTS = 4

export interface ClusterOptions {
  folder: string
  database: Database
  redis: RedisServer | undefined
  gateway: Gateway
  random: Random
  workers: number
  /** Default `LEASE_MS`. */
  leaseMs?: number
}

/** Real processes over one database, each behind a network of its own. */
export async function createCluster(options: ClusterOptions): Promise<Cluster> {
  const { database, redis, gateway, random } = options
  const ledgers = join(options.folder, 'ledgers')
  await mkdir(ledgers, { recursive: true })
  const deaths: Death[] = []
  const freezes: Cluster['freezes'] = []
  let generation = 0
  let turn = 0
  let stopping = false

  async function seat(name: string, roles: Seat['roles']): Promise<Seat> {
    const chance = random.fork(name).next
    const postgres = await createProxy({ target: () => database.port, reader: createStatementReader, chance })
    const cache = redis && (await createProxy({ target: () => redis.port, reader: createCommandReader, chance }))
    return { name, roles, build: 1, node: undefined, postgres, redis: cache }
  }

  const seats = await Promise.all([
    seat('api', ['api']),
    ...Array.from({ length: options.workers }, (_, n) => seat(`worker-${n + 1}`, ['worker'])),
  ])

  /** Whoever is being started: a seat has one process, whoever asks for it meanwhile. */
  const filling = new Map<Seat, Promise<void>>()

  function fill(place: Seat, how: StartOptions = {}): Promise<void> {
    const under = filling.get(place)
    if (under) return under
    const filled = start(place, how).finally(() => filling.delete(place))
    filling.set(place, filled)
    return filled
  }

  async function start(place: Seat, how: StartOptions): Promise<void> {
    if (place.node?.alive() || stopping) return
    generation += 1
    const settings: NodeSettings = {
      name: `${place.name}.${generation}`,
      databaseUrl: database.urlAt(place.postgres.port),
      ...(place.redis ? { redisUrl: `redis://127.0.0.1:${place.redis.port}` } : {}),
      roles: place.roles,
      leaseMs: options.leaseMs ?? LEASE_MS,
      ledger: join(ledgers, `${place.name}.${generation}.jsonl`),
      gateway: gateway.url,
      build: place.build,
    }
    // What one has compiled, the next ones need not: starting again and again is most of what a run does.
    const env = { NODE_COMPILE_CACHE: join(options.folder, 'compiled'), ...how.env }
    const node = await startedAtLast(settings, { ...how, env })
    place.node = node
    void node.ended.then(({ code, signal, atMs, lastWords }) => {
      const others = seats.filter((seat) => seat.roles.includes('worker') && seat.node?.alive()).length
      deaths.push({ at: atMs, pid: node.pid, name: node.name, how: signal ?? `exit ${code}`, lastWords, others })
    })
  }

  async function ask(call: Call, { timeoutMs = 5_000, on }: { timeoutMs?: number; on?: Seat } = {}): Promise<unknown> {
    const living = seats.filter(({ node }) => node?.alive() && !node.frozen)
    turn += 1
    const node = (on ?? living[turn % Math.max(1, living.length)])?.node
    if (!node) throw new NodeError('cluster.down', 'No node lives', false)
    return node.ask(call, timeoutMs)
  }

  return {
    seats,
    deaths,
    freezes,
    workers: () => seats.filter(({ roles }) => roles.includes('worker')),
    fill,
    ask,
    async kill(place, signal = 'SIGKILL') {
      const { node } = place
      if (!node?.alive()) return
      node.signal(signal)
      await node.ended
    },
    async freeze(place, ms) {
      const { node } = place
      if (!node?.alive()) return
      const from = Date.now()
      node.frozen = true
      node.signal('SIGSTOP')
      await new Promise((resolve) => setTimeout(resolve, ms))
      node.signal('SIGCONT')
      node.frozen = false
      freezes.push({ pid: node.pid, from, to: Date.now() })
    },
    async heal() {
      for (const place of seats) {
        for (const proxy of [place.postgres, place.redis]) {
          proxy?.intercept(undefined)
          proxy?.setWeather({ kind: 'clear' })
        }
      }
      await Promise.all(seats.map((place) => fill(place)))
    },
    async stop() {
      stopping = true
      await Promise.allSettled(filling.values())
      await Promise.all(
        seats.map(async ({ node, postgres, redis: cache }) => {
          if (node?.alive()) {
            node.signal('SIGCONT')
            node.signal('SIGTERM')
            const late = setTimeout(() => node.signal('SIGKILL'), 15_000)
            await node.ended
            clearTimeout(late)
          }
          await postgres.stop()
          await cache?.stop()
        }),
      )
    },
  }
}
