import type { StoredSnapshot } from '../core/effect.ts'
import { toErrorRecord } from '../core/errors.ts'
import { canonicalJson } from '../core/json.ts'
import type { HostedMachine } from './host.ts'
import { restore } from './restore.ts'

/** Why a stored snapshot cannot go on in this machine, if it cannot. */
export function misfitOf(hosted: HostedMachine, snapshot: StoredSnapshot): string | undefined {
  try {
    const { value } = restore(hosted.inert, snapshot)
    // XState completes a state that has become too short, but enters none of what it adds: no timers, no invocations.
    if (canonicalJson(value) === canonicalJson(snapshot.value)) return undefined
    return `State ${JSON.stringify(snapshot.value)} is no whole state in version ${hosted.version} of machine "${hosted.kind}", which expects ${JSON.stringify(value)}`
  } catch (error) {
    return `State ${JSON.stringify(snapshot.value)} does not exist in version ${hosted.version} of machine "${hosted.kind}": ${toErrorRecord(error).message}`
  }
}

/**
 * Why a stored snapshot cannot be one that this runtime wrote, if it cannot: XState would take half of what is damaged for
 * a beginning, and break on the other half. Looks at the surface only, since every turn of every actor asks.
 */
export function damageOf({ machine }: HostedMachine, snapshot: unknown): string | undefined {
  if (!isRecord(snapshot)) return 'Its stored state is no snapshot'
  const { status, value, children, historyValue, tags } = snapshot
  if (typeof status !== 'string' || !STATUSES.has(status)) return 'Its stored state has no status'
  if (!isRecord(children) || !Object.values(children).every(isChild)) return 'Its stored children are none'
  if (!isRecord(historyValue) || !Array.isArray(tags)) return 'Its stored history or tags are none'
  const states = Object.keys(machine.states)
  const active = typeof value === 'string' ? [value] : isRecord(value) ? Object.keys(value) : ['']
  if (states.length === 0 || (active.length > 0 && active.every((name) => states.includes(name)))) return undefined
  return `State ${JSON.stringify(value)?.slice(0, 200)} does not exist in machine "${machine.id}"`
}

const STATUSES: ReadonlySet<string> = new Set(['active', 'done', 'error', 'stopped'])

function isChild(child: unknown): boolean {
  return isRecord(child) && typeof child['src'] === 'string'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
