import { actor } from './actor/page.ts'
import { agent, agents, newAgent } from './agents/page.ts'
import { alert, alerts } from './alerts/page.ts'
import { audit } from './audit/page.ts'
import { device, devices } from './devices/page.ts'
import { dryRun, event, events } from './events/page.ts'
import { inbox } from './inbox/page.ts'
import { instances } from './instances/page.ts'
import { keys } from './keys/page.ts'
import type { Page } from './page.ts'
import { run, runs } from './runs/page.ts'
import { schedules } from './schedules/page.ts'

/** Every page, in the order of the navigation. */
export const PAGES: readonly Page[] = [
  inbox,
  devices,
  instances,
  agents,
  runs,
  events,
  alerts,
  schedules,
  audit,
  keys,
  actor,
  device,
  run,
  // A fixed word before a parameter in the same place.
  dryRun,
  event,
  alert,
  newAgent,
  agent,
]
