import type { Page } from '../../base/page.ts'
import { Keys } from './keys.tsx'

export const keys: Page = {
  path: '/keys',
  title: () => 'Keys',
  nav: { label: 'Keys', icon: 'key', key: 'k' },
  role: 'admin',
  View: Keys,
}
