import { expectBooks } from '../books.ts'
import { expectReplay } from '../contestants/troupe-http.ts'
import { bear, openFeeder, pour } from '../feeder.ts'
import { connect } from '../http.ts'
import { until } from '../patience.ts'
import { startTroupe } from '../server.ts'
import { median } from '../stats.ts'
import type { Question } from './question.ts'

/** One actor with a long past: how fast one actor goes, and how long it takes to open it, to page through it, to replay it. */
export const history: Question = {
  name: 'history',
  async ask(stage) {
    const { transitions } = stage.sizes
    const databaseUrl = await stage.database()
    const server = await startTroupe(stage, 'embedded', { DATABASE_URL: databaseUrl })
    const feeder = await openFeeder(stage, databaseUrl)
    const client = connect(server.url, 2)
    await bear(feeder, 'counter', 'old', 1)
    const path = '/v1/actors/counter/old0'
    const startedAt = performance.now()
    await pour(feeder, transitions, () => ({ to: 'counter/old0', event: { type: 'WORK' } }))
    await until('all to be applied', 1_800_000, async () => {
      const { revision } = await client.get<{ revision: number }>(path)
      return revision === transitions + 1 ? revision : undefined
    })
    const perSecond = transitions / ((performance.now() - startedAt) / 1_000)
    await feeder.stop()
    await expectBooks(databaseUrl, 'counter', transitions)

    const time = async (ask: () => Promise<unknown>): Promise<number> => {
      const at = performance.now()
      await ask()
      return performance.now() - at
    }
    const often = async (ask: () => Promise<unknown>): Promise<number> => {
      const samples: number[] = []
      for (let n = 0; n < 10; n++) samples.push(await time(ask))
      return median(samples)
    }
    const result = {
      transitions,
      'one actor, events per second': perSecond,
      'open ms': await often(() => client.get(path)),
      'newest page ms': await often(() => client.get(`${path}/history?order=desc&limit=100`)),
      'page in the middle ms': await often(() => client.get(`${path}/history?limit=100&after=${transitions >> 1}`)),
      'whole replay ms': await time(() => expectReplay(server.url, 'counter/old0')),
    }
    await client.close()
    await server.stop()
    return result
  },
}
