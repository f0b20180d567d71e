import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EventFromLogic } from 'xstate'
import { lock, lockProjection } from '../../machines/lock.ts'
import type { LockMessage } from '../../machines/lock-protocol.ts'
import { candidates, demand, inOrder, isGrantable, type PoolDevice, type Wants } from '../../machines/lock-schedule.ts'
import { type Asked, Simulation, type Unstamped } from './simulation.ts'

const DEVICES = ['d1', 'd2', 'd3']
const MINUTE = 60_000

/** Something that happens to a lock; what depends on its state at that time is filled in when it is played. */
type Move =
  | Extract<LockMessage, { type: 'ACQUIRE' | 'CANCEL' | 'KICK' | 'DEVICE' }>
  | { type: 'RENEW'; ticket: string; stale: boolean }
  | { type: 'RELEASE'; ticket: string; token: 'none' | 'right' | 'stale'; clean: boolean }
  | { type: 'CLEANED'; nth: number; well: boolean }
  | { type: 'WAIT'; ms: number }

const ticketId = fc.constantFrom('t1', 't2', 't3', 't4', 't5', 't6')
const wants: fc.Arbitrary<Wants> = fc.oneof(
  fc.record({ devices: fc.uniqueArray(fc.constantFrom(...DEVICES), { minLength: 1 }), all: fc.boolean() }),
  fc.record({ kind: fc.constant('stb'), count: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ devices: fc.constant(DEVICES), count: fc.constant(2) }),
)
const acquire: fc.Arbitrary<Move> = fc
  .record({
    ticket: ticketId,
    owner: fc.constantFrom('anna', 'bob', 'own', 'own', 'own'),
    wants,
    priority: fc.constantFrom(10, 50, 95),
    ttlMs: fc.constantFrom(MINUTE, 3 * MINUTE),
    maxHoldMs: fc.constantFrom(2 * MINUTE, 20 * MINUTE),
  })
  .map(({ owner, ticket, ...rest }) => {
    const id = owner === 'own' ? ticket : owner
    return { type: 'ACQUIRE', ticket, owner: { kind: 'run', id }, replyTo: `run/${ticket}`, ...rest }
  })
const report: fc.Arbitrary<Move> = fc
  .record({
    device: fc.constantFrom(...DEVICES),
    online: fc.boolean(),
    health: fc.constantFrom('good' as const, 'good' as const, 'suspect' as const),
    maintenance: fc.constantFrom(false, false, true),
    heard: fc.integer({ min: 0, max: 20 }),
  })
  .map((facts) => ({ type: 'DEVICE', kind: 'stb', labels: {}, ...facts }))
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 6, arbitrary: acquire },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('RENEW'), ticket: ticketId, stale: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('RELEASE'),
      ticket: ticketId,
      token: fc.constantFrom('none', 'right', 'stale'),
      clean: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('CANCEL'), ticket: ticketId }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...DEVICES).map((device): Move => ({ type: 'KICK', device, by: 'x', reason: 'y' })),
  },
  { weight: 2, arbitrary: report },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('CLEANED'), nth: fc.nat(3), well: fc.constantFrom(true, true, false) }),
  },
  // A database clock may go back a little.
  { weight: 3, arbitrary: fc.record({ type: fc.constant('WAIT'), ms: fc.integer({ min: -500, max: 2 * MINUTE }) }) },
)
const moves = fc.array(move, { maxLength: 40, size: 'max' })

type Actor = Simulation<typeof lock>
type LockEvent = Unstamped<EventFromLogic<typeof lock>>

function open(): Actor {
  const actor = new Simulation(lock, { pool: 'p' })
  for (const device of DEVICES) actor.send(good(device))
  return actor
}

function good(device: string): LockMessage {
  return {
    type: 'DEVICE',
    device,
    kind: 'stb',
    labels: {},
    online: true,
    health: 'good',
    maintenance: false,
    heard: 1e9,
  }
}

