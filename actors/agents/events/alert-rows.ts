import type { AlertRow } from '../../../db/alerts.ts'
import type { ActorChange } from '../../../db/turn-commit.ts'
import type { AlertState } from '../../../machines/alert-protocol.ts'
import { contextOf, stateOf } from '../actor-change.ts'

/**
 * What an alert says of itself in a turn, as the row that people query. Whoever took it on counts as a word on it, until it
 * is over.
 */
export function alertRow(change: ActorChange): AlertRow {
  const { fingerprint, eventId, endedAt, verdict, acknowledged } = contextOf<AlertState>(change)
  const taken = acknowledged && {
    says: 'acknowledged',
    by: { ...acknowledged.by },
    reason: acknowledged.note,
    at: acknowledged.at,
  }
  const said = verdict && { ...verdict, by: { ...verdict.by } }
  const { address, team } = change
  return {
    address,
    team,
    fingerprint,
    eventId,
    state: stateOf(change),
    verdict: said ?? taken,
    endedAt,
  }
}
