import { Problem } from './problem.ts'

/**
 * Guards one device with the fencing token of its lock: it remembers the highest token it has seen and refuses a lower one.
 * So a holder that lost its lease without noticing (a frozen process that wakes up late) can no longer move the device.
 */
export interface Fence {
  highest(): number
  /** Answers the token of a `Lab-Fence: <device>:<n>` header that may act now; throws a `Problem` otherwise. */
  admit(header: string | undefined): number
}

export function createFence(deviceId: string): Fence {
  let highest = 0

  function admit(header: string | undefined): number {
    if (header === undefined)
      throw new Problem('fence_required', `Commands to ${deviceId} need the header Lab-Fence: ${deviceId}:<token>`)
    const [, device, digits] = /^(.+):(\d{1,15})$/.exec(header.trim()) ?? []
    if (device === undefined)
      throw new Problem('invalid_fence', 'Lab-Fence must read <device>:<token>, with a whole number as token')
    if (device !== deviceId)
      throw new Problem('wrong_device', `The fence is for ${device}, the command for ${deviceId}`)
    const token = Number(digits)
    if (token < highest)
      throw new Problem('stale_fence', `Token ${token} of ${deviceId} is stale`, {
        fence: token,
        highestFence: highest,
      })
    highest = token
    return token
  }

  return { highest: () => highest, admit }
}
