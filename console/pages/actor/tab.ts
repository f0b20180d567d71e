import type { ActorModel } from './model.ts'

/** What every tab of the panel is given. */
export interface TabProps {
  model: ActorModel
  kind: string
  name: string
  onEvent(type: string): void
}
