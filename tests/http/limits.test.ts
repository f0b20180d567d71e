import { describe, expect, it } from 'vitest'
import type { Platform } from '../../actors/agents/api.ts'
import { AppError } from '../../core/errors.ts'
import { createLog } from '../../core/log.ts'
import { createApp } from '../../http/app.ts'
import { createLimits } from '../../http/door/limits.ts'
import { KEYS, stubPlatform } from './stub.ts'

/** How many of so many requests at once are let pass. */
function passed(take: () => void, amount: number): number {
  let count = 0
  for (let tried = 0; tried < amount; tried++) {
    try {
      take()
      count += 1
    } catch (error) {
      expect(error).toMatchObject({ code: 'request.too_many', status: 429 })
    }
  }
  return count
}

describe('a limit', () => {
  it('takes five seconds worth at once, then so many a second, each for itself', () => {
    const clock = { at: 1_000_000, now: () => clock.at }
    const { take } = createLimits({ perSecond: 10, clock })
    expect(passed(() => take('a'), 1000)).toBe(50)
    expect(passed(() => take('b'), 1000)).toBe(50)
    clock.at += 1_000
    expect(passed(() => take('a'), 1000)).toBe(10)
    clock.at += 3_600_000
    expect(passed(() => take('a'), 1000)).toBe(50)
  })

  it('tells how long to wait until the next is taken', () => {
    const clock = { at: 0, now: () => clock.at }
    const { take } = createLimits({ perSecond: 1, clock })
    expect(passed(() => take('a'), 5)).toBe(5)
    const refused = (): unknown => {
      try {
        return take('a')
      } catch (error) {
        return error instanceof AppError && error.details['retryAfter']
      }
    }
    expect(refused()).toBe(1)
    clock.at += 1_000
    expect(refused()).toBeUndefined()
  })

  it('remembers no more than it can hold, and forgets the quiet ones first', () => {
    const clock = { now: () => 0 }
    const { take } = createLimits({ perSecond: 1, clock })
    expect(passed(() => take('loud'), 5)).toBe(5)
    for (let other = 0; other < 9_999; other++) take(`quiet-${other}`)
    expect(passed(() => take('loud'), 1)).toBe(0)
    for (let other = 0; other < 10_000; other++) take(`more-${other}`)
    expect(passed(() => take('loud'), 1)).toBe(1)
  })

  it('is none when it is 0', () => {
    const { take } = createLimits({ perSecond: 0, clock: { now: () => 0 } })
    expect(passed(() => take('a'), 10_000)).toBe(10_000)
  })
})

describe('a server with a limit', () => {
  const devices = { list: async () => [] } as unknown as Platform['devices']
  const clock = { at: 0, now: () => clock.at }
  const open = (keys: boolean) =>
    createApp({
      platform: stubPlatform({ devices }, { keys }),
      log: createLog('silent'),
      config: { loopbackOnly: true, rateLimit: 2, trustedProxies: ['10.0.0.1'] },
      clock,
    })

  it('turns one key away with the time to wait, and takes others all the same', async () => {
    const app = open(true)
    const ask = (key: string) =>
      app.fetch(new Request('http://localhost/v1/devices', { headers: { authorization: `Bearer ${key}` } }))
    const answers = []
    for (let asked = 0; asked < 12; asked++) answers.push((await ask(KEYS.viewer)).status)
    expect(answers).toEqual([...Array(10).fill(200), 429, 429])
    const refused = await ask(KEYS.viewer)
    expect([refused.headers.get('retry-after'), await refused.json()]).toEqual([
      '1',
      expect.objectContaining({ code: 'request.too_many', retryable: true }),
    ])
    expect((await ask(KEYS.admin)).status).toBe(200)
  })

  it('counts those who show no key by where they come from, which they cannot choose', async () => {
    const app = open(true)
    const ask = async (remoteAddress: string, forwardedFor: string): Promise<number> => {
      const headers = { 'x-forwarded-for': forwardedFor }
      const request = new Request('http://localhost/livez', { headers })
      return (await app.fetch(request, { incoming: { socket: { remoteAddress } } })).status
    }
    const direct = []
    for (let asked = 0; asked < 11; asked++) direct.push(await ask('192.0.2.7', `198.51.100.${asked}`))
    expect(direct).toEqual([...Array(10).fill(200), 429])
    for (let asked = 0; asked < 11; asked++) {
      expect(await ask('10.0.0.1', `198.51.100.${asked}`)).toBe(200)
    }
  })

  it('limits nobody while there are no keys', async () => {
    const app = open(false)
    for (let asked = 0; asked < 30; asked++) {
      expect((await app.fetch(new Request('http://localhost/v1/devices'))).status).toBe(200)
    }
  })
})
