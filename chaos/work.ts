import { setTimeout as pause } from 'node:timers/promises'
import { groupBy } from './checks/violation.ts'
import type { WorkMode } from './machines.ts'
import type { Operation, Operations } from './operations.ts'
import type { Call } from './protocol.ts'
import type { Random } from './random.ts'

/** How much there is of everything, and how fast clients go. */
export interface WorkSize {
  clients: number
  cells: number
  relays: number
  clocks: number
  families: number
  /** Longest pause of a client between two operations, in milliseconds. */
  paceMs: number
}

/** An operation of a run that is to be repeated. */
export type Scripted = Pick<Operation, 'client' | 'id' | 'call'>

/** What a client sends again is younger than this part of the time for which ids are remembered. */
const REMEMBERED = 1 / 3

export const AGENT = 'chaos-runner'
export const RUN_POOL = 'runs'
export const RUN_DEVICES = ['run-1', 'run-2'] as const

export interface Work {
  /** Makes the actors, the agent and its devices. */
  prepare(gateway: string): Promise<void>
  /** Random work until the signal, each client in its own order; then waits for what was begun. */
  run(signal: AbortSignal): Promise<void>
  /** The same operations again, each client in its order. */
  repeat(script: readonly Scripted[], signal: AbortSignal): Promise<void>
  /** Faster or slower, from now on. */
  setPace(paceMs: number): void
  /** One more operation, for faults that need their own work. */
  perform: Operations['perform']
  cellOf(n: number): string
}

/** The agent that the suite's events start: it holds a device, presses, does what must not be done twice, presses again. */
const DEFINITION = `
metadata: { id: ${AGENT}, name: ${AGENT}, version: 1.0.0 }
triggers: [{ on: chaos.device }]
skills: ["*"]
permissions: { devices: [read, take_control] }
config: { max_parallel_tasks: 4, timeout_seconds: 120 }
device: { acquire: "\${event.subject}", ttl: 5s, max_hold: 60s }
playbook:
  steps:
    - { id: first, uses: device.press, with: { key: HOME } }
    - { id: once, uses: chaos.unsafe }
    - { id: last, uses: device.press, with: { key: OK } }
`

