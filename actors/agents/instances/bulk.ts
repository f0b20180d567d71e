import pLimit from 'p-limit'
import type { Address } from '../../../core/address.ts'
import { AppError } from '../../../core/errors.ts'
import { findActors } from '../../../db/actors.ts'
import { databaseTime } from '../../../db/client.ts'
import { selectDeadLetters } from '../../../db/dead-letters.ts'
import { selectInstances } from '../../../db/instances.ts'
import { probe } from '../../../machines/probe.ts'
import type { Runtime } from '../../runtime.ts'
import type { DeadLettersApi } from '../mail/dead-letters-api.ts'
import type { BulkApi, BulkItem, BulkOutcome } from './bulk-api.ts'
import type { InstancesApi } from './instances-api.ts'

export interface BulkDeps {
  runtime: Runtime
  instances: InstancesApi
  deadLetters: DeadLettersApi
}

/** So many at once wait for their actors; more would only wait for the database. */
const AT_ONCE = 16
/** More than that is narrowed by whoever asks. */
const MOST = 5_000
const CHUNK = 500

/** Commands to many instances, words on many dead letters. */
export function createBulk({ runtime, instances, deadLetters }: BulkDeps): BulkApi {
  const { sql } = runtime

  /** What each would answer, asked of its machine without sending anything. */
  async function tryOut(targets: readonly { id: string; address: Address }[], type: string): Promise<BulkItem[]> {
    const at = (await databaseTime(sql)).getTime()
    const items: BulkItem[] = []
    for (let from = 0; from < targets.length; from += CHUNK) {
      const chunk = targets.slice(from, from + CHUNK)
      const rows = await findActors(
        sql,
        chunk.map(({ address }) => address),
      )
      for (const { id, address } of chunk) {
        const row = rows.get(address)
        const machine = runtime.hosted.get('agent')
        const [verdict] = row && machine && row.status === 'active' ? probe(machine, row.snapshot, [type], at) : []
        const state = JSON.stringify(row?.snapshot.value ?? null)
        items.push(
          verdict?.accepted === false || verdict === undefined
            ? { id, address, result: 'refused', reason: `it does not take ${type} in ${state}` }
            : { id, address, result: 'accepted', reason: null },
        )
      }
    }
    return items
  }

  return {
    async instances(by, { selector, action, reason, dryRun }) {
      const targets = few(await selectInstances(sql, by.team, selector, MOST + 1))
      const found = dryRun
        ? await tryOut(targets, action.toUpperCase())
        : await pLimit(AT_ONCE).map(targets, ({ id, address }) =>
            attempt(id, address, () => instances.command(by, id, action, { reason })),
          )
      const known = new Set(targets.map(({ id }) => id))
      return outcome(dryRun, [...found, ...missing(selector.ids ?? [], known, (id) => `agent/${id}`)])
    },

    async deadLetters(by, { selector, action, dryRun }) {
      const letters = few(await selectDeadLetters(sql, by.team, selector, MOST + 1))
      const found = await pLimit(AT_ONCE).map(letters, async ({ id, address, resolution }): Promise<BulkItem> => {
        const name = String(id)
        if (resolution !== null) return { id: name, address, result: 'refused', reason: `it was ${resolution} already` }
        if (dryRun) return { id: name, address, result: 'accepted', reason: null }
        return attempt(name, address, () =>
          action === 'redrive' ? deadLetters.redrive(by, id) : deadLetters.discard(by, id),
        )
      })
      const known = new Set(letters.map(({ id }) => String(id)))
      return outcome(dryRun, [...found, ...missing((selector.ids ?? []).map(String), known, () => '')])
    },
  }
}

function few<Target>(targets: Target[]): Target[] {
  if (targets.length <= MOST) return targets
  throw new AppError('request.invalid', `selector: it fits more than ${MOST}: narrow it`, { details: { most: MOST } })
}

/** A refusal is the answer of one; what is ours to blame is told as such, and the others go on. */
async function attempt(id: string, address: Address, work: () => Promise<unknown>): Promise<BulkItem> {
  try {
    await work()
    return { id, address, result: 'done', reason: null }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { id, address, result: error.retryable ? 'failed' : 'refused', reason: error.message }
  }
}

function missing(
  wanted: readonly string[],
  known: ReadonlySet<string>,
  addressOf: (id: string) => Address,
): BulkItem[] {
  return wanted
    .filter((id) => !known.has(id))
    .map((id) => ({ id, address: addressOf(id), result: 'refused', reason: 'it does not exist' }))
}

function outcome(dryRun: boolean, items: BulkItem[]): BulkOutcome {
  const count = (...results: BulkItem['result'][]): number =>
    items.filter(({ result }) => results.includes(result)).length
  return {
    dryRun,
    matched: items.length,
    done: count('done', 'accepted'),
    refused: count('refused'),
    failed: count('failed'),
    items,
  }
}
