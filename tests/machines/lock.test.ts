import { describe, expect, it } from 'vitest'
import { lock, lockProjection } from '../../machines/lock.ts'
import type { LockMessage, LockReply } from '../../machines/lock-protocol.ts'
import type { Wants } from '../../machines/lock-schedule.ts'
import { type Asked, Simulation } from './simulation.ts'

const TTL = 60_000

function paris(devices = ['d1']): Simulation<typeof lock> {
  const actor = new Simulation(lock, { pool: 'paris' })
  for (const device of devices) actor.send(report(device))
  return actor
}

function report(device: string, over: Partial<Extract<LockMessage, { type: 'DEVICE' }>> = {}): LockMessage {
  return { type: 'DEVICE', device, kind: 'stb', labels: {}, online: true, health: 'good', maintenance: false, ...over }
}

function ask(
  ticket: string,
  over: { wants?: Wants; priority?: number; owner?: string; maxHoldMs?: number } = {},
): LockMessage {
  const { wants = { devices: ['d1'] }, priority = 50, owner = ticket, ...rest } = over
  return {
    type: 'ACQUIRE',
    ticket,
    owner: { kind: 'run', id: owner },
    replyTo: `run/${ticket}`,
    wants,
    priority,
    ...rest,
  }
}

const replies = (asked: Asked): LockReply[] => asked.sent.map(({ event }) => event as unknown as LockReply)
const news = (asked: Asked): string[] => asked.emitted.map(({ type, subject }) => `${type} ${String(subject)}`)
const cleaned = (job: string) => ({ type: `xstate.done.actor.${job}` as const })
const uncleanable = (job: string) => ({ type: `xstate.error.actor.${job}` as const, error: { message: 'no picture' } })
const holder = (actor: Simulation<typeof lock>, device = 'd1') =>
  actor.context.devices[device]?.lease?.ticket.id ?? null

describe('asking', () => {
  it('has one owner and three in the queue when four ask for one device', () => {
    const actor = paris()
    const answers = ['a', 'b', 'c', 'd'].map((ticket) => replies(actor.send(ask(ticket))))
    expect(answers).toEqual([
      [{ type: 'lock.granted', ticket: 'a', leases: [{ device: 'd1', token: 1 }], expiresAt: actor.now + TTL }],
      [{ type: 'lock.queued', ticket: 'b', position: 1 }],
      [{ type: 'lock.queued', ticket: 'c', position: 2 }],
      [{ type: 'lock.queued', ticket: 'd', position: 3 }],
    ])
    expect(actor.value).toBe('contended')
    expect(news(actor.asked)).toEqual([
      'resource.acquired d1',
      'resource.queued d1',
      'resource.queued d1',
      'resource.queued d1',
    ])
  })

  it('grants the waiter with the highest priority although a newcomer with a lower one asks in the moment of release', () => {
    const actor = paris()
    actor.send(ask('holder'))
    actor.send(ask('urgent', { priority: 90 }))
    actor.send(ask('newcomer', { priority: 10 }))
    actor.send({ type: 'RELEASE', ticket: 'holder', clean: true })
    expect(holder(actor)).toBe('urgent')
    expect(lockProjection(actor.context).tickets.map(({ ticket, position }) => [ticket, position])).toEqual([
      ['newcomer', 1],
    ])
  })

  it('refuses at once what can never be met, and says why', () => {
    const actor = paris()
    expect(replies(actor.send(ask('t', { wants: { devices: ['d9'] } })))).toEqual([
      {
        type: 'lock.refused',
        ticket: 't',
        code: 'lock.unsatisfiable',
        reasons: ['there is no device "d9" in this pool'],
      },
    ])
    expect(actor.value).toBe('idle')
  })

  it('tells the log of a refusal when the asker gave no address to be answered at', () => {
    const actor = paris()
    const { replyTo: _nowhere, ...anonymous } = ask('t', { wants: { kind: 'tv' } }) as Extract<
      LockMessage,
      { type: 'ACQUIRE' }
    >
    expect(actor.send(anonymous)).toMatchObject({
      sent: [],
      emitted: [
        {
          type: 'resource.refused',
          data: { ticket: 't', code: 'lock.unsatisfiable', reasons: ['there is no tv in this pool'] },
        },
      ],
    })
  })

  it('takes names that every object has for names like any other', () => {
    const actor = paris(['constructor'])
    const [answer] = replies(actor.send(ask('toString', { wants: { devices: ['constructor'] } })))
    expect(answer).toMatchObject({ type: 'lock.granted', leases: [{ device: 'constructor', token: 1 }] })
    expect(actor.send({ type: 'RELEASE', ticket: 'valueOf' }).emitted).toEqual([])
    expect(actor.send({ type: 'KICK', device: 'hasOwnProperty', by: 'anna', reason: 'x' }).emitted).toEqual([])
  })

  it('keeps the place of a ticket that is asked for again', () => {
    const actor = paris()
    actor.send(ask('holder'))
    actor.send(ask('first'))
    actor.send(ask('second'))
    expect(replies(actor.send(ask('first')))).toEqual([{ type: 'lock.queued', ticket: 'first', position: 1 }])
  })

  it('does not hand one owner the ticket of another', () => {
    const actor = paris()
    actor.send(ask('t', { owner: 'anna' }))
    expect(replies(actor.send(ask('t', { owner: 'bob' })))).toMatchObject([{ code: 'lock.ticket_taken' }])
  })

  it('tells those who wait for a device that changed its kind that they wait for nothing', () => {
    const actor = paris()
    actor.send(ask('holder', { wants: { kind: 'stb' } }))
    actor.send(ask('waiter', { wants: { kind: 'stb' } }))
    expect(replies(actor.send(report('d1', { kind: 'tv' })))).toMatchObject([
      { type: 'lock.refused', ticket: 'waiter', reasons: ['there is no stb in this pool'] },
    ])
    expect(holder(actor)).toBe('holder')
  })
})

