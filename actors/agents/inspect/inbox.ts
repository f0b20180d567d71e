import type { Sql } from '../../../db/client.ts'
import { listDevices } from '../../../db/devices.ts'
import { countWaiting } from '../../../db/inbox.ts'
import { listOpenRuns } from '../../../db/runs.ts'
import { deviceView } from '../devices/devices.ts'
import { runView } from '../runs/runs.ts'
import type { InboxApi } from './inbox-api.ts'

const STATES = ['holding.awaitingApproval', 'holding.suspended']
const MAX_RUNS = 500
const MAX_DEVICES = 100
const UNHANDLED_HOURS = 24

/** What needs a person, in one look: asked for by everybody who has the console open. */
export function createInbox({ sql }: { sql: Sql }): InboxApi {
  return {
    async get(by) {
      const [runs, devices, counts] = await Promise.all([
        listOpenRuns(sql, by.team, { states: STATES, limit: MAX_RUNS }),
        listDevices(sql, by.team, { inDoubt: true, limit: MAX_DEVICES }),
        countWaiting(sql, by.team, UNHANDLED_HOURS),
      ])
      return { runs: runs.map(runView), devices: devices.map(deviceView), ...counts }
    },
  }
}
