import { setTimeout as pause } from 'node:timers/promises'
import type { Operations } from './operations.ts'
import type { Random } from './random.ts'

/** One call of the lock as its client saw it: when it asked, when it knew, and what. */
export interface LockCall {
  pool: string
  ticket: string
  op: 'acquire' | 'look' | 'release'
  /** Milliseconds since the epoch; `to` is Infinity when nobody knows whether it happened. */
  from: number
  to: number
  /** The token of the lease; null: it waits, or there is no such ticket (any more). */
  token: number | null
  state: 'granted' | 'waiting' | 'gone'
}

export interface LockWork {
  calls: LockCall[]
  prepare(gateway: string): Promise<void>
  run(signal: AbortSignal): Promise<void>
}

const TTL_MS = 3_000

/** People who want the one device of a pool, use it with their token, give it back, or forget to. */
export function createLockWork(
  operations: Operations,
  { pools, clients, gateway }: { pools: number; clients: number; gateway: string },
  random: Random,
): LockWork {
  const { perform } = operations
  const calls: LockCall[] = []
  const deviceOf = (pool: string): string => `device-of-${pool}`

  async function client(pool: string, name: string, signal: AbortSignal): Promise<void> {
    const dice = random.fork(name)
    for (let n = 0; !signal.aborted; n++) {
      const key = `${name}.${n}`
      const { ticket, token } = await acquire(pool, key)
      if (ticket !== null && token !== null) await use(pool, ticket, token, key, dice)
      if (ticket !== null) await giveUp(pool, ticket, key)
      await pause(dice.between(20, 400), undefined, { signal }).catch(() => undefined)
    }
  }

  async function acquire(pool: string, key: string): Promise<{ ticket: string | null; token: number | null }> {
    const asked = await perform(`lock:${key}`, `acquire:${key}`, { do: 'acquire', pool, key, ttlMs: TTL_MS }, 60_000)
    const view = asked.value as View | null
    if (!view) return { ticket: null, token: null }
    note('acquire', pool, asked, view)
    let token = view.devices[0]?.token ?? null
    for (let tries = 0; token === null && tries < 12; tries++) {
      await pause(250)
      const looked = await perform(`lock:${key}`, `look:${key}:${tries}`, { do: 'ticket', ticket: view.ticket }, 30_000)
      if (looked.outcome === 'unknown') continue
      const now = looked.value as View | null
      note('look', pool, looked, now ?? { ticket: view.ticket, state: 'gone', devices: [] })
      if (!now) break
      token = now.devices[0]?.token ?? null
    }
    return { ticket: view.ticket, token }
  }

  async function use(pool: string, ticket: string, token: number, key: string, dice: Random): Promise<void> {
    const device = deviceOf(pool)
    const presses = dice.between(1, 3)
    for (let press = 0; press < presses; press++) {
      await fetch(`${gateway}/devices/${device}/press`, {
        method: 'POST',
        headers: { 'lab-fence': `${device}:${token}`, 'idempotency-key': `${ticket}:${token}:${press}` },
        body: '{}',
      }).then((response) => response.text())
      // Sometimes longer than the lease: then the device is somebody else's, and the next press is refused.
      await pause(dice.chance(0.08) ? TTL_MS + 1_500 : dice.between(5, 150))
      if (dice.chance(0.3))
        await perform(`lock:${key}`, `renew:${key}:${press}`, { do: 'renew', ticket, by: key }, 5_000)
    }
  }

  async function giveUp(pool: string, ticket: string, key: string): Promise<void> {
    const released = await perform(`lock:${key}`, `release:${key}`, { do: 'release', ticket, by: key }, 30_000)
    note('release', pool, released, { ticket, state: 'gone', devices: [] })
  }

  function note(
    op: LockCall['op'],
    pool: string,
    asked: { from: number; to: number; outcome: string },
    view: View,
  ): void {
    const { ticket, devices } = view
    const to = asked.outcome === 'unknown' ? Infinity : asked.to
    const token = devices[0]?.token ?? null
    calls.push({ pool, ticket, op, from: asked.from, to, token, state: token === null ? stateOf(view) : 'granted' })
  }

  return {
    calls,
    async prepare() {
      for (let n = 1; n <= pools; n++)
        await perform('setup', `register:lock-${n}`, {
          do: 'register',
          device: deviceOf(`lock-${n}`),
          pool: `lock-${n}`,
          gateway,
        })
    },
    async run(signal) {
      const all = Array.from({ length: clients }, (_, n) =>
        client(`lock-${(n % pools) + 1}`, `holder-${n + 1}`, signal),
      )
      await Promise.all(all)
    },
  }
}

interface View {
  ticket: string
  state: string
  devices: { device: string; token: number }[]
}

function stateOf({ state }: View): 'waiting' | 'gone' {
  return state === 'waiting' ? 'waiting' : 'gone'
}
