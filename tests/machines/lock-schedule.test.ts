import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  candidates,
  demand,
  effectivePriority,
  inOrder,
  isGrantable,
  type Pool,
  type PoolDevice,
  schedule,
  type Ticket,
  unmet,
  type Wants,
} from '../../machines/lock-schedule.ts'

const MINUTE = 60_000
const NOW = 100 * MINUTE

function device(id: string, over: Partial<PoolDevice> = {}): PoolDevice {
  const state = { online: true, health: 'good', maintenance: false, doubt: null } as const
  return { id, kind: 'stb', labels: {}, ...state, fence: 0, lastUsedAt: null, lease: null, cleaning: null, ...over }
}

function ticket(id: string, wants: Wants, over: Partial<Ticket> = {}): Ticket {
  const terms = { priority: 50, ttlMs: 1, maxHoldMs: 1, reason: null, enqueuedAt: NOW, also: [] }
  return { id, owner: { kind: 'run', id }, replyTo: null, wants, ...terms, ...over }
}

function pool(devices: PoolDevice[], tickets: Ticket[]): Pool {
  return {
    devices: Object.fromEntries(devices.map((one) => [one.id, one])),
    tickets: Object.fromEntries(tickets.map((one) => [one.id, one])),
  }
}

describe('order', () => {
  it('serves the higher priority first, then the older, then the smaller id', () => {
    const wants = { kind: 'stb' }
    const waiting = [
      ticket('b', wants),
      ticket('a', wants),
      ticket('old', wants, { enqueuedAt: NOW - 1 }),
      ticket('urgent', wants, { priority: 90 }),
    ]
    expect(waiting.sort(inOrder(NOW)).map(({ id }) => id)).toEqual(['urgent', 'old', 'a', 'b'])
    expect(schedule(pool([device('d1')], waiting), NOW).grants).toEqual([{ ticket: 'urgent', devices: ['d1'] }])
  })

  it('adds 5 for every 5 minutes of waiting and never enters the critical band', () => {
    const low = ticket('low', {}, { priority: 10, enqueuedAt: 0 })
    expect(effectivePriority(low, 5 * MINUTE - 1)).toBe(10)
    expect(effectivePriority(low, 5 * MINUTE)).toBe(15)
    expect(effectivePriority(low, 24 * 60 * MINUTE)).toBe(89)
    expect(effectivePriority(ticket('top', {}, { priority: 95, enqueuedAt: 0 }), 24 * 60 * MINUTE)).toBe(95)
  })
})

describe('which device', () => {
  it('takes named devices in the order of preference', () => {
    const wish = ticket('t', { devices: ['d3', 'd1'] })
    expect(schedule(pool([device('d1'), device('d2'), device('d3')], [wish]), NOW).grants).toEqual([
      { ticket: 't', devices: ['d3'] },
    ])
  })

  it('leaves alone the device that others need, then takes the one used longest ago', () => {
    const devices = [device('d1', { lastUsedAt: 3 }), device('d2', { lastUsedAt: 1 }), device('d3', { lastUsedAt: 2 })]
    const any = ticket('any', { kind: 'stb' }, { priority: 60 })
    expect(schedule(pool(devices, [any]), NOW).grants).toEqual([{ ticket: 'any', devices: ['d2'] }])
    const picky = ticket('picky', { devices: ['d2'] })
    expect(schedule(pool(devices, [any, picky]), NOW).grants).toEqual([
      { ticket: 'any', devices: ['d3'] },
      { ticket: 'picky', devices: ['d2'] },
    ])
  })

  it('leaves nothing for those who were just served', () => {
    const devices = [device('d1'), device('d2', { lastUsedAt: 5 }), device('d3')]
    const served = ticket('served', { devices: ['d3', 'd1'] }, { priority: 90 })
    expect(schedule(pool(devices, [served, ticket('any', { kind: 'stb' })]), NOW).grants).toEqual([
      { ticket: 'served', devices: ['d3'] },
      { ticket: 'any', devices: ['d1'] },
    ])
  })

  it('chooses by kind and labels', () => {
    const devices = [
      device('tv', { kind: 'tv' }),
      device('a', { labels: { room: '1' } }),
      device('b', { labels: { room: '2' } }),
    ]
    const wish = ticket('t', { kind: 'stb', labels: { room: '2' } })
    expect(schedule(pool(devices, [wish]), NOW).grants).toEqual([{ ticket: 't', devices: ['b'] }])
  })

  it.each([
    { online: false },
    { health: 'suspect' as const },
    { health: 'bad' as const },
    { maintenance: true },
    { doubt: 4 },
    { cleaning: { token: 1, since: 0, until: 1 } },
  ])('never gives a device that is %o', (over) => {
    expect(schedule(pool([device('d1', over)], [ticket('t', { devices: ['d1'] })]), NOW).grants).toEqual([])
  })
})

