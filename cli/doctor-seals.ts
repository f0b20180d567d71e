import { createSources } from '../actors/agents/access/sources.ts'
import { createAudit } from '../actors/agents/records/audit.ts'
import { type AuditVerdict, checkAudit } from '../actors/agents/records/audit-chain.ts'
import type { Config } from '../core/config.ts'
import type { Vault } from '../core/vault.ts'
import { countUnsealed } from '../db/audit-seals.ts'
import { connect, type Sql } from '../db/client.ts'
import { duration, type Finding, finding } from './doctor-findings.ts'
import { findVault } from './vault.ts'

/** A worker seals once a minute. */
const LATE_S = 600

/** Whether what is sealed can be opened, and whether the audit is what was written. Changes nothing. */
export async function examineSeals(url: string, config: Config): Promise<Finding[]> {
  const sql = connect(url, { max: 1, name: 'troupe doctor' })
  try {
    const vault = await findVault(config)
    const { audit: keptMs } = config.retention
    return [
      await secrets(sql, vault),
      ...(vault ? [judgeAudit(await checkAudit(sql, vault, keptMs), await countUnsealed(sql))] : []),
    ]
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function secrets(sql: Sql, vault: Vault | undefined): Promise<Finding> {
  const { sources, clear, unreadable } = await createSources({ sql, audit: createAudit({ sql }), vault }).countSecrets()
  const check = 'secrets'
  if (!vault)
    return finding(
      check,
      sources > 0 ? 'problem' : 'warning',
      `no key here, ${sources} sources with secrets; the audit was not examined`,
      'Set TROUPE_SECRET_KEY as the platform has it, or TROUPE_DATA_DIR to its folder. A platform that never ran here has none yet.',
    )
  if (unreadable > 0)
    return finding(
      check,
      'problem',
      `${unreadable} of ${sources} sources are sealed with a key that is not here`,
      'Add that key to TROUPE_SECRET_KEY, after the newest. If it is lost: give each a new secret (PUT /v1/sources/:id).',
    )
  return finding(
    check,
    clear > 0 ? 'warning' : 'ok',
    clear > 0
      ? `${clear} of ${sources} sources are stored in clear`
      : `${sources} sources, all sealed (key ${vault.keyId})`,
    'They were stored by an earlier version: the next start of a process seals them.',
  )
}

function judgeAudit(
  { seals, entries, broken, unknownKeys, head, aged }: AuditVerdict,
  open: { entries: number; ageS: number },
): Finding {
  const check = 'audit'
  if (broken.length > 0)
    return finding(
      check,
      'problem',
      `somebody changed it: ${broken.join('; ')}`,
      'Compare with a backup from before, and with the lines "audit sealed" of the log: whoever did it has the database.',
    )
  if (unknownKeys.length > 0)
    return finding(
      check,
      'warning',
      `sealed with keys that are not here: ${unknownKeys.join(', ')}`,
      'Give all processes one TROUPE_SECRET_KEY, and keep former keys in it, after the newest.',
    )
  if (open.ageS > LATE_S)
    return finding(
      check,
      'warning',
      `${open.entries} entries are not sealed, the oldest for ${duration(open.ageS)}`,
      'A worker seals once a minute: does one run, and with a key?',
    )
  const last = head ? `, the last is number ${head.number}, ${head.mac.slice(0, 12)}…` : ''
  const gone = aged > 0 ? `; ${aged} older ones are gone with age` : ''
  return finding(check, 'ok', `${entries} entries are what ${seals} seals say${last}${gone}`, '')
}
