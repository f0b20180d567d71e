import type { Page } from '../../base/page.ts'
import { DryRun } from './dry-run.tsx'
import { EventPage } from './event-page.tsx'
import { Events } from './events.tsx'

export const events: Page = {
  path: '/events',
  title: () => 'Events',
  nav: { label: 'Events', icon: 'events', key: 'e' },
  View: Events,
}

export const dryRun: Page = {
  path: '/events/dry-run',
  title: () => 'Dry run of an event',
  View: DryRun,
}

export const event: Page = {
  path: '/events/:id',
  title: ({ id = '' }) => `Event ${id}`,
  View: EventPage,
}
