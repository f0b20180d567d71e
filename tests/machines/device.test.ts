import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { device, deviceProjection } from '../../machines/device.ts'
import type { DeviceMessage, Registration } from '../../machines/device-protocol.ts'
import { type Asked, Simulation } from './simulation.ts'

const HOUR = 3_600_000
const told = (asked: Asked) =>
  asked.sent.map(({ to, event: { online, health, maintenance } }) => ({ to, online, health, maintenance }))
const news = (asked: Asked) => asked.emitted.map(({ type }) => type)

function register(over: Partial<Registration> = {}): DeviceMessage {
  const what = {
    kind: 'stb',
    pool: 'paris',
    host: 'pi-1',
    labels: { room: '1' },
    name: 'Box 8',
    gateway: 'http://pi-1:9000',
  }
  return { type: 'REGISTER', ...what, connectivity: 'online', ...over }
}

function box(over: Partial<Registration> = {}): Simulation<typeof device> {
  const actor = new Simulation(device, { id: 'd8' })
  actor.send(register(over))
  return actor
}

describe('connectivity', () => {
  it('tells the pool and the log once when the device registers, and only the pool when nothing but labels changed', () => {
    const actor = new Simulation(device, { id: 'd8' })
    const first = actor.send(register())
    expect(first.sent).toEqual([
      {
        to: 'lock/paris',
        event: {
          type: 'DEVICE',
          device: 'd8',
          kind: 'stb',
          labels: { room: '1' },
          online: true,
          health: 'good',
          maintenance: false,
          heard: 0,
        },
      },
    ])
    expect(news(first)).toEqual(['device.online'])
    const again = actor.send(register({ labels: { room: '2' } }))
    expect(again.sent).toMatchObject([{ to: 'lock/paris', event: { labels: { room: '2' } } }])
    expect(news(again)).toEqual([])
  })

  it('says nothing to anybody before the device has registered', () => {
    const actor = new Simulation(device, { id: 'd8' })
    expect(actor.send({ type: 'ONLINE' }).sent).toEqual([])
    expect(actor.send(register()).sent).toMatchObject([{ event: { online: true } }])
  })

  it('goes off and on, with one word to the pool and one event each time', () => {
    const actor = box()
    const off = actor.send({ type: 'OFFLINE' })
    expect([told(off), news(off)]).toEqual([
      [{ to: 'lock/paris', online: false, health: 'good', maintenance: false }],
      ['device.offline'],
    ])
    expect(actor.send({ type: 'OFFLINE' })).toMatchObject({ sent: [], emitted: [] })
    const on = actor.send({ type: 'ONLINE' })
    expect([told(on)[0]?.online, news(on)]).toEqual([true, ['device.online']])
  })

  it('only remembers the time of further signs of life', () => {
    const actor = box()
    actor.advance(5_000)
    expect(actor.send({ type: 'ONLINE' })).toMatchObject({ sent: [], emitted: [] })
    expect(actor.context.lastSeenAt).toBe(actor.now)
  })

  it('stays in its pool: tokens are counted per pool', () => {
    const actor = box()
    const asked = actor.send(register({ pool: 'london', name: 'moved' }))
    expect([asked.sent, news(asked)]).toEqual([[], ['device.move_refused']])
    expect(actor.context.registration).toMatchObject({ pool: 'paris', name: 'Box 8' })
  })
})

describe('health', () => {
  it('is suspect until someone calls it healthy', () => {
    const actor = box()
    const doubted = actor.send({ type: 'SUSPECT', reason: 'clean-up failed', token: 4 })
    expect(doubted.sent).toMatchObject([{ event: { health: 'suspect', heard: 4 } }])
    expect(doubted.emitted).toMatchObject([
      { type: 'device.suspect', subject: 'd8', data: { pool: 'paris', reason: 'clean-up failed' } },
    ])
    const good = actor.send({ type: 'HEALTHY', by: 'health-check' })
    expect([told(good)[0]?.health, news(good)]).toEqual(['good', ['device.healthy']])
  })

  it('becomes bad at the third suspicion within 24 hours, and then needs mending', () => {
    const actor = box()
    for (const wait of [0, HOUR]) {
      actor.advance(wait)
      actor.send({ type: 'SUSPECT', reason: 'no picture' })
      actor.send({ type: 'HEALTHY', by: 'health-check' })
    }
    actor.advance(HOUR)
    expect(news(actor.send({ type: 'SUSPECT', reason: 'no picture' }))).toEqual(['device.bad'])
    actor.send({ type: 'HEALTHY', by: 'anna' })
    actor.send({ type: 'SUSPECT', reason: 'no picture' })
    expect(actor.value).toMatchObject({ health: 'suspect' })
  })

  it('forgets suspicions after 24 hours', () => {
    const actor = box()
    for (let day = 0; day < 4; day++) {
      actor.send({ type: 'SUSPECT', reason: 'no picture' })
      actor.advance(13 * HOUR)
    }
    expect(actor.value).toMatchObject({ health: 'suspect' })
  })

  it('is bad at once when a check fails', () => {
    const actor = box()
    expect(news(actor.send({ type: 'UNHEALTHY', by: 'health-check', reason: 'no boot' }))).toEqual(['device.bad'])
    expect(deviceProjection(actor.snapshot)).toMatchObject({ health: 'bad', by: 'health-check', reason: 'no boot' })
  })

  it('answers every suspicion, so that the lock knows which clean-up the device actor has heard of', () => {
    const actor = box()
    for (const token of [3, 5, 7, 9]) {
      expect(actor.send({ type: 'SUSPECT', reason: 'again', token }).sent).toMatchObject([{ event: { heard: token } }])
    }
    actor.send({ type: 'MAINTENANCE', on: true, by: 'anna', reason: 'mend' })
    expect(actor.send({ type: 'SUSPECT', reason: 'again', token: 11 }).sent).toMatchObject([
      { event: { heard: 11, health: 'suspect', maintenance: true } },
    ])
  })
})