/** The message that a move means now; undefined for the passing of time. */
function toMessage(actor: Actor, next: Move): LockEvent | undefined {
  switch (next.type) {
    case 'WAIT':
      return undefined
    case 'CLEANED': {
      const running = actor.asked.spawned.filter(({ id }) => !actor.asked.stopped.includes(id))
      const id = running[next.nth % Math.max(1, running.length)]?.id ?? 'cleanup-d1-0'
      if (next.well) return { type: `xstate.done.actor.${id}` }
      return { type: `xstate.error.actor.${id}`, error: { message: 'no picture' } }
    }
    case 'RENEW':
      return { type: 'RENEW', ticket: next.ticket, token: tokenOf(actor, next.ticket) - (next.stale ? 1 : 0) }
    case 'RELEASE': {
      const { type, ticket, clean } = next
      if (next.token === 'none') return { type, ticket, clean }
      return { type, ticket, clean, token: tokenOf(actor, ticket) - (next.token === 'stale' ? 1 : 0) }
    }
    default:
      return next
  }
}

function play(actor: Actor, next: Move): Asked {
  if (next.type !== 'WAIT') return actor.send(toMessage(actor, next) ?? good('d1'))
  if (next.ms >= 0) return actor.advance(next.ms)
  actor.now += next.ms
  return actor.advance(0)
}

function tokenOf(actor: Actor, ticket: string): number {
  return lockProjection(actor.context).leases.find((lease) => lease.ticket === ticket)?.token ?? 1
}

interface News {
  type: string
  subject: string
  data: { ticket: string; token: number }
}
const newsOf = (asked: Asked): News[] => asked.emitted as unknown as News[]
const acquired = (asked: Asked): News[] => newsOf(asked).filter(({ type }) => type === 'resource.acquired')
const free = (actor: Actor): Map<string, PoolDevice> =>
  new Map(Object.entries(actor.context.devices).filter(([, device]) => isGrantable(device)))

/** Plays stories, and looks at the lock after each move. */
function always(look: (seen: { actor: Actor; asked: Asked; before: Actor['context']; next: Move }) => void): void {
  fc.assert(
    fc.property(moves, (story) => {
      const actor = open()
      for (const next of story) {
        const before = actor.context
        look({ actor, asked: play(actor, next), before, next })
      }
    }),
    { numRuns: 60 },
  )
}

