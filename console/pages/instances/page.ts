import type { Page } from '../../base/page.ts'
import { Instances } from './instances.tsx'

export const instances: Page = {
  path: '/instances',
  title: () => 'Instances',
  nav: { label: 'Instances', icon: 'instances', key: 'i' },
  View: Instances,
}
