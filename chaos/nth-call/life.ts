import { setTimeout as pause } from 'node:timers/promises'
import type { Cluster } from '../cluster.ts'
import type { Database } from '../database.ts'
import { createOperations, type Operation, type Operations } from '../operations.ts'
import type { Call } from '../protocol.ts'

/** A short life with a beginning and an end that are known: it may be struck anywhere, and must come to its end. */
export interface Scenario {
  name: string
  /** Resolves at its end; throws when the end is another one. */
  live(life: Life): Promise<void>
}

export interface Life {
  /** No other life has it. */
  key: string
  /** The devices' side of the world. */
  gateway: string
  /** As a careful client asks: under one id until the outcome is known. `door`: which process is asked first. */
  ask(call: Call, door?: Door): Promise<Operation>
  send(address: string, event: { type: string; [key: string]: unknown }, id: string, door?: Door): Promise<Operation>
  /** Waits until the statement answers a row. No fault is aimed at it. */
  until<Row extends object>(what: string, text: string, values?: unknown[]): Promise<Row>
  /** Whoever is on duty gives a word on what is in doubt, while it is waited for. */
  attended<Row extends object>(what: string, text: string, values?: unknown[]): Promise<Row>
  /** Those of these actors whose replay does not give what is stored. */
  unequal(addresses: readonly string[]): Promise<string[]>
  database: Database
}

/** `api` keeps a message in its mailbox and has it carried; `worker` applies it in its own turn. */
export type Door = 'api' | 'worker'

/** What somebody hears who asks again for what was done, when the answer was lost. */
const DONE_BEFORE: ReadonlySet<string> = new Set(['actor.exists', 'event.refused', 'lock.ticket_not_found'])
const PATIENCE_MS = 40_000
const LOOK_MS = 25
const ATTEND_MS = 1_000

export interface LivesDeps {
  cluster: Cluster
  database: Database
  gateway: string
  /** Where operations are written down. */
  file: string
  unequal(addresses: readonly string[]): Promise<string[]>
}

export interface Lives {
  operations: Operations['all']
  begin(key: string): Life
}

export function createLives({ cluster, database, gateway, file, unequal }: LivesDeps): Lives {
  const doors: Record<Door, Operations> = {
    api: createOperations(behind('api'), file, PATIENCE_MS),
    worker: createOperations(behind('worker'), file, PATIENCE_MS),
  }
  const operations: Operation[] = []

  /** The same cluster, asked through a process of this kind while one can answer. */
  function behind(door: Door): Cluster {
    return {
      ...cluster,
      ask(call, options) {
        const open = cluster.seats.find(({ roles, node }) => roles.includes(door) && node?.alive() && !node.frozen)
        return cluster.ask(call, { ...options, ...(open ? { on: open } : {}) })
      },
    }
  }

  async function look<Row extends object>(
    what: string,
    text: string,
    values: unknown[],
    meanwhile: () => Promise<unknown>,
  ): Promise<Row> {
    const until = performance.now() + PATIENCE_MS
    for (let next = performance.now() + ATTEND_MS; ; ) {
      const [row] = await database.ask<Row>(text, values)
      if (row) return row
      if (performance.now() > until) throw new Error(`in vain: ${what}`)
      if (performance.now() > next) {
        await meanwhile()
        next = performance.now() + ATTEND_MS
      }
      await pause(LOOK_MS)
    }
  }

  return {
    operations,
    begin(key) {
      let count = 0
      const ask = async (call: Call, door: Door = 'api'): Promise<Operation> => {
        count += 1
        const done = await doors[door].perform('c1', `${key}:${count}`, call)
        operations.push(done)
        if (done.outcome === 'ok' || DONE_BEFORE.has(done.code ?? '')) return done
        throw new Error(`${done.outcome} (${done.code}): ${JSON.stringify(call).slice(0, 300)}`)
      }
      return {
        key,
        gateway,
        database,
        unequal,
        ask,
        send: (address, event, id, door) => ask({ do: 'send', address, event, id: `${key}:${id}` }, door),
        until: (what, text, values = []) => look(what, text, values, () => Promise.resolve()),
        attended: (what, text, values = []) =>
          look(what, text, values, () => cluster.ask({ do: 'attend' }).catch(() => undefined)),
      }
    },
  }
}
