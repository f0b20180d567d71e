import type { Principal } from '../../../core/principal.ts'
import type { DeviceView } from '../devices/devices-api.ts'
import type { RunView } from '../runs/runs-api.ts'

/** What needs a person: nothing of it goes on, or is looked at, by itself. */
export interface InboxApi {
  get(by: Principal): Promise<InboxView>
}

export interface InboxView {
  /** Runs that wait for a word: `awaitingApproval` and `suspended`; the oldest first, at most 500. */
  runs: RunView[]
  /** Devices that nobody is given before somebody vouches for them (suspect or bad), by id, at most 100. */
  devices: DeviceView[]
  /** Open dead letters. */
  deadLetters: number
  /** Actors whose stored state their machine does not know. */
  parked: number
  /** Events of the last 24 hours that no agent heard. */
  unhandled: number
}
