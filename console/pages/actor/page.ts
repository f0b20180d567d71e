import type { Page } from '../../base/page.ts'
import { ActorView } from './actor.tsx'

export const actor: Page = {
  path: '/actors/:kind/:key',
  title: ({ kind, key }) => `${kind}/${key}`,
  View: ActorView,
}
