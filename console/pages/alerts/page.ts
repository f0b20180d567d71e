import type { Page } from '../../base/page.ts'
import { AlertPage } from './alert-page.tsx'
import { Alerts } from './alerts.tsx'

export const alerts: Page = {
  path: '/alerts',
  title: () => 'Alerts',
  nav: { label: 'Alerts', icon: 'bell', key: 'l' },
  View: Alerts,
}

export const alert: Page = {
  path: '/alerts/:fingerprint',
  title: ({ fingerprint = '' }) => `Alert ${fingerprint.slice(0, 8)}`,
  View: AlertPage,
}
