import type { Page } from '../../base/page.ts'
import { RunPage } from './run-page.tsx'
import { Runs } from './runs.tsx'

export const runs: Page = {
  path: '/runs',
  title: () => 'Runs',
  nav: { label: 'Runs', icon: 'runs', key: 'r' },
  View: Runs,
}

export const run: Page = {
  path: '/runs/:id',
  title: ({ id = '' }) => `Run ${id}`,
  View: RunPage,
}
