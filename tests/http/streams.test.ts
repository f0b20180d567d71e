import { describe, expect, it } from 'vitest'
import { LOCAL, type Principal } from '../../core/principal.ts'
import { createStreams, type Streams } from '../../http/wire/streams.ts'

const person = (name: string, team: string): Principal => ({ name, team, role: 'viewer' })

/** Opens streams until it may not, and tells how many those were. */
function openAll(streams: Streams, by: Principal): { opened: number; close: () => void } {
  const closers: (() => void)[] = []
  for (;;) {
    try {
      closers.push(streams.open(by).close)
    } catch (error) {
      expect(error).toMatchObject({ code: 'live.too_many_streams' })
      const close = (): void => {
        for (const one of closers) one()
      }
      return { opened: closers.length, close }
    }
  }
}

describe('live streams', () => {
  it('are not all for one key, nor for one team: the next one finds some', () => {
    const streams = createStreams(200)
    const zoe = openAll(streams, person('zoe', 'blue'))
    expect(zoe.opened).toBe(100)
    expect(openAll(streams, person('max', 'blue')).opened).toBe(50)
    expect(openAll(streams, person('ann', 'blue')).opened).toBe(0)
    expect(openAll(streams, person('zoe', 'red')).opened).toBe(50)
    zoe.close()
    expect([streams.size, openAll(streams, person('ann', 'blue')).opened]).toEqual([100, 100])
  })

  it('are all for whoever is alone, without keys', () => {
    expect(openAll(createStreams(20), LOCAL).opened).toBe(20)
  })
})
