import { expectBooks, query } from '../books.ts'
import { WrongAnswer } from '../contestant.ts'
import { expectReplay, expectStatus } from '../contestants/troupe-http.ts'
import { drive } from '../drive.ts'
import { bear, openFeeder } from '../feeder.ts'
import { connect } from '../http.ts'
import { residentMb } from '../resident.ts'
import { startTroupe } from '../server.ts'
import type { Stage } from '../stage.ts'
import { median } from '../stats.ts'
import type { Question } from './question.ts'

const FEW = 1_000
const BATCH = 100
const LANES = 4
const HEADERS = { 'content-type': 'application/cloudevents-batch+json' }

/**
 * What many actors cost that mostly do nothing: memory of the process, disk, and the price of an event for any of them,
 * beside a server with a thousand. The two servers take their rounds in turn.
 */
export const idleActors: Question = {
  name: 'idle actors',
  async ask(stage) {
    const { idleActors: count, rounds, roundMs } = stage.sizes
    const few = await open(stage, FEW)
    const many = await open(stage, count)
    await Promise.all([few.round(1_000), many.round(1_000)])
    const rates: { few: number; many: number }[] = []
    for (let n = 0; n < rounds; n++) rates.push({ few: await few.round(roundMs), many: await many.round(roundMs) })
    const result = {
      actors: count,
      'born per second': many.bornPerSecond,
      'disk per actor, bytes': many.diskPerActor,
      'process memory, MB': await many.memoryMb(),
      'process memory with 1,000 actors, MB': await few.memoryMb(),
      'events per second, 1,000 actors': median(rates.map((rate) => rate.few)),
      [`events per second, all actors`]: median(rates.map((rate) => rate.many)),
      costVsThousand: median(rates.map((rate) => rate.few / rate.many)),
    }
    await few.close()
    await many.close()
    return result
  },
}

async function open(stage: Stage, actors: number) {
  const databaseUrl = await stage.database()
  const server = await startTroupe(stage, 'embedded', { DATABASE_URL: databaseUrl })
  const feeder = await openFeeder(stage, databaseUrl)
  const size = async (): Promise<number> => {
    const [row] = await query<{ bytes: number }>(
      databaseUrl,
      'select pg_database_size(current_database())::float8 as bytes',
    )
    return row?.bytes ?? 0
  }
  const before = await size()
  const startedAt = performance.now()
  await bear(feeder, 'counter', 'c', actors)
  const bornPerSecond = actors / ((performance.now() - startedAt) / 1_000)
  const diskPerActor = ((await size()) - before) / actors
  // Fresh statistics, as autovacuum will have made them a minute later.
  await query(databaseUrl, 'analyze')
  await feeder.stop()
  const client = connect(server.url, LANES)
  let sent = 0
  let last = 0

  /** A step that has no factor in common with the number of actors visits all of them, far apart. */
  const stride = coprime(actors)
  let at = 0

  async function send(): Promise<void> {
    const body = Array.from({ length: BATCH }, () => {
      at = (at + stride) % actors
      return { specversion: '1.0', id: String(++last), source: '/bench', type: 'WORK', subject: `counter/c${at}` }
    })
    const answer = await client.post('/v1/actors/events?wait=10s', JSON.stringify(body), HEADERS)
    expectStatus(answer, 200)
    const { results } = JSON.parse(answer.text) as { results: { status: string }[] }
    if (results.length !== BATCH || results.some(({ status }) => status !== 'applied'))
      throw new WrongAnswer(`a batch was answered ${answer.text.slice(0, 300)}`)
    sent += BATCH
  }

  return {
    bornPerSecond,
    diskPerActor,
    async round(durationMs: number): Promise<number> {
      const { events, seconds } = await drive({ lanes: LANES, durationMs, perCall: BATCH, call: send })
      return events / seconds
    },
    memoryMb: () => residentMb(server.pid),
    async close(): Promise<void> {
      await expectBooks(databaseUrl, 'counter', sent)
      for (let n = 0; n < 20; n++) await expectReplay(server.url, `counter/c${(n * stride) % actors}`)
      await client.close()
      await server.stop()
    },
  }
}

function coprime(count: number): number {
  const divisor = (left: number, right: number): number => (right === 0 ? left : divisor(right, left % right))
  let stride = Math.max(1, Math.floor(count * 0.618))
  while (divisor(stride, count) !== 1) stride += 1
  return stride
}
