import { z } from 'zod'
import { TOPICS } from '../../actors/agents/inspect/live-api.ts'
import { AppError } from '../../core/errors.ts'
import type { Principal } from '../../core/principal.ts'
import type { Deps } from '../route/deps.ts'
import { type Asked, type Route, route } from '../route/route.ts'
import { pump } from '../route/socket.ts'
import { eventStream, type Frame } from '../wire/sse.ts'
import { Id, Kind } from '../wire/words.ts'

/** `xid.seq`, once or twice; what PostgreSQL could not compare with its own would end the stream, again and again. */
const CURSOR = /^\d{1,20}\.\d{1,19}(,\d{1,20}\.\d{1,19})?$/
const LAST_XID = 2n ** 64n - 1n
const LAST_SEQ = 2n ** 63n - 1n
const MOST_NAMED = 50

/** `a,b` as a list of the words that a schema takes. */
function listOf<Item extends z.ZodType>(item: Item) {
  const split = (value: unknown): unknown => (typeof value === 'string' ? value.split(',') : value)
  return z.preprocess(split, z.array(item).min(1).max(MOST_NAMED))
}

const Address = z.string().refine((text) => {
  const [kind, key, ...more] = text.split('/')
  return more.length === 0 && Kind.safeParse(kind).success && Id.safeParse(key).success
}, 'expected kind/key')

const Query = z.strictObject({
  topics: listOf(z.enum(TOPICS)).default(['actors']).describe('Some of actors, events, alerts, devices, with commas'),
  kinds: listOf(Kind).optional().describe('Moves of these kinds of actors only'),
  address: listOf(Address).optional().describe('Moves of these actors only'),
  cursor: z.string().refine(isCursor, 'expected an id of this stream').optional(),
})

const FRAMES =
  '`actor`: `{address, kind, revision, event: {type}, from, to, status, at}` · `event`: `{id, type, subject, source, severity, ' +
  'status, receivedAt}` · `ping`: the cursor that a new stream starts from · `gap`: you read too slowly, what follows was ' +
  'read again and nothing is left out. '

/** What happens, as it is committed, from a cursor on, without gaps or doubles. */
export function liveRoutes({ platform: { live }, streams, auth }: Deps): Route[] {
  type Query = z.infer<typeof Query>

  async function open({ by, request }: Pick<Asked<unknown, Query, unknown>, 'by' | 'request'>, query: Query) {
    const given = lastEventId(request) ?? query.cursor
    const stream = streams.open(by)
    try {
      const { topics, kinds, address: addresses } = query
      const cursor = given ?? (await live.now(topics))
      const { signal } = stream
      const frames = framesOf(cursor, live.follow(by, { cursor, topics, kinds, addresses, signal }))
      const stillAllowed = async (): Promise<boolean> => isSame(by, await auth.find(request))
      return { frames, options: { signal, stillAllowed, onEnd: stream.close } }
    } catch (error) {
      stream.close()
      throw error
    }
  }

  return [
    route('GET /v1/live', {
      tag: 'live',
      summary: 'What happens, as it is committed (Server-Sent Events)',
      description: `Frames by \`event\`, with the cursor as \`id\`: ${FRAMES}\`Last-Event-ID\` or \`?cursor=\` goes on from there.`,
      query: Query,
      answers: { 200: { type: 'text/event-stream', description: 'Frames, until one side closes' } },
      async handle({ by, request, query }) {
        const { frames, options } = await open({ by, request }, query)
        return new Response(eventStream(frames, options), {
          headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
        })
      },
    }),
    route('GET /v1/live/ws', {
      tag: 'live',
      summary: 'The same over a WebSocket',
      description: `Messages are JSON: \`{event, id, data}\`. ${FRAMES}What the client says is not read.`,
      query: Query,
      answers: { 101: 'Switches to WebSocket' },
      async handle({ by, request, query, upgrade }) {
        if (!upgrade)
          throw new AppError('request.upgrade_required', 'This is a WebSocket: ask for an upgrade, or use /v1/live')
        const { frames, options } = await open({ by, request }, query)
        return upgrade((socket) => pump(frames, socket, options))
      },
    }),
  ]
}

/** Starts with the cursor itself, so that a reader which loses its connection before anything happened misses nothing. */
async function* framesOf(
  cursor: string,
  items: AsyncIterable<{ event: string; cursor: string; data: object }>,
): AsyncGenerator<Frame> {
  yield { event: 'ping', id: cursor, data: { cursor } }
  for await (const { event, cursor: id, data } of items) yield { event, id, data }
}

function isCursor(text: string): boolean {
  if (!CURSOR.test(text)) return false
  return text.split(',').every((one) => {
    const [xid = '', seq = ''] = one.split('.')
    return BigInt(xid) <= LAST_XID && BigInt(seq) <= LAST_SEQ
  })
}

function lastEventId(request: Request): string | undefined {
  const id = request.headers.get('last-event-id') ?? ''
  if (id === '' || isCursor(id)) return id || undefined
  throw new AppError('request.invalid', 'Last-Event-ID: expected an id of this stream')
}

function isSame(by: Principal, now: Principal | undefined): boolean {
  return now !== undefined && now.team === by.team && now.role === by.role
}
