import type { StoredSnapshot } from '../core/effect.ts'
import type { Json } from '../core/json.ts'

/** More grants than any device has between a backup and its restore. */
const MARGIN = 1_000_000

/**
 * A lock as it goes on after it was put back from a backup: what was given out since then is not in it, so the next
 * tokens begin well above. Gateways take them, and nobody who held a device meanwhile has one as high.
 */
export function raiseFences(snapshot: StoredSnapshot): StoredSnapshot {
  const context = members(snapshot.context)
  const devices = Object.entries(members(context['devices'])).map(([id, device]) => {
    const { fence } = members(device)
    return [id, typeof fence === 'number' ? { ...members(device), fence: fence + MARGIN } : device] as const
  })
  return { ...snapshot, context: { ...context, devices: Object.fromEntries(devices) } }
}

function members(value: Json | undefined): { [member: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
