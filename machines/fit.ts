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