describe('asking again for what one holds', () => {
  it('renews the lease and answers with the same token, for the same ticket', () => {
    const actor = paris()
    actor.send(ask('t'))
    actor.advance(TTL / 2)
    expect(replies(actor.send(ask('t')))).toEqual([
      { type: 'lock.granted', ticket: 't', leases: [{ device: 'd1', token: 1 }], expiresAt: actor.now + TTL },
    ])
  })

  it('does so for another ticket of the same owner too, and takes either name from then on', () => {
    const actor = paris()
    actor.send(ask('t', { owner: 'anna' }))
    const [answer] = replies(actor.send(ask('again', { owner: 'anna' })))
    expect(answer).toMatchObject({ type: 'lock.granted', ticket: 'again', leases: [{ device: 'd1', token: 1 }] })
    actor.advance(TTL / 2)
    actor.send({ type: 'RENEW', ticket: 'again', token: 1 })
    actor.advance(TTL / 2)
    expect(holder(actor)).toBe('t')
    actor.send({ type: 'RELEASE', ticket: 'again', token: 1, clean: true })
    expect(actor.value).toBe('idle')
  })

  it('answers both tickets of an owner that queued twice with the one lease it gets', () => {
    const actor = paris()
    actor.send(ask('holder'))
    actor.send(ask('t1', { owner: 'anna' }))
    actor.send(ask('t2', { owner: 'anna' }))
    const asked = actor.send({ type: 'RELEASE', ticket: 'holder', clean: true })
    expect(replies(asked).map((reply) => [reply.type, reply.ticket])).toEqual([
      ['lock.granted', 't1'],
      ['lock.granted', 't2'],
    ])
    expect(actor.value).toBe('held')
  })

  it('refuses a set that would wait for what its owner holds itself', () => {
    const actor = paris(['d1', 'd2'])
    actor.send(ask('t', { owner: 'anna' }))
    const both = ask('both', { owner: 'anna', wants: { devices: ['d1', 'd2'], all: true } })
    expect(replies(actor.send(both))).toMatchObject([{ code: 'lock.deadlock_risk' }])
  })
})

