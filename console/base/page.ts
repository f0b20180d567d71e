import type { ComponentType } from 'preact'
import type { IconName } from './icon.tsx'
import { may, type Role } from './session.ts'

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
    /** Beside the label: how much waits there. */
    Badge?: ComponentType
  }
  /** Least role that may see it: to others it is not there. */
  role?: Role
  View: ComponentType<{ params: Params }>
}

/** Whether whoever is logged in may see it. */
export function isOpen({ role }: Page): boolean {
  return role === undefined || may(role)
}
