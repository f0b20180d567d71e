import { z } from 'zod'
import type { InboxView } from '../../actors/agents/inspect/inbox-api.ts'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { Device } from '../views/lab-views.ts'
import { Run } from '../views/run-views.ts'
import { Count, named, type View } from '../views/view.ts'
import { json } from '../wire/reply.ts'

const Inbox = named(
  'Inbox',
  z.strictObject({
    runs: z
      .array(Run)
      .describe('They wait for an approval or, suspended, for a decision; the oldest first, at most 500'),
    devices: z
      .array(Device)
      .describe('Suspect or bad: nobody is given them before somebody vouches for them; by id, at most 100'),
    deadLetters: Count.describe('Open ones'),
    parked: Count.describe('Actors whose stored state their machine does not know'),
    unhandled: Count.describe('Events of the last 24 hours that no agent heard'),
  }) satisfies View<InboxView>,
)

/** What needs a person. */
export function inboxRoutes({ platform: { inbox } }: Deps): Route[] {
  return [
    route('GET /v1/inbox', {
      tag: 'inbox',
      summary: 'What needs a person: runs that wait for a word, and how much else there is',
      answers: { 200: Inbox },
      handle: async ({ by }) => json(await inbox.get(by)),
    }),
  ]
}
