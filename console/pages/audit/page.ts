import type { Page } from '../../base/page.ts'
import { Audit } from './audit.tsx'

export const audit: Page = {
  path: '/audit',
  title: () => 'Audit',
  nav: { label: 'Audit', icon: 'audit', key: 'u' },
  role: 'operator',
  View: Audit,
}
