import type { Stage } from './stage.ts'
import type { Measured } from './stats.ts'

/** Someone who does the work, ready to be measured. Rounds of all of them are taken in turn. */
export interface Contestant {
  /** Its rows, by name: each measures for so long. */
  rows: Readonly<Record<string, (durationMs: number) => Promise<Measured>>>
  /** What was installed and what it ran on: goes into the result. */
  versions: Readonly<Record<string, string>>
  /** After all rounds: whether every acknowledged event was applied exactly once. Answers the number of actors it looked at; throws what is wrong. */
  verify(): Promise<number>
  stop(): Promise<void>
}

export interface Plan {
  /** Rows it will have, for `--only` and for the table when it cannot run. */
  rows: readonly string[]
  /** What an acknowledged event survives, in one sentence. */
  durability: string
  /** Absent needs make its rows "not measured". */
  needs?: readonly ('redis' | 'peers')[]
  start(stage: Stage): Promise<Contestant>
}

/** What is wrong with an answer: it makes the whole run fail. */
export class WrongAnswer extends Error {}

/** Compares what was acknowledged with what was applied, actor by actor. */
export function compareCounts(who: string, acknowledged: readonly number[], applied: readonly number[]): void {
  const wrong = acknowledged.flatMap((count, actor) =>
    applied[actor] === count ? [] : [`actor ${actor}: ${count} acknowledged, ${applied[actor]} applied`],
  )
  if (wrong.length > 0 || acknowledged.length !== applied.length)
    throw new WrongAnswer(
      `${who}: ${wrong.length} of ${acknowledged.length} actors are wrong (${wrong.slice(0, 3).join('; ')})`,
    )
}