describe('holding', () => {
  it('lasts as long as it is renewed in time', () => {
    const actor = paris()
    actor.send(ask('t'))
    for (let renewal = 0; renewal < 5; renewal++) {
      actor.advance(20_000)
      expect(replies(actor.send({ type: 'RENEW', ticket: 't', token: 1 }))).toEqual([])
    }
    expect(holder(actor)).toBe('t')
  })

  it('ends at the longest hold, however often it is renewed', () => {
    const actor = paris()
    actor.send(ask('t', { maxHoldMs: 90_000 }))
    actor.advance(50_000)
    actor.send({ type: 'RENEW', ticket: 't', token: 1 })
    expect(replies(actor.advance(40_000))).toMatchObject([{ type: 'lock.lost', reason: 'held_too_long' }])
  })

  it('hands an expired lease on with a larger token and tells the late holder', () => {
    const actor = paris()
    actor.send(ask('late'))
    actor.send(ask('next'))
    const lapse = actor.advance(TTL)
    expect(replies(lapse)).toEqual([
      { type: 'lock.lost', ticket: 'late', device: 'd1', token: 1, reason: 'expired', detail: null },
    ])
    expect(lapse.spawned).toEqual([{ id: 'cleanup-d1-2', input: { device: 'd1', token: 2 } }])
    expect(replies(actor.send(cleaned('cleanup-d1-2')))).toMatchObject([
      { type: 'lock.granted', ticket: 'next', leases: [{ device: 'd1', token: 3 }] },
    ])
    expect(replies(actor.send({ type: 'RENEW', ticket: 'late', token: 1, replyTo: 'run/late' }))).toEqual([
      { type: 'lock.lost', ticket: 'late', device: null, token: 1, reason: 'not_held', detail: null },
    ])
    expect(holder(actor)).toBe('next')
  })

  it('takes a renewal that comes after the end as too late, even when the timer has not fired yet', () => {
    const actor = paris()
    actor.send(ask('t'))
    actor.now += TTL
    expect(replies(actor.send({ type: 'RENEW', ticket: 't', token: 1, replyTo: 'run/t' }))).toMatchObject([
      { type: 'lock.lost', reason: 'expired' },
      { type: 'lock.lost', reason: 'not_held' },
    ])
  })

  it('refuses a wrong token and changes nothing', () => {
    const actor = paris()
    actor.send(ask('t'))
    const before = actor.context.devices
    const lost = { type: 'lock.lost', ticket: 't', device: 'd1', token: 7, reason: 'stale_token', detail: null }
    expect(replies(actor.send({ type: 'RENEW', ticket: 't', token: 7 }))).toEqual([lost])
    expect(replies(actor.send({ type: 'RELEASE', ticket: 't', token: 7, clean: true }))).toEqual([lost])
    expect(actor.context.devices).toEqual(before)
  })

  it('goes on while the device is offline or taken into maintenance, and then the device rests', () => {
    const actor = paris()
    actor.send(ask('t'))
    actor.send(ask('next'))
    actor.send(report('d1', { online: false, maintenance: true }))
    expect(holder(actor)).toBe('t')
    actor.send({ type: 'RELEASE', ticket: 't', clean: true })
    expect(holder(actor)).toBeNull()
    actor.send(report('d1'))
    expect(holder(actor)).toBe('next')
  })

  it('ends for a person who takes the device, with who and why', () => {
    const actor = paris()
    actor.send(ask('agent'))
    const asked = actor.send({ type: 'KICK', device: 'd1', by: 'anna', reason: 'demo at noon' })
    expect(replies(asked)).toMatchObject([
      { type: 'lock.lost', ticket: 'agent', reason: 'kicked', detail: 'anna: demo at noon' },
    ])
    expect(news(asked)).toEqual(['resource.lost d1'])
    expect(actor.value).toBe('cleaning')
  })

  it('keeps the rest of a set when one of its devices is taken', () => {
    const actor = paris(['d1', 'd2'])
    actor.send(ask('set', { wants: { devices: ['d1', 'd2'], all: true } }))
    actor.send({ type: 'KICK', device: 'd1', by: 'anna', reason: 'broken' })
    actor.advance(30_000)
    actor.send({ type: 'RENEW', ticket: 'set', token: 1 })
    expect([holder(actor, 'd1'), holder(actor, 'd2')]).toEqual([null, 'set'])
  })
})

