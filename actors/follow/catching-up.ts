import { setImmediate as nextRound } from 'node:timers/promises'
import pLimit from 'p-limit'

/** Lets those who catch up go on in turn, however many they are: whoever else wants something does not stand behind all of them. */
export interface CatchingUp {
  /** Reads a page when it is this one's turn. */
  read<Item>(page: () => Promise<Item[]>, signal: AbortSignal): Promise<Item[]>
  /** Waits for a round of the event loop that no other one who catches up has. */
  breathe(): Promise<unknown>
}

/** Pages that are read at once: they are to leave most connections to others. */
const READS = 2

export function createCatchingUp(): CatchingUp {
  const reading = pLimit(READS)
  const rounds = pLimit(1)
  return {
    // Whoever has left meanwhile reads nothing any more.
    read: (page, signal) => reading(async () => (signal.aborted ? [] : page())),
    breathe: () => rounds(() => nextRound()),
  }
}
