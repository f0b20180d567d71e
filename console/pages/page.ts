import type { ComponentType } from 'preact'
import type { IconName } from '../parts/icon.tsx'

export type Params = Readonly<Record<string, string>>

/** One page of the console: a folder of its own beside this file, and one line in `registry.ts`. */
export interface Page {
  /** `/runs/:id`; parameters are given to the view. */
  path: string
  /** For the tab and for people who hear the page. */
  title(params: Params): string
  /** Absent: reached by links only. */
  nav?: {
    label: string
    icon: IconName
    /** Second key of `g …`. */
    key: string
  }
  View: ComponentType<{ params: Params }>
}
