import type { Stage } from '../stage.ts'

/** Something that users ask before they choose. Answers figures; throws when an answer is wrong. */
export interface Question {
  name: string
  /** Absent: the row says why it was not measured. */
  needs?: readonly 'redis'[]
  ask(stage: Stage): Promise<Record<string, number>>
}
