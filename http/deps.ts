import type { Platform } from '../actors/agents/api.ts'
import type { Auth } from './auth.ts'
import type { Diagrams } from './diagrams.ts'
import type { Load } from './load.ts'
import type { Meter } from './meter.ts'
import type { Streams } from './streams.ts'

/** What the resources are built on. */
export interface Deps {
  platform: Platform
  auth: Auth
  diagrams: Diagrams
  streams: Streams
  meter: Meter
  load: Load
}
