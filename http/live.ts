import { z } from 'zod'
import type { Platform } from '../actors/agents/api.ts'
import { AppError } from '../core/errors.ts'
import type { Principal } from '../core/principal.ts'
import type { Deps } from './deps.ts'
import { type Route, route } from './route.ts'
import { eventStream, type Frame } from './sse.ts'

type HistoryEntry = Awaited<ReturnType<Platform['actors']['history']>>[number]

const CURSOR = /^\d{1,20}\.\d{1,19}$/

/** The live stream: every step of the team's actors, from a cursor, without gaps or doubles. */
export function liveRoutes({ platform: { actors }, streams, auth }: Deps): Route[] {
  return [
    route('GET /v1/live', {
      tag: 'live',
      summary: 'What actors do, as it is committed (Server-Sent Events)',
      description:
        'Frames: `event: actor`, `id`: the cursor, `data`: `{address, kind, revision, event: {type}, from, to, status, at}`. ' +
        '`Last-Event-ID` or `?cursor=` goes on from there. A `ping` event says from which cursor a new stream starts.',
      query: z.strictObject({
        topics: z.literal('actors').default('actors'),
        cursor: z.string().regex(CURSOR, 'expected an id of this stream').optional(),
      }),
      answers: { 200: { type: 'text/event-stream', description: 'Frames, until one side closes' } },
      async handle({ by, request, query }) {
        const given = lastEventId(request) ?? query.cursor
        const stream = streams.open()
        try {
          const cursor = given ?? (await actors.cursor())
          const frames = follow(cursor, actors.follow(by, { cursor, signal: stream.signal }))
          const body = eventStream(frames, {
            signal: stream.signal,
            stillAllowed: async () => isSame(by, await auth.find(request)),
            onEnd: stream.close,
          })
          return new Response(body, {
            headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
          })
        } catch (error) {
          stream.close()
          throw error
        }
      },
    }),
  ]
}

/** Starts with the cursor itself, so that a reader which loses its connection before anything happened misses nothing. */
async function* follow(cursor: string, entries: AsyncIterable<HistoryEntry>): AsyncGenerator<Frame> {
  yield { event: 'ping', id: cursor, data: { cursor } }
  for await (const entry of entries) yield { event: 'actor', id: entry.cursor, data: moveOf(entry) }
}

function moveOf({ address, revision, event, from, to, status, at }: HistoryEntry): object {
  const kind = address.slice(0, address.indexOf('/'))
  return { address, kind, revision, event: { type: event.type }, from, to, status, at }
}

function lastEventId(request: Request): string | undefined {
  const id = request.headers.get('last-event-id') ?? ''
  if (id === '' || CURSOR.test(id)) return id || undefined
  throw new AppError('request.invalid', 'Last-Event-ID: expected an id of this stream')
}

function isSame(by: Principal, now: Principal | undefined): boolean {
  return now !== undefined && now.team === by.team && now.role === by.role
}
