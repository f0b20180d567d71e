import type { Address } from '../../core/address.ts'
import type { Log } from '../../core/log.ts'
import type { Sql } from '../../db/client.ts'
import { listNeglected, nextNeglected } from '../../db/mailbox.ts'

/** Mail that has waited this long was forgotten by its carrier. */
const NEGLECTED_MS = 1_000
/** Looks at young mail are this far apart at least: under load there is always some. */
const GRAIN_MS = 250
const PER_SWEEP = 1_000

/**
 * The safety net on every worker: each second it finds mail, timers and work that no carrier brought. With it, Redis
 * and BullMQ may lose anything at any time. Mail that is too young for one look is not left for the next: an alarm stands
 * for the moment when it is old enough, so that what a killed worker had been told of waits little longer than
 * `NEGLECTED_MS`. `extra` are further things to look after, each on its own.
 */
export function createSweeper(deps: {
  sql: Sql
  /** What this worker can give turns to. */
  kinds: readonly string[]
  log: Log
  everyMs: number
  onNeglected(addresses: Address[]): void
  extra: readonly (() => Promise<unknown>)[]
}): { start(): void; stop(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined
  let alarm: NodeJS.Timeout | undefined
  let sweeping: Promise<void> = Promise.resolve()
  let looking: Promise<unknown> = Promise.resolve()
  let stopped = false

  async function mail(): Promise<void> {
    const addresses = await listNeglected(deps.sql, { kinds: deps.kinds, olderThanMs: NEGLECTED_MS, limit: PER_SWEEP })
    if (addresses.length === 0) return
    deps.log.debug({ actors: addresses.length }, 'swept up neglected mail')
    deps.onNeglected(addresses)
  }

  /** Stands again while there is mail that may yet grow old; most of it is taken before. */
  async function watch(): Promise<void> {
    if (alarm) return
    const inMs = await nextNeglected(deps.sql, NEGLECTED_MS)
    if (stopped || alarm || inMs === undefined) return
    alarm = setTimeout(
      () => {
        alarm = undefined
        looking = Promise.all([mail(), watch()]).catch((error: unknown) => deps.log.warn({ error }, 'sweep failed'))
      },
      Math.max(GRAIN_MS, inMs),
    )
  }

  async function sweep(): Promise<void> {
    const results = await Promise.allSettled([mail(), watch(), ...deps.extra.map((look) => look())])
    for (const result of results)
      if (result.status === 'rejected') deps.log.warn({ error: result.reason as unknown }, 'sweep failed')
  }

  function next(): void {
    if (stopped) return
    timer = setTimeout(() => {
      sweeping = sweep().finally(next)
    }, deps.everyMs)
  }

  return {
    start: () => {
      sweeping = sweep().finally(next)
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await sweeping
      clearTimeout(alarm)
      await looking
    },
  }
}
