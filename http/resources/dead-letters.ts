import { z } from 'zod'
import { AppError } from '../../core/errors.ts'
import { CUT } from '../../core/secrets.ts'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { DeadLetter } from '../views/admin-views.ts'
import { pageOf } from '../views/view.ts'
import { PageQuery, pageResponse, paging } from '../wire/page.ts'
import { json } from '../wire/reply.ts'
import { Text, whole } from '../wire/words.ts'
import { MachineEventBody, readMachineEvent } from './machine-event.ts'

const tag = 'dead letters'
const One = z.strictObject({ id: whole(1) })

/** Dead letters: messages that an actor could not handle, kept to be read, edited and sent again. */
export function deadLetterRoutes({ platform: { deadLetters } }: Deps): Route[] {
  return [
    route('GET /v1/dead-letters', {
      tag,
      summary: 'Dead letters',
      query: z.strictObject({
        ...PageQuery,
        open: z.enum(['true', 'false']).optional().describe('`true`: only those that nobody dealt with'),
        address: Text.optional(),
      }),
      answers: { 200: pageOf(DeadLetter) },
      async handle({ by, request, query: { limit, cursor, open, address } }) {
        const filter = {
          ...(open === undefined ? {} : { open: open === 'true' }),
          ...(address === undefined ? {} : { address }),
        }
        return pageResponse(request, await deadLetters.list(by, { ...paging({ limit, cursor }), ...filter }))
      },
    }),
    route('POST /v1/dead-letters/:id/redrive', {
      tag,
      summary: 'Send it again, as it was or edited',
      params: One,
      body: z.strictObject({ event: MachineEventBody.optional() }),
      answers: { 200: DeadLetter },
      async handle({ by, params, body }) {
        const event = body.event === undefined ? undefined : readMachineEvent(by, body.event)
        refuseCut(event)
        return json(await deadLetters.redrive(by, params.id, event))
      },
    }),
    route('POST /v1/dead-letters/:id/discard', {
      tag,
      summary: 'Leave it at that',
      params: One,
      answers: { 200: DeadLetter },
      handle: async ({ by, params }) => json(await deadLetters.discard(by, params.id)),
    }),
  ]
}

/** What is shown has its secrets cut: whoever edits that and sends it must put them back. */
function refuseCut(event: object | undefined): void {
  if (event === undefined || !JSON.stringify(event).includes(CUT)) return
  throw new AppError(
    'request.invalid',
    `body.event: it holds ${CUT} where a secret stood: put that back, or send it as it was`,
  )
}
