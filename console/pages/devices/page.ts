import type { Page } from '../../base/page.ts'
import { DevicePage } from './device-page.tsx'
import { Devices } from './devices.tsx'

export const devices: Page = {
  path: '/devices',
  title: () => 'Devices',
  nav: { label: 'Devices', icon: 'devices', key: 'd' },
  View: Devices,
}

export const device: Page = {
  path: '/devices/:id',
  title: ({ id = '' }) => `Device ${id}`,
  View: DevicePage,
}