describe('whatever happens to a lock', () => {
  it('never has two holders of one device, by what it announces', () => {
    fc.assert(
      fc.property(moves, (story) => {
        const actor = open()
        for (const next of story) play(actor, next)
        const holders = new Map<string, string>()
        for (const { type, subject, data } of newsOf(actor.asked)) {
          if (type === 'resource.acquired') {
            expect(holders.get(subject)).toBeUndefined()
            holders.set(subject, data.ticket)
          }
          if (type === 'resource.released' || type === 'resource.lost') {
            expect(holders.get(subject)).toBe(data.ticket)
            holders.delete(subject)
          }
        }
        const { leases } = lockProjection(actor.context)
        expect(new Map(leases.map(({ device, ticket }) => [device, ticket]))).toEqual(holders)
      }),
    )
  })

  it('gives every holder and every clean-up of a device a larger token than any before', () => {
    always(({ actor, asked, before }) => {
      const given = [
        ...acquired(asked).map(({ subject, data }) => ({ device: subject, token: data.token })),
        ...asked.spawned.map(({ input }) => input as { device: string; token: number }),
      ]
      for (const id of DEVICES) {
        const from = before.devices[id]?.fence ?? 0
        const tokens = given.filter(({ device }) => device === id).map(({ token }) => token)
        expect(tokens.sort((a, b) => a - b)).toEqual(tokens.map((_, index) => from + index + 1))
        expect(actor.context.devices[id]?.fence).toBe(from + tokens.length)
      }
    })
  })

  it('grants only what was asked for, and sets whole', () => {
    always(({ asked, before, next }) => {
      const won = acquired(asked)
      for (const ticket of new Set(won.map(({ data }) => data.ticket))) {
        const devices = won.filter(({ data }) => data.ticket === ticket).map(({ subject }) => subject)
        const waited = before.tickets[ticket]?.wants
        const wish = waited ?? (next.type === 'ACQUIRE' && next.ticket === ticket ? next.wants : undefined)
        if (!wish) throw new Error(`${ticket} got ${devices.join()} without having asked`)
        expect(devices).toHaveLength(demand(wish))
        expect(wish.devices ?? DEVICES).toEqual(expect.arrayContaining(devices))
      }
    })
  })

  it('gives a device only when it is online, good, clean and not in maintenance', () => {
    always(({ actor, asked, next }) => {
      // Time may bring several ends and grants at once; only the last state is looked at.
      if (next.type === 'WAIT') return
      for (const { subject } of acquired(asked)) {
        const well = { online: true, health: 'good', maintenance: false, doubt: null, cleaning: null }
        expect(actor.context.devices[subject]).toMatchObject(well)
      }
    })
  })

  it('leaves nobody waiting while what they want is free', () => {
    always(({ actor }) => {
      for (const { wants: wish } of Object.values(actor.context.tickets)) {
        expect(candidates(wish, free(actor)).length).toBeLessThan(demand(wish))
      }
    })
  })

  it('passes over nobody who goes before and could have been served', () => {
    always(({ actor, asked, next }) => {
      if (next.type === 'WAIT') return
      const order = inOrder(actor.context.now)
      const winners = lockProjection(actor.context).leases.filter(({ device, token }) =>
        acquired(asked).some(({ subject, data }) => subject === device && data.token === token),
      )
      for (const waiter of Object.values(actor.context.tickets)) {
        const available = free(actor)
        for (const { device } of winners) {
          const given = actor.context.devices[device]
          if (given?.lease && order(waiter, given.lease.ticket) < 0) available.set(device, given)
        }
        expect(candidates(waiter.wants, available).length).toBeLessThan(demand(waiter.wants))
      }
    })
  })

  it('changes nothing and gives nothing when the same message comes again', () => {
    fc.assert(
      fc.property(moves, (story) => {
        const actor = open()
        for (const next of story) {
          const message = toMessage(actor, next)
          play(actor, next)
          if (!message) continue
          const after = actor.context
          expect(actor.send(message)).toMatchObject({ emitted: [], spawned: [] })
          expect(actor.context).toEqual(after)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('ends every lease and every clean-up in time', () => {
    always(({ actor, next }) => {
      if (next.type !== 'WAIT' || next.ms < 0) return
      for (const { lease, cleaning } of Object.values(actor.context.devices)) {
        expect(lease?.expiresAt ?? Infinity).toBeGreaterThan(actor.now)
        expect(cleaning?.until ?? Infinity).toBeGreaterThan(actor.now)
        if (lease) expect(lease.expiresAt).toBeLessThanOrEqual(lease.grantedAt + lease.ticket.maxHoldMs)
      }
    })
  })

  it('tells every holder that loses a device', () => {
    always(({ asked }) => {
      const told = asked.sent
        .filter(({ event }) => event.type === 'lock.lost')
        .map(({ to, event }) => [to, event['device'], event['token']])
      for (const { type, subject, data } of newsOf(asked)) {
        if (type !== 'resource.lost') continue
        expect(told).toContainEqual([`run/${data.ticket}`, subject, data.token])
      }
    })
  })

  it('serves everybody in the end, once the devices are well and their holders give them back', () => {
    fc.assert(
      fc.property(moves, (story) => {
        const actor = open()
        for (const next of story) play(actor, next)
        for (const device of DEVICES) actor.send(good(device))
        for (const { id } of actor.asked.spawned) actor.send({ type: `xstate.done.actor.${id}` })
        for (let round = 0; round < 20; round++) {
          for (const { ticket } of lockProjection(actor.context).leases)
            actor.send({ type: 'RELEASE', ticket, clean: true })
        }
        expect(lockProjection(actor.context)).toEqual({ leases: [], tickets: [] })
        expect(actor.value).toBe('idle')
        expect(actor.due).toEqual({})
      }),
    )
  })

  it('shows in its chart what is the case', () => {
    always(({ actor }) => {
      const { leases, tickets } = lockProjection(actor.context)
      const cleaning = Object.values(actor.context.devices).some((device) => device.cleaning)
      const shown = tickets.length > 0 ? 'contended' : leases.length > 0 ? 'held' : cleaning ? 'cleaning' : 'idle'
      expect(actor.value).toBe(shown)
    })
  })
})
