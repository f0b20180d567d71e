import type { Sizes } from './sizes.ts'
import type { Summary } from './stats.ts'

export interface Row extends Summary {
  name: string
  /** What an acknowledged event of this row survives. */
  durability: string
}

/** An answer to a question of users: figures by name, each name says its unit. */
export interface Answer {
  name: string
  figures: Record<string, number>
}

/** One run, as it is written to `bench/results/`. */
export interface Result {
  at: string
  mode: 'quick' | 'full'
  /** Some rows were left out with `--only`. */
  partial: boolean
  machine: Record<string, string | number>
  versions: Record<string, string>
  sizes: Sizes
  rows: Row[]
  questions: Answer[]
  ratios: Record<string, number>
  /** Row or question → why it was not measured. */
  notMeasured: Record<string, string>
  /** Questions that found no answer, and why; a wrong answer ends the run instead. */
  failed: Record<string, string>
}