describe('giving back', () => {
  it('frees a device at once when it was left clean', () => {
    const actor = paris()
    actor.send(ask('t'))
    const asked = actor.send({ type: 'RELEASE', ticket: 't', token: 1, clean: true })
    expect(asked.spawned).toEqual([])
    expect(news(asked)).toEqual(['resource.released d1'])
    expect(actor.value).toBe('idle')
    expect(actor.due).toEqual({})
  })

  it('cleans any other device under a token of its own before the next one gets it', () => {
    const actor = paris()
    actor.send(ask('t'))
    const asked = actor.send({ type: 'RELEASE', ticket: 't' })
    expect(asked.spawned).toEqual([{ id: 'cleanup-d1-2', input: { device: 'd1', token: 2 } }])
    expect(replies(actor.send(ask('next')))).toMatchObject([{ type: 'lock.queued' }])
    const done = actor.send(cleaned('cleanup-d1-2'))
    expect(done.stopped).toEqual(['cleanup-d1-2'])
    expect(news(done)).toEqual(['resource.ready d1', 'resource.acquired d1'])
    expect(holder(actor)).toBe('next')
  })

  it('gives back what came in the meantime when a request is cancelled', () => {
    const actor = paris()
    actor.send(ask('a'))
    actor.send(ask('b'))
    actor.send({ type: 'CANCEL', ticket: 'b' })
    expect(actor.context.tickets).toEqual({})
    actor.send({ type: 'CANCEL', ticket: 'a' })
    expect(actor.value).toBe('cleaning')
  })

  it('is nothing when nothing is held', () => {
    const actor = paris()
    const asked = actor.send({ type: 'RELEASE', ticket: 'never' })
    expect(asked).toEqual({ sent: [], emitted: [], spawned: [], stopped: [] })
  })
})

describe('a clean-up that fails', () => {
  const suspect = { to: 'device/d1', event: { type: 'SUSPECT', reason: 'clean-up failed: no picture', token: 2 } }

  it('makes the device suspect, and nobody gets it until its actor has heard of that and calls it good again', () => {
    const actor = paris()
    actor.send(ask('t'))
    actor.send({ type: 'RELEASE', ticket: 't' })
    actor.send(ask('next'))
    expect(actor.send(uncleanable('cleanup-d1-2')).sent).toEqual([suspect])
    actor.send(report('d1', { labels: { room: 'sent before it knew' } }))
    expect(holder(actor)).toBeNull()
    actor.send(report('d1', { health: 'suspect', heard: 2 }))
    expect(holder(actor)).toBeNull()
    actor.send(report('d1', { heard: 2 }))
    expect(holder(actor)).toBe('next')
  })

  it('is one that takes longer than it may', () => {
    const actor = paris()
    actor.send(ask('t'))
    actor.send({ type: 'RELEASE', ticket: 't' })
    const asked = actor.advance(120_000)
    expect(asked.stopped).toEqual(['cleanup-d1-2'])
    expect(asked.sent).toMatchObject([{ to: 'device/d1', event: { type: 'SUSPECT', token: 2 } }])
    expect(actor.value).toBe('idle')
    actor.send(cleaned('cleanup-d1-2'))
    expect(replies(actor.send(ask('next')))).toMatchObject([{ type: 'lock.queued' }])
  })
})

it('keeps the fence of a device that registers again', () => {
  const actor = paris()
  for (const ticket of ['a', 'b']) {
    actor.send(ask(ticket))
    actor.send({ type: 'RELEASE', ticket, clean: true })
  }
  actor.send(report('d1', { labels: { room: '2' } }))
  expect(replies(actor.send(ask('c')))).toMatchObject([{ leases: [{ device: 'd1', token: 3 }] }])
})

it('survives a clock that goes back', () => {
  const actor = paris()
  actor.send(ask('t'))
  const { expiresAt } = actor.context.devices['d1']!.lease!
  actor.now -= 5_000
  actor.send({ type: 'RENEW', ticket: 't', token: 1 })
  expect(actor.context.devices['d1']!.lease!.expiresAt).toBe(expiresAt)
})

it('projects one row per held device and one per waiting ticket', () => {
  const actor = paris(['d1', 'd2'])
  actor.send(ask('t', { wants: { devices: ['d1', 'd2'], all: true } }))
  actor.send(ask('w', { priority: 70 }))
  const { leases, tickets } = lockProjection(actor.context)
  const { now } = actor
  const held = { pool: 'paris', ticket: 't', ownerKind: 'run', ownerId: 't', reason: null, priority: 50 }
  const terms = { token: 1, grantedAt: now, expiresAt: now + TTL, maxUntil: now + 7_200_000 }
  expect(leases).toEqual([
    { device: 'd1', ...held, ...terms },
    { device: 'd2', ...held, ...terms },
  ])
  const waits = { ticket: 'w', ownerKind: 'run', ownerId: 'w', reason: null, priority: 70 }
  expect(tickets).toEqual([{ pool: 'paris', ...waits, wants: { devices: ['d1'] }, enqueuedAt: now, position: 1 }])
})
