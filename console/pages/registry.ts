import { actor } from './actor/page.ts'
import { instances } from './instances/page.ts'
import type { Page } from './page.ts'

/** Every page, in the order of the navigation. */
export const PAGES: readonly Page[] = [instances, actor]
