import type { Claim, ClaimOptions } from '../../db/invocations.ts'

/**
 * Which work is about to end its worker for the last time. Whoever does that takes others with it, so a try that may be the
 * last one begins while no other such is about to show what it is: those that were cut off by the same deaths, and are
 * innocent, come through one after the other.
 */
export interface Suspicion {
  /** What may be claimed of the suspects just now. */
  room(): Pick<ClaimOptions, 'suspects'>
  /** It ended so many workers that there is no other try. */
  isOver(claim: Claim): boolean
  /** It begins; to be called back when it has ended. */
  watch(claim: Claim): () => void
}

export interface SuspicionDeps {
  leaseMs: number
  /** After so many tries whose worker never came back, there is no other. */
  maxInterruptions: number
  /** Takes one interruption back, while the claim holds. */
  forgive(claim: Claim): Promise<void>
  /** The next one may begin. */
  onFree(): void
}

/** So many leases a suspect has for itself at most: what takes long is rather cut off by chance than by itself. */
const LONGEST_LEASES = 6
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * A suspect is one until it ends, or has lived for longer than the try before, which was cut off: then it is not what ended
 * that one's worker. It is forgiven one interruption, since whoever begins beside it now may cost it another; but not for
 * ever, as there may be work that ends its worker later each time, or late. A try that cannot be forgiven any more is alone
 * for as long as it takes to know.
 */
export function createSuspicion({ leaseMs, maxInterruptions, forgive, onFree }: SuspicionDeps): Suspicion {
  const last = maxInterruptions - 1
  const suspects = new Set<Claim>()
  const forgivable = ({ attempts }: Claim): boolean => attempts < 2 * maxInterruptions

  function aloneMs(claim: Claim): number {
    // A lease is renewed each third of it, so the try before may have lived for so long and no longer.
    const lived = claim.livedMs === null ? leaseMs : Math.max(claim.livedMs, leaseMs) - leaseMs / 3
    return Math.min(lived, forgivable(claim) ? LONGEST_LEASES * leaseMs : LONGEST_TIMER_MS)
  }

  function free(claim: Claim): void {
    if (suspects.delete(claim)) onFree()
  }

  async function acquit(claim: Claim): Promise<void> {
    // It must be known before anybody else can cost it its last try.
    if (forgivable(claim)) await forgive(claim)
    free(claim)
  }

  return {
    room: () => (last > 0 ? { suspects: { interrupted: last, limit: suspects.size === 0 ? 1 : 0 } } : {}),
    isOver: ({ interrupted }) => interrupted >= maxInterruptions,
    watch(claim) {
      if (last === 0 || claim.interrupted !== last) return () => undefined
      suspects.add(claim)
      const proof = setTimeout(() => {
        // Not known, not proven: others wait until it ends.
        void acquit(claim).catch(() => undefined)
      }, aloneMs(claim))
      proof.unref()
      return () => {
        clearTimeout(proof)
        free(claim)
      }
    },
  }
}
