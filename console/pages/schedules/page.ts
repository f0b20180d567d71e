import type { Page } from '../../base/page.ts'
import { Schedules } from './schedules.tsx'

export const schedules: Page = {
  path: '/schedules',
  title: () => 'Schedules',
  nav: { label: 'Schedules', icon: 'clock', key: 'c' },
  View: Schedules,
}
