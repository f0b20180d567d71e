import { actor } from './actor/page.ts'
import { alert, alerts } from './alerts/page.ts'
import { device, devices } from './devices/page.ts'
import { dryRun, event, events } from './events/page.ts'
import { instances } from './instances/page.ts'
import type { Page } from './page.ts'
import { run, runs } from './runs/page.ts'

/** Every page, in the order of the navigation. */
export const PAGES: readonly Page[] = [
  devices,
  instances,
  runs,
  events,
  alerts,
  actor,
  device,
  run,
  // A fixed word before a parameter in the same place.
  dryRun,
  event,
  alert,
]
