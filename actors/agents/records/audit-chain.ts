import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '../../../core/log.ts'
import type { Vault } from '../../../core/vault.ts'
import { type AuditSeal, appendSeal, type Covered, lastSeal, listSeals, listUnsealed } from '../../../db/audit-seals.ts'
import type { Sql } from '../../../db/client.ts'

const EVERY_MS = 60_000
const PAGE = 500

/**
 * Seals what the audit got since the last time, once a minute and not where entries are written: those cost what they
 * cost before. Any number of processes may do it. Each seal is told in the log, which is another place than the database.
 */
export function createAuditSealer(deps: { sql: Sql; vault: Vault; log: Log }): {
  start(): void
  /** Answers how many seals it made. */
  seal(): Promise<number>
  stop(): Promise<void>
} {
  const { sql, vault, log } = deps
  const stopping = new AbortController()
  let running: Promise<void> = Promise.resolve()

  async function seal(): Promise<number> {
    for (let made = 0; ; made += 1) {
      const last = await lastSeal(sql)
      const covered = await listUnsealed(sql, last?.upTo ?? 0)
      if (!covered || stopping.signal.aborted) return made
      const { upTo, entries, digest, now: sealedAt } = covered
      const unsigned = { number: (last?.number ?? 0) + 1, upTo, entries, sealedAt, keyId: vault.keyId }
      const mac = vault.sign(textOf(unsigned, { entries, digest }, last?.mac), vault.keyId) ?? ''
      if (!(await appendSeal(sql, { ...unsigned, mac }))) return made
      log.info({ number: unsigned.number, upTo, entries, mac }, 'audit sealed')
    }
  }

  async function run(): Promise<void> {
    for (;;) {
      try {
        await wait(EVERY_MS, undefined, { signal: stopping.signal, ref: false })
        await seal()
      } catch (error) {
        if (stopping.signal.aborted) return
        log.warn({ error }, 'audit not sealed')
      }
    }
  }

  return {
    start: () => void (running = run()),
    seal,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

export interface AuditVerdict {
  seals: number
  entries: number
  /** What does not fit, from the oldest on; the first few. */
  broken: string[]
  /** Seals of keys that are not here: nothing can be said of them. */
  unknownKeys: string[]
  /** Entries that are gone with age, as retention takes them. */
  aged: number
  head: AuditSeal | undefined
}

const TOLD = 5

/**
 * Holds every entry to its seal and every seal to the one before it. `keptMs`: how long entries are kept; what is
 * younger and missing was taken. Entries after the last seal are not proven yet.
 */
export async function checkAudit(sql: Sql, vault: Vault, keptMs: number | null): Promise<AuditVerdict> {
  const verdict: AuditVerdict = { seals: 0, entries: 0, broken: [], unknownKeys: [], aged: 0, head: undefined }
  const unknown = new Set<string>()
  const fault = (text: string): void => void (verdict.broken.length < TOLD && verdict.broken.push(text))
  const agedBefore = keptMs === null ? -Infinity : (Date.now() - keptMs) * 1_000
  let present = false
  for (let after = 0; ; after = verdict.head?.number ?? 0) {
    const page = await listSeals(sql, after, PAGE)
    for (const { found, ...seal } of page) {
      const { number, entries, keyId, mac } = seal
      if (number !== (verdict.head?.number ?? 0) + 1) fault(`seals before ${number} are missing`)
      const gone: boolean = !present && found.entries < entries && seal.sealedAt < agedBefore
      const expected = vault.sign(textOf(seal, found, verdict.head?.mac), keyId)
      if (gone) verdict.aged += entries - found.entries
      else if (expected === undefined) unknown.add(keyId)
      else if (expected !== mac) fault(`entries up to ${seal.upTo} are not what seal ${number} was made of`)
      present ||= !gone
      verdict.seals += 1
      verdict.entries += found.entries
      verdict.head = seal
    }
    if (page.length < PAGE) break
  }
  return { ...verdict, unknownKeys: [...unknown] }
}

function textOf(seal: Omit<AuditSeal, 'mac'>, { entries, digest }: Covered, before = ''): string {
  const { number, upTo, sealedAt, keyId } = seal
  return JSON.stringify(['troupe audit', number, upTo, seal.entries, entries, sealedAt, keyId, digest, before])
}
