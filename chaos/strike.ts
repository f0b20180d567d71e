import { writeFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import type { Seat } from './cluster.ts'
import type { Database } from './database.ts'
import type { Seen } from './gateway.ts'
import type { Scene } from './nemesis.ts'

/** A worker that lives, by chance. */
export function someWorker({ cluster, random }: Scene): Seat {
  const living = cluster.workers().filter(({ node }) => node?.alive())
  const [first, ...rest] = living
  if (!first) throw new Error('no worker lives')
  return random.pick([first, ...rest])
}

export function someSeat({ cluster, random }: Scene): Seat {
  const living = cluster.seats.filter(({ node }) => node?.alive())
  const [first, ...rest] = living
  if (!first) throw new Error('no node lives')
  return random.pick([first, ...rest])
}

/** Waits until something is so; throws when it never is. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  ms = 30_000,
): Promise<T> {
  const end = performance.now() + ms
  for (;;) {
    const found = await ask()
    if (found !== undefined && found !== false) return found
    if (performance.now() > end) throw new Error(`${what}: not within ${ms} ms`)
    await pause(25)
  }
}

/** The next thing that a node tells and that is wanted. The node waits while `strike` runs. */
export async function onNext(
  { gateway }: Scene,
  wanted: (seen: Seen) => boolean,
  strike: (seen: Seen) => void,
  ms = 40_000,
): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      forget()
      reject(new Error('nothing of the kind was begun in time'))
    }, ms)
    const forget = gateway.onSeen((seen) => {
      if (!wanted(seen)) return
      clearTimeout(late)
      forget()
      strike(seen)
      resolve(seen)
    })
  })
}

/**
 * Milliseconds until a message to a cell is applied, from now; proof that the cluster works again. One that was refused is
 * sent again as another one, as its sender would: only what was acknowledged must be applied.
 */
export async function probe({ work, database }: Scene, name: string): Promise<number> {
  const from = performance.now()
  const address = work.cellOf(0)
  const id = await until(
    'the probe to be acknowledged',
    async () => {
      const once = `probe:${name}:${Date.now()}`
      const { outcome } = await work.perform('probe', once, {
        do: 'send',
        address,
        event: { type: 'RESUME' },
        id: once,
      })
      return outcome === 'ok' && once
    },
    PROBE_MS,
  )
  await until(
    'the probe to be applied',
    async () => {
      const [row] = await database.ask('select 1 from history where address = $1 and message_id = $2', [address, id])
      return row !== undefined
    },
    PROBE_MS,
  ).catch(async (error: unknown) => {
    throw new Error(`${String(error)}: ${await whereabouts(database, address, id)}`)
  })
  return Math.round(performance.now() - from)
}

const PROBE_MS = 120_000

/** What the tables say of a message that was acknowledged and is not in the history. */
async function whereabouts(database: Database, address: string, id: string): Promise<string> {
  const [found] = await database.ask<{ words: string }>(
    `select format('the actor is %s at revision %s (%s), it has %s messages waiting; of this one there are %s waiting, %s dead letters',
       a.status, a.revision, a.parked, (select count(*) from mailbox m where m.address = a.address),
       (select count(*) from mailbox m where m.address = a.address and m.message_id = $2),
       (select count(*) from dead_letters d where d.address = a.address and d.message_id = $2)) as words
     from actors a where a.address = $1`,
    [address, id],
  )
  return found?.words ?? 'the actor is gone'
}

/** Appends so many bytes to a file; false when there is no room for them. */
export async function fits(file: string, bytes: number): Promise<boolean> {
  return writeFile(file, Buffer.alloc(bytes), { flag: 'a' }).then(
    () => true,
    () => false,
  )
}