describe('maintenance', () => {
  const begin = { type: 'MAINTENANCE', on: true, by: 'anna', reason: 'new firmware' } as const
  const end = { type: 'MAINTENANCE', on: false, by: 'anna', reason: 'done' } as const

  it('withholds the device and ends in good where nothing checks devices', () => {
    const actor = box()
    const begun = actor.send(begin)
    expect([told(begun)[0]?.maintenance, news(begun)]).toEqual([true, ['device.maintenance.started']])
    expect(deviceProjection(actor.snapshot)).toMatchObject({
      health: 'maintenance',
      by: 'anna',
      reason: 'new firmware',
    })
    const ended = actor.send(end)
    expect(told(ended)).toEqual([{ to: 'lock/paris', online: true, health: 'good', maintenance: false }])
    expect(news(ended)).toEqual(['device.maintenance.ended'])
  })

  it('ends in suspect where a check is configured', () => {
    const actor = box({ check: true })
    actor.send(begin)
    const ended = actor.send(end)
    expect(told(ended)).toEqual([{ to: 'lock/paris', online: true, health: 'suspect', maintenance: false }])
    expect(news(ended)).toEqual(['device.maintenance.ended', 'device.suspect'])
  })

  it('ends in suspect when something was found meanwhile', () => {
    const actor = box()
    actor.send(begin)
    actor.send({ type: 'SUSPECT', reason: 'clean-up failed', token: 2 })
    actor.send(end)
    expect(actor.value).toEqual({ connectivity: 'online', health: 'suspect' })
  })

  it('mends a bad device, and its past does not count any more', () => {
    const actor = box()
    for (let times = 0; times < 3; times++) actor.send({ type: 'SUSPECT', reason: 'no picture' })
    expect(actor.value).toMatchObject({ health: 'bad' })
    actor.send(begin)
    actor.send(end)
    actor.send({ type: 'SUSPECT', reason: 'no picture' })
    expect(actor.value).toMatchObject({ health: 'suspect' })
  })
})

const message: fc.Arbitrary<DeviceMessage> = fc.oneof(
  fc.constantFrom<DeviceMessage>({ type: 'ONLINE' }, { type: 'OFFLINE' }),
  fc
    .constantFrom('online' as const, 'offline' as const, 'unknown' as const)
    .map((connectivity) => register({ connectivity })),
  fc.boolean().map((on): DeviceMessage => ({ type: 'MAINTENANCE', on, by: 'anna', reason: 'x' })),
  fc.integer({ min: 1, max: 9 }).map((token): DeviceMessage => ({ type: 'SUSPECT', reason: 'x', token })),
  fc.constantFrom<DeviceMessage>({ type: 'HEALTHY', by: 'x' }, { type: 'UNHEALTHY', by: 'x', reason: 'y' }),
)

it('has always told its pool last what its chart shows', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 25 }), (messages) => {
      const actor = new Simulation(device, { id: 'd8' })
      for (const one of messages) actor.send(one)
      const last = actor.asked.sent.at(-1)?.event
      const { connectivity, health } = actor.value
      if (!actor.context.registration) {
        expect(last).toBeUndefined()
        return
      }
      expect(last).toMatchObject({
        online: connectivity === 'online',
        maintenance: health === 'maintenance',
        heard: actor.context.heard,
      })
      if (health !== 'maintenance') expect(last?.['health']).toBe(health)
    }),
  )
})
