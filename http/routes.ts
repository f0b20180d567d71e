import { actorRoutes } from './actors.ts'
import { agentDiffRoute } from './agent-diff.ts'
import { agentRoutes } from './agents.ts'
import { alertRoutes } from './alerts.ts'
import { bulkRoutes } from './bulk.ts'
import { deadLetterRoutes } from './dead-letters.ts'
import type { Deps } from './deps.ts'
import { devicePictureRoutes } from './device-picture.ts'
import { deviceRoutes } from './devices.ts'
import { eventRoutes } from './events.ts'
import { inboxRoutes } from './inbox.ts'
import { ingestRoutes } from './ingest.ts'
import { instanceRoutes } from './instances.ts'
import { keyRoutes } from './keys.ts'
import { labFaultRoutes } from './lab-faults.ts'
import { liveRoutes } from './live.ts'
import { machineRoutes } from './machines.ts'
import { messageRoutes } from './messages.ts'
import { pastRoutes } from './past.ts'
import type { Route } from './route.ts'
import { runRoutes } from './runs.ts'
import { scheduleRoutes } from './schedules.ts'
import { sessionRoutes } from './session.ts'
import { sourceRoutes } from './sources.ts'
import { systemRoutes } from './system.ts'
import { lockRoutes } from './tickets.ts'

/** Every route there is. Fixed words come before parameters in the same place. */
export function allRoutes(deps: Deps): Route[] {
  return [
    ...systemRoutes(deps),
    ...sessionRoutes(deps),
    ...eventRoutes(deps),
    ...ingestRoutes(deps),
    ...sourceRoutes(deps),
    ...alertRoutes(deps),
    ...scheduleRoutes(deps),
    ...agentRoutes(deps),
    ...bulkRoutes(deps),
    ...instanceRoutes(deps),
    agentDiffRoute(deps),
    ...runRoutes(deps),
    ...messageRoutes(deps),
    ...actorRoutes(deps),
    ...pastRoutes(deps),
    ...machineRoutes(deps),
    ...liveRoutes(deps),
    ...deviceRoutes(deps),
    ...devicePictureRoutes(deps),
    ...labFaultRoutes(deps),
    ...lockRoutes(deps),
    ...inboxRoutes(deps),
    ...deadLetterRoutes(deps),
    ...keyRoutes(deps),
  ]
}