/** Random work by seed. What is sent twice is sent under one id; what is unknown is asked again until it is known. */
export function createWork(operations: Operations, size: WorkSize, keptMs: number, random: Random): Work {
  const { perform } = operations
  let paceMs = size.paceMs
  const dice = random.fork('repeat')
  const cell = (n: number): string => `cell/${n % size.cells}`
  const relay = (n: number): string => `relay/${n % size.relays}`

  async function client(name: string, signal: AbortSignal): Promise<void> {
    const dice = random.fork(name)
    /** A sender numbers what it sends to each cell: the order must come out as it went in. */
    const numbers = new Map<string, number>()
    const sent = remembering<{ id: string; call: Call }>(keptMs * REMEMBERED)
    const told = remembering<{ id: string; call: Call }>(keptMs * REMEMBERED)
    const jobs: string[] = []
    let count = 0

    const send = (address: string, event: { type: string; [key: string]: unknown }): Promise<unknown> => {
      const call: Call = { do: 'send', address, event, id: `${name}:${count}` }
      if (event.type === 'PUT') sent.add({ id: `${name}:${count}`, call })
      return perform(name, `${name}:${count}`, call)
    }
    const numbered = (key: string): number => {
      const n = (numbers.get(key) ?? 0) + 1
      numbers.set(key, n)
      return n
    }
    const some = (n: number): number => dice.between(0, n - 1)

    const kinds: [number, () => Promise<unknown>][] = [
      [
        40,
        () => {
          const to = cell(some(size.cells))
          return send(to, { type: 'PUT', from: name, n: numbered(to) })
        },
      ],
      [
        12,
        () => {
          const via = relay(some(size.relays))
          return send(via, {
            type: 'PASS',
            to: cell(some(size.cells)),
            n: numbered(`${via}/pass`) * 100 + Number(name.slice(1)),
          })
        },
      ],
      [
        3,
        () => {
          const via = relay(some(size.relays))
          const n = numbered(`${via}/later`) * 100 + Number(name.slice(1))
          return send(via, { type: 'LATER', to: cell(some(size.cells)), n, ms: dice.between(50, 4_000) })
        },
      ],
      [8, () => send(`clock/${some(size.clocks)}`, { type: 'ARM', n: some(12), ms: dice.between(20, 5_000) })],
      [5, () => send(`clock/${some(size.clocks)}`, { type: 'DISARM', n: some(12) })],
      [
        4,
        async () => {
          // Sent again, perhaps long after: nothing may come of it.
          const old = sent.some(dice)
          if (old) await perform(name, `${old.id}#again:${count}`, old.call)
        },
      ],
      [
        2,
        () => {
          const type = dice.pick(['xstate.done.actor.work', 'xstate.after.0.cell.open', 'xstate.stop', '*', ''])
          return perform(name, `forged:${name}:${count}`, {
            do: 'send',
            address: cell(some(size.cells)),
            event: { type },
            id: `forged:${name}:${count}`,
          })
        },
      ],
      [
        2,
        () => {
          const call: Call = { do: 'peek', address: cell(some(size.cells)), team: 'strangers' }
          return perform(name, `stranger:${name}:${count}`, call)
        },
      ],
      [
        4,
        async () => {
          const key = `${name}-${count}`
          const mode: WorkMode = dice.chance(0.06) ? 'throw' : 'sleep'
          await perform(name, `job:${key}`, {
            do: 'spawn',
            kind: 'job',
            key,
            input: { ms: dice.between(5, 2_500), mode },
          })
          jobs.push(`job/${key}`)
        },
      ],
      [
        1,
        async () => {
          const job = jobs[some(Math.max(1, jobs.length))]
          if (job) await send(job, { type: 'CANCEL' })
        },
      ],
      [3, () => send(`family/${some(size.families)}`, { type: 'RAISE', ms: dice.between(10, 2_000) })],
      [1, () => send(`family/${some(size.families)}`, { type: 'LET_GO' })],
      [1, () => send(cell(some(size.cells)), { type: 'BOOM' })],
      [0.3, () => send(cell(some(size.cells)), { type: 'SPIN' })],
      [0.7, () => send(cell(some(size.cells)), { type: 'GROW', size: 20_000 })],
      [2, () => send(cell(some(size.cells)), { type: 'SAY', n: count })],
      [2, () => send(cell(some(size.cells)), { type: dice.pick(['PAUSE', 'RESUME']) })],
      [
        1.2,
        () => {
          const event = {
            id: `${name}:${count}`,
            source: '/chaos',
            type: 'chaos.device',
            subject: dice.pick(RUN_DEVICES),
          }
          const call: Call = { do: 'ingest', event }
          told.add({ id: `event:${name}:${count}`, call })
          return perform(name, `event:${name}:${count}`, call)
        },
      ],
      [
        2,
        () => {
          const fingerprint = `alert-${some(8)}`
          const status = dice.pick(['firing', 'resolved'])
          const alert = { fingerprint, kind: 'chaos', status }
          const event = {
            id: `alert:${name}:${count}`,
            source: '/chaos',
            type: `alert.chaos.${status}`,
            subject: fingerprint,
            severity: 'info',
            alert,
          }
          return perform(name, `event:alert:${name}:${count}`, { do: 'ingest', event })
        },
      ],
      [
        1,
        async () => {
          const old = told.some(dice)
          if (old) await perform(name, `${old.id}#again:${count}`, old.call)
        },
      ],
      [0.2, () => perform(name, `pause:${name}:${count}`, { do: 'instance', id: AGENT, action: 'pause' })],
    ]
    const total = kinds.reduce((sum, [weight]) => sum + weight, 0)

    while (!signal.aborted) {
      count += 1
      let place = dice.next() * total
      const chosen = kinds.find(([weight]) => (place -= weight) < 0) ?? kinds[0]
      await chosen?.[1]()
      await pause(dice.next() * paceMs, undefined, { signal }).catch(() => undefined)
    }
  }

  async function attend(signal: AbortSignal): Promise<void> {
    for (let n = 0; !signal.aborted; n++) {
      await pause(2_000, undefined, { signal }).catch(() => undefined)
      await perform('operator', `attend:${n}`, { do: 'attend' }, 1_000)
    }
  }

  return {
    perform,
    cellOf: cell,
    setPace: (ms) => (paceMs = ms),

    async prepare(gateway) {
      const many = (kind: string, amount: number, input: (key: string) => unknown): Promise<unknown>[] =>
        Array.from({ length: amount }, (_, n) =>
          perform('setup', `spawn:${kind}/${n}`, { do: 'spawn', kind, key: String(n), input: input(String(n)) }),
        )
      await Promise.all([
        ...many('cell', size.cells, () => null),
        ...many('relay', size.relays, (key) => ({ self: `relay/${key}` })),
        ...many('clock', size.clocks, () => null),
        ...many('family', size.families, () => null),
      ])
      for (const device of RUN_DEVICES)
        await perform('setup', `register:${device}`, { do: 'register', device, pool: RUN_POOL, gateway })
      await perform('setup', 'publish', { do: 'publish', definition: DEFINITION, name: 'chaos-runner.yaml' })
    },

    async repeat(script, signal) {
      const clients = [...groupBy(script, ({ client: name }) => name)].map(async ([name, own]) => {
        for (const { id, call } of own) {
          await perform(name, id, call)
          await pause(dice.next() * paceMs)
        }
      })
      await Promise.all(clients)
      await attend(signal)
    },

    async run(signal) {
      const clients = Array.from({ length: size.clients }, (_, n) => client(`c${n + 1}`, signal))
      await Promise.all([...clients, attend(signal)])
    },
  }
}

/** Things of the last so many milliseconds. */
function remembering<Thing>(forMs: number): { add(thing: Thing): void; some(dice: Random): Thing | undefined } {
  let things: { at: number; thing: Thing }[] = []
  return {
    add: (thing) => things.push({ at: performance.now(), thing }),
    some(dice) {
      things = things.filter(({ at }) => at > performance.now() - forMs)
      return things[dice.between(0, Math.max(0, things.length - 1))]?.thing
    },
  }
}
