import { appendFileSync, readFileSync } from 'node:fs'

/** Milliseconds since the epoch, by the clock of whoever wrote it. */
interface Entry {
  at: number
}

/** An execution of something that a machine asked for, written where no database can lose it. */
export type Executed = Entry &
  (
    | { kind: 'begin'; effectId: string; address: string; attempts: number; pid: number }
    | { kind: 'end'; effectId: string; address: string; attempts: number; pid: number }
    /** A custom action ran. */
    | { kind: 'action'; effectId: string; address: string; pid: number }
    /** A device did something. `fresh`: it had not done it before under this key. */
    | { kind: 'command'; device: string; token: number; key: string; name: string; fresh: boolean }
    | { kind: 'refused'; device: string; token: number; key: string; name: string }
    /** An effect that must not be repeated. */
    | { kind: 'unsafe'; key: string; pid: number }
  )

/** One line at once, and synchronously: what a process wrote before it was killed is there. */
export function write(file: string, entry: object): void {
  appendFileSync(file, `${JSON.stringify({ at: Date.now(), ...entry })}\n`)
}

/** Every whole line; the last one may be cut by a kill or a full disk. */
export function read<Line>(file: string): Line[] {
  return contentOf(file)
    .split('\n')
    .flatMap((line) => {
      if (line === '') return []
      try {
        return [JSON.parse(line) as Line]
      } catch {
        // Cut short by the death of its writer: it was never whole.
        return []
      }
    })
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // Nobody wrote anything yet.
    return ''
  }
}
