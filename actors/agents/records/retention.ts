import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Address } from '../../../core/address.ts'
import { toJson } from '../../../core/json.ts'
import type { Log } from '../../../core/log.ts'
import type { Retained, RetentionPolicy } from '../../../core/retention.ts'
import { forgetAllowances } from '../../../db/allowances.ts'
import {
  claimHousekeeping,
  endHousekeeping,
  findHistoryPlace,
  renewHousekeeping,
  saveHistoryPlace,
} from '../../../db/housekeeping.ts'
import {
  type Batch,
  listOldHistories,
  type OldHistory,
  removeAudit,
  removeChildren,
  removeEvents,
  removeEvidence,
  removeLetters,
  removeOrphans,
  removeRequests,
} from '../../../db/retention.ts'
import { forgetSessions } from '../../../db/sessions.ts'
import type { Runtime } from '../../runtime.ts'

/** How many rows of each kind a pass removed. */
export interface RetentionReport {
  removed: Record<Retained, number>
  /** Actors whose history begins with a snapshot since this pass. */
  compacted: number
  /** Actors that are gone with their history. */
  ended: number
  /** Histories that were left alone because their replay does not give what is stored. */
  unproven: number
  durationMs: number
}

const LOOK_MS = 60_000
const EVERY_MS = 3_600_000
const LEASE_MS = 60_000
/** Small enough that no statement holds a row lock for long, and a busy database hardly notices. */
const BATCH = 500
const PICTURES = 50
const PAUSE_MS = 25
/** What a pass looks at of histories; the next one, an hour later, goes on there, and begins anew after the youngest. */
const MAX_ENTRIES = 200_000
const PAGE = 2_000

/**
 * Removes what is older than the policy allows: one worker at a time, once an hour, in batches with pauses. What is
 * removed is no longer known: see "How long an id is remembered" in docs/operations.md.
 */
export function createRetention(deps: {
  runtime: Runtime
  policy: RetentionPolicy
  log: Log
  /** Entries of histories that a pass looks at. */
  maxEntries?: number
}): {
  start(): void
  stop(): Promise<void>
  pass(): Promise<RetentionReport | undefined>
} {
  const { runtime, policy, log, maxEntries = MAX_ENTRIES } = deps
  const { sql } = runtime
  const holder = randomUUID()
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let passing: Promise<unknown> = Promise.resolve()

  /** Waits a moment; throws when the pass is to end. */
  async function breathe(): Promise<void> {
    await wait(PAUSE_MS, undefined, { signal: stopping.signal, ref: false })
    if (!(await renewHousekeeping(sql, holder, LEASE_MS))) throw new LostError()
  }

  async function all(removeBatch: () => Promise<number>): Promise<number> {
    for (let removed = 0; ; await breathe()) {
      const now = await removeBatch()
      removed += now
      if (now === 0) return removed
    }
  }

  async function allEvents(ageMs: number): Promise<number> {
    let removed = 0
    for (let cursor: string | undefined = '0.0'; cursor !== undefined; await breathe()) {
      const batch: Batch = await removeEvents(sql, cursor, ageMs, BATCH)
      removed += batch.removed
      cursor = batch.next
    }
    return removed
  }

  /**
   * Reads on where the pass before has come to; an actor is known by the last of its entries that is older. Every actor
   * that lives keeps one, so that those alone can be more than a pass looks at.
   */
  async function oldHistories(ageMs: number): Promise<{ histories: OldHistory[]; place: string | undefined }> {
    const found = new Map<Address, OldHistory>()
    let cursor: string | undefined = (await findHistoryPlace(sql)) ?? '0.0'
    for (let seen = 0; cursor !== undefined && seen < maxEntries; seen += PAGE) {
      const limit = Math.min(PAGE, maxEntries - seen)
      const page: Awaited<ReturnType<typeof listOldHistories>> = await listOldHistories(sql, cursor, ageMs, limit)
      for (const one of page.old) {
        const revision = Math.max(one.revision, found.get(one.address)?.revision ?? 0)
        found.set(one.address, { ...one, revision })
      }
      cursor = page.next
      await breathe()
    }
    return { histories: [...found.values()], place: cursor }
  }

  async function allHistories(ageMs: number, report: RetentionReport): Promise<void> {
    const { histories, place } = await oldHistories(ageMs)
    const children = histories.filter(({ over, child }) => over && child).map(({ address }) => address)
    const gone = histories.filter(({ over }) => over === null).map(({ address }) => address)
    for (let at = 0; at < children.length; at += BATCH, await breathe()) {
      const removed = await removeChildren(sql, children.slice(at, at + BATCH), ageMs)
      report.ended += removed.length
      gone.push(...removed)
    }
    for (let at = 0; at < gone.length; at += BATCH)
      report.removed.history += await all(() => removeOrphans(sql, gone.slice(at, at + BATCH), BATCH))
    const left = new Set(gone)
    for (const { address, revision } of histories) {
      if (left.has(address) || revision < 2) continue
      const compaction = await runtime.compact(address, revision, breathe)
      if (compaction.done && compaction.dropped > 0) {
        report.compacted += 1
        report.removed.history += compaction.dropped
        await breathe()
      } else if (!compaction.done && compaction.why === 'unproven') {
        report.unproven += 1
        log.warn({ address, revision }, 'old history kept: its replay does not give what is stored')
      }
    }
    // Only now: a pass that is cut short is done again.
    await saveHistoryPlace(sql, holder, place)
  }

  async function clean(): Promise<RetentionReport> {
    const started = performance.now()
    const removed = { events: 0, history: 0, letters: 0, evidence: 0, audit: 0, requests: 0 }
    const report: RetentionReport = { removed, compacted: 0, ended: 0, unproven: 0, durationMs: 0 }
    await forgetSessions(sql)
    await forgetAllowances(sql)
    const { events, history, letters, evidence, audit, requests } = policy
    if (requests !== null) removed.requests = await all(() => removeRequests(sql, requests, BATCH))
    if (letters !== null) removed.letters = await all(() => removeLetters(sql, letters, BATCH))
    if (evidence !== null) removed.evidence = await all(() => removeEvidence(sql, evidence, PICTURES))
    if (history !== null) await allHistories(history, report)
    if (events !== null) removed.events = await allEvents(events)
    if (audit !== null) removed.audit = await all(() => removeAudit(sql, audit, BATCH))
    report.durationMs = Math.round(performance.now() - started)
    return report
  }

  /** Undefined: another worker does it, or did it within the hour. */
  async function pass(everyMs = 0): Promise<RetentionReport | undefined> {
    if (!(await claimHousekeeping(sql, holder, everyMs, LEASE_MS))) return undefined
    try {
      const report = await clean()
      await endHousekeeping(sql, holder, toJson(report))
      log.info(report, 'old data removed')
      return report
    } catch (error) {
      await endHousekeeping(sql, holder).catch(() => undefined)
      if (stopping.signal.aborted || error instanceof LostError) return undefined
      throw error
    }
  }

  function next(): void {
    if (stopping.signal.aborted) return
    timer = setTimeout(() => {
      passing = pass(EVERY_MS)
        .catch((error: unknown) => log.warn({ error }, 'old data is still there'))
        .finally(next)
    }, LOOK_MS)
    timer.unref()
  }

  return {
    start: next,
    pass: () => pass(),
    async stop() {
      stopping.abort()
      clearTimeout(timer)
      await passing
    },
  }
}

/** Another worker keeps house now: this one took longer than it may. */
class LostError extends Error {}
