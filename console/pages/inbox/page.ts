import type { Page } from '../../base/page.ts'
import { Badge } from './badge.tsx'
import { InboxPage } from './inbox.tsx'

export const inbox: Page = {
  path: '/inbox',
  title: () => 'Inbox',
  nav: { label: 'Inbox', icon: 'inbox', key: 'n', Badge },
  View: InboxPage,
}
