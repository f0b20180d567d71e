import type { Address } from '../../../core/address.ts'
import { AppError } from '../../../core/errors.ts'
import type { MachineEvent } from '../../../core/message.ts'
import type { Principal } from '../../../core/principal.ts'
import { findAlert, listAlerts } from '../../../db/alerts.ts'
import type { Runtime } from '../../runtime.ts'
import { ask } from '../mail/ask.ts'
import type { Audit } from '../records/audit.ts'
import { expectCursor } from '../records/cursor.ts'
import type { AlertInFull, AlertsApi } from './alerts-api.ts'
import { alertKey } from './event-rows.ts'

const PAGE = 100

const addressOf = (by: Principal, fingerprint: string): Address => `alert/${alertKey(by.team, fingerprint)}`

/** Alerts and what people say of them. An alert is one condition; its row shows the latest episode. */
export function createAlerts({ runtime, audit }: { runtime: Runtime; audit: Audit }): AlertsApi {
  const { sql } = runtime

  async function existing(by: Principal, fingerprint: string): Promise<AlertInFull> {
    const row = await findAlert(sql, by.team, fingerprint, addressOf(by, fingerprint))
    if (!row) throw new AppError('alert.not_found', `There is no alert ${fingerprint}`, { details: { fingerprint } })
    return row
  }

  async function say(
    by: Principal,
    fingerprint: string,
    action: string,
    event: MachineEvent,
    expected: number | undefined,
  ): Promise<AlertInFull> {
    const { episode } = await existing(by, fingerprint)
    const said = { ...event, by: { kind: 'user', id: by.name } }
    await ask(runtime, addressOf(by, fingerprint), said, by, expected)
    await audit.append(by, `alert.${action}`, fingerprint, { episode, said: event['reason'] ?? event['note'] ?? null })
    return existing(by, fingerprint)
  }

  return {
    async list(by, { limit = PAGE, ...filter }) {
      const items = await listAlerts(sql, by.team, { ...filter, limit })
      await expectCursor(sql, 'alerts', by.team, filter.after)
      return { items, next: items.length < limit ? null : (items.at(-1)?.fingerprint ?? null) }
    },
    get: existing,
    ack: (by, fingerprint, note, expected) => say(by, fingerprint, 'ack', { type: 'ACK', note }, expected),
    resolve: (by, fingerprint, reason, expected) =>
      say(by, fingerprint, 'resolve', { type: 'RESOLVE', reason }, expected),
    discard: (by, fingerprint, reason, expected) =>
      say(by, fingerprint, 'discard', { type: 'DISCARD', reason }, expected),
  }
}
