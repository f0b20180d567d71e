import type { Platform } from '../../actors/agents/api.ts'
import type { Diagrams } from '../diagram/diagrams.ts'
import type { Auth } from '../door/auth.ts'
import type { Load } from '../door/load.ts'
import type { Meter } from '../door/meter.ts'
import type { Streams } from '../wire/streams.ts'

/** What the resources are built on. */
export interface Deps {
  platform: Platform
  auth: Auth
  diagrams: Diagrams
  streams: Streams
  meter: Meter
  load: Load
}
