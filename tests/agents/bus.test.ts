import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LOCAL } from '../../core/principal.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { backends } from '../support/redis.ts'

describe.each(await backends())('the event bus on $name', ({ redisUrl }) => {
  let publisher: TestPlatform
  let reader: TestPlatform
  beforeAll(async () => {
    publisher = await startPlatform({ redisUrl })
    reader = await startPlatform({ redisUrl, database: publisher.database, roles: ['api'] })
  })
  afterAll(async () => {
    await reader.stop()
    await publisher.stop()
  })

  const publish = (numbers: number[]) =>
    publisher.platform.events.ingest(
      LOCAL,
      numbers.map((n) => ({ type: n % 2 ? 'count.odd' : 'count.even', source: '/test', data: n })),
    )

  it('brings every event of a pattern once and in order to another process, from any cursor on', async () => {
    const stop = new AbortController()
    const seen: { n: unknown; cursor: string }[] = []
    const first = publish([1, 2, 3])
    const reading = (async () => {
      const from = { patterns: ['count.*', '!count.even'], after: '0.0', signal: stop.signal }
      for await (const event of reader.platform.events.subscribe(LOCAL, from)) {
        seen.push({ n: event.data, cursor: event.cursor })
        if (seen.length === 57) stop.abort()
      }
    })()
    await first
    for (let n = 4; n < 111; n += 10) await publish(Array.from({ length: 10 }, (_, i) => n + i))
    await reading
    expect(new Set(seen.map((one) => one.n)).size).toBe(57)

    const again = new AbortController()
    const rest: unknown[] = []
    const from = { patterns: ['count.odd'], after: seen[51]?.cursor ?? '', signal: again.signal }
    for await (const event of reader.platform.events.subscribe(LOCAL, from)) {
      rest.push(event.data)
      if (rest.length === 5) again.abort()
    }
    expect(rest).toEqual(seen.slice(52).map((one) => one.n))
  })
})