describe('sets', () => {
  it('gives all of them or none, and lets a smaller request by meanwhile', () => {
    const both = ticket('both', { devices: ['d1', 'd2'], all: true }, { priority: 80 })
    const one = ticket('one', { devices: ['d1'] })
    expect(schedule(pool([device('d1'), device('d2', { online: false })], [both, one]), NOW).grants).toEqual([
      { ticket: 'one', devices: ['d1'] },
    ])
    expect(schedule(pool([device('d1'), device('d2')], [both, one]), NOW).grants).toEqual([
      { ticket: 'both', devices: ['d1', 'd2'] },
    ])
  })

  it('counts a device named twice once', () => {
    const twice = ticket('t', { devices: ['d1', 'd1'], count: 2 })
    expect(schedule(pool([device('d1')], [twice]), NOW).grants).toEqual([])
    expect(unmet(twice.wants, pool([device('d1')], []).devices)).not.toEqual([])
  })
})

describe('wishes that can never be met', () => {
  const { devices } = pool([device('d1'), device('tv', { kind: 'tv', online: false })], [])
  it.each<[Wants, string]>([
    [{ devices: ['d1', 'd7'] }, 'there is no device "d7" in this pool'],
    [{ devices: ['constructor'] }, 'there is no device "constructor" in this pool'],
    [{ kind: 'phone' }, 'there is no phone in this pool'],
    [{ kind: 'stb', labels: { room: '9' } }, 'there is no stb with room=9 in this pool'],
    [{ kind: 'stb', count: 2 }, 'asks for 2, but only 1 are stb'],
    [{ devices: ['d1'], kind: 'tv' }, 'there is no tv among d1 in this pool'],
    [{}, 'names no device, kind or label'],
    [{ devices: [], all: true }, 'names an empty list of devices'],
    [{ kind: 'stb', all: true }, 'asks for all, but names no devices'],
    [{ kind: 'stb', count: 0 }, 'asks for 0 devices'],
  ])('%o: %s', (wants, reason) => {
    expect(unmet(wants, devices)).toEqual([reason])
  })

  it('lets a request wait for a device that is only offline', () => {
    expect(unmet({ kind: 'tv' }, devices)).toEqual([])
  })
})

const ids = ['d1', 'd2', 'd3', 'd4']
const someDevice = fc.record({
  kind: fc.constantFrom('stb', 'tv'),
  labels: fc.constantFrom<Record<string, string>[]>({}, { room: '1' }, { room: '2' }),
  online: fc.boolean(),
  health: fc.constantFrom('good' as const, 'good' as const, 'bad' as const),
  lastUsedAt: fc.constantFrom(null, 1, 2),
})
const somePool = fc
  .record({
    devices: fc.tuple(someDevice, someDevice, someDevice, someDevice),
    tickets: fc.array(
      fc.record({
        wants: fc.oneof(
          fc.record({ devices: fc.uniqueArray(fc.constantFrom(...ids), { minLength: 1 }), all: fc.boolean() }),
          fc.record({ kind: fc.constantFrom('stb', 'tv'), count: fc.integer({ min: 1, max: 3 }) }),
          fc.record({ labels: fc.constantFrom({ room: '1' }, { room: '2' }) }),
        ),
        priority: fc.integer({ min: 0, max: 100 }),
        enqueuedAt: fc.integer({ min: 0, max: NOW }),
      }),
      { maxLength: 8 },
    ),
  })
  .map(({ devices, tickets }) =>
    pool(
      devices.map((over, index) => device(ids[index] ?? '', over)),
      tickets.map(({ wants, ...over }, index) => ticket(`t${index}`, wants, over)),
    ),
  )

describe('for every pool', () => {
  it('gives each free device at most once, whole sets only, to those who asked for it', () => {
    fc.assert(
      fc.property(somePool, (state) => {
        const { grants } = schedule(state, NOW)
        const given = grants.flatMap(({ devices }) => devices)
        expect(new Set(given).size).toBe(given.length)
        for (const grant of grants) {
          const { wants } = state.tickets[grant.ticket]!
          const fitting = candidates(wants, new Map(Object.entries(state.devices))).map(({ id }) => id)
          expect(grant.devices).toHaveLength(demand(wants))
          for (const id of grant.devices) {
            expect(fitting).toContain(id)
            expect(isGrantable(state.devices[id]!)).toBe(true)
          }
        }
      }),
    )
  })

  it('passes over a ticket only when it could not be served whole at its turn, and leaves nobody waiting for a free device', () => {
    fc.assert(
      fc.property(somePool, (state) => {
        const grants = new Map(schedule(state, NOW).grants.map(({ ticket, devices }) => [ticket, devices]))
        const free = new Map(Object.entries(state.devices).filter(([, one]) => isGrantable(one)))
        for (const { id, wants } of Object.values(state.tickets).sort(inOrder(NOW))) {
          const servable = candidates(wants, free).length >= demand(wants)
          expect(grants.has(id)).toBe(servable)
          for (const taken of grants.get(id) ?? []) free.delete(taken)
        }
      }),
    )
  })

  it('decides the same whatever order its records are in', () => {
    fc.assert(
      fc.property(somePool, (state) => {
        const reversed = pool(Object.values(state.devices).reverse(), Object.values(state.tickets).reverse())
        expect(schedule(reversed, NOW)).toEqual(schedule(state, NOW))
      }),
    )
  })
})
