import { describe, expect, it } from 'vitest'
import { toJson } from '../../core/json.ts'
import { listDeadLetters } from '../../db/dead-letters.ts'
import { eventually } from '../support/eventually.ts'
import { backends } from '../support/redis.ts'
import { box, openFacade, principal } from './facade.ts'

const anna = principal('anna')
const bob = principal('bob')
const admin = principal('root', 'default', 'admin')
const stranger = principal('zoe', 'other')

describe.each(await backends())('locks on $name', ({ redisUrl }) => {
  const open = openFacade({ redisUrl })
  const pool = async (name: string, ...devices: string[]) => {
    for (const device of devices) await open.devices.register(anna, device, box({ pool: name }))
    return { pool: name, wants: { devices } }
  }

  it('have one owner and three in the queue when four ask for one device at once', async () => {
    const asked = await pool('four', 'four-1')
    const names = ['anna', 'bob', 'carl', 'dora']
    const tickets = await Promise.all(names.map((name) => open.locks.create(principal(name), asked)))
    expect(tickets.map(({ state }) => state).sort()).toEqual(['granted', 'waiting', 'waiting', 'waiting'])
    expect(tickets.map(({ position }) => position ?? 0).sort((a, b) => a - b)).toEqual([0, 1, 2, 3])
    const winner = tickets.find(({ state }) => state === 'granted')!
    expect(winner.devices).toEqual([{ device: 'four-1', token: 1, expiresAt: expect.any(Date) }])
    const { ticket, owner } = winner
    expect(await open.devices.get(anna, 'four-1')).toMatchObject({ holder: { ticket, owner, token: 1 }, queue: 3 })
    expect(await open.locks.queue(anna, 'four')).toEqual(
      tickets.filter(({ state }) => state === 'waiting').sort((a, b) => a.position! - b.position!),
    )
  })

  it('are not shared by two programs with the same key', async () => {
    const asked = await pool('two', 'two-1')
    const first = await open.locks.create(anna, asked)
    expect(first).toMatchObject({ state: 'granted', owner: { kind: 'user', id: 'anna' } })
    expect(await open.locks.create(anna, asked)).toMatchObject({
      state: 'waiting',
      owner: { kind: 'user', id: 'anna' },
    })
  })

  it('are renewed, with the same token, when the same owner asks again under the same key', async () => {
    const asked = { ...(await pool('same', 'same-1')), key: 'build-7', ttlMs: 60_000 }
    const first = await open.locks.create(anna, asked)
    const again = await open.locks.create(anna, asked)
    expect(again).toMatchObject({ ticket: first.ticket, state: 'granted', devices: [{ token: 1 }] })
    expect(again.devices[0]!.expiresAt.getTime()).toBeGreaterThan(first.devices[0]!.expiresAt.getTime())
    const other = await open.locks.create(bob, asked)
    expect(other.ticket).not.toBe(first.ticket)
    expect(other.state).toBe('waiting')
  })

  it('go on to the waiter with the highest priority, with a larger token, once the device is clean', async () => {
    const asked = await pool('next', 'next-1')
    const held = await open.locks.create(anna, asked)
    const low = await open.locks.create(bob, { ...asked, priority: 10 })
    const high = await open.locks.create(principal('carl'), { ...asked, priority: 80, reason: 'live service' })
    expect([low.position, high.position]).toEqual([1, 1])
    const waiting = open.locks.get(anna, high.ticket, 15_000)
    await open.locks.release(anna, held.ticket)
    const granted = await waiting
    expect(granted).toMatchObject({
      state: 'granted',
      position: null,
      reason: 'live service',
      devices: [{ device: 'next-1' }],
    })
    // One token in between was the clean-up's own.
    expect(granted.devices[0]!.token).toBe(held.devices[0]!.token + 2)
    expect(await open.locks.get(bob, low.ticket)).toMatchObject({ state: 'waiting', position: 1 })
    await expect(open.locks.get(anna, held.ticket)).rejects.toMatchObject({ code: 'lock.ticket_not_found' })
  })

  it('tell each of many who wait at once when it is its turn, whoever of them stops waiting before', async () => {
    const asked = await pool('crowd', 'crowd-1')
    let held = await open.locks.create(anna, asked)
    const people = ['dora', 'emil', 'fred'].map((name) => principal(name))
    const line = []
    for (const person of people) line.push({ person, ...(await open.locks.create(person, asked)) })
    const impatient = open.locks.get(bob, line[2]?.ticket ?? '', 50)
    const turns = line.map(({ person, ticket }) => open.locks.get(person, ticket, 15_000))
    expect(await impatient).toMatchObject({ state: 'waiting' })
    let holder = anna
    for (const [place, { person }] of line.entries()) {
      await open.locks.release(holder, held.ticket)
      held = (await turns[place]) ?? held
      expect(held).toMatchObject({ ticket: line[place]?.ticket, state: 'granted' })
      holder = person
    }
    await open.locks.release(holder, held.ticket)
  })

  it('lapse when nobody renews them, and the next waiter has the device', async () => {
    const asked = await pool('lapse', 'lapse-1')
    await open.locks.create(anna, { ...asked, ttlMs: 200 })
    const next = await open.locks.create(bob, asked)
    expect(await open.locks.get(bob, next.ticket, 15_000)).toMatchObject({ state: 'granted', devices: [{ token: 3 }] })
  })

  it('answer a wait that was in vain with the place in the queue', async () => {
    const asked = await pool('vain', 'vain-1')
    await open.locks.create(anna, asked)
    const next = await open.locks.create(bob, asked)
    expect(await open.locks.get(bob, next.ticket, 50)).toEqual(next)
  })

  it('last longer with each renewal, for who holds them', async () => {
    const { ticket, devices } = await open.locks.create(anna, { ...(await pool('renew', 'renew-1')), ttlMs: 60_000 })
    const renewed = await open.locks.renew(anna, ticket)
    expect(renewed.devices[0]!.token).toBe(devices[0]!.token)
    expect(renewed.devices[0]!.expiresAt.getTime()).toBeGreaterThan(devices[0]!.expiresAt.getTime())
    await expect(open.locks.renew(bob, ticket)).rejects.toMatchObject({ code: 'auth.forbidden' })
    await expect(open.locks.release(bob, ticket)).rejects.toMatchObject({ code: 'auth.forbidden' })
    await open.locks.release(admin, ticket)
    expect((await open.devices.get(anna, 'renew-1')).holder).toBeNull()
  })

  it('of runs are left alone by people: those kick', async () => {
    const asked = await pool('runs', 'runs-1')
    const acquire = { type: 'ACQUIRE', ticket: 'run/r1', owner: { kind: 'run', id: 'run/r1' }, priority: 50 }
    await open.runtime.send('lock/runs', { ...acquire, wants: toJson(asked.wants) })
    const held = await eventually(
      'the run to hold the device',
      async () => (await open.devices.get(anna, 'runs-1')).holder ?? false,
    )
    expect(held).toMatchObject({ ticket: 'run/r1', owner: { kind: 'run', id: 'r1' }, token: 1 })
    await expect(open.locks.release(admin, 'run/r1')).rejects.toMatchObject({ code: 'auth.forbidden' })
    expect(await open.devices.kick(anna, 'runs-1', 'live incident')).toMatchObject({ holder: null })
    const [entry] = (await open.audit.list(anna, { limit: 1 })).items
    expect(entry).toMatchObject({
      action: 'device.kick',
      target: 'runs-1',
      details: { reason: 'live incident', ticket: 'run/r1' },
    })
  })

  it('of a set are given whole or not at all', async () => {
    const { pool: name } = await pool('set', 'set-1', 'set-2')
    const one = await open.locks.create(anna, { pool: name, wants: { devices: ['set-1'] } })
    const both = await open.locks.create(bob, { pool: name, wants: { devices: ['set-1', 'set-2'], all: true } })
    expect(both).toMatchObject({ state: 'waiting', devices: [] })
    expect((await open.devices.get(anna, 'set-2')).holder).toBeNull()
    await open.locks.release(anna, one.ticket)
    const { devices } = await open.locks.get(bob, both.ticket, 15_000)
    expect(devices.map(({ device }) => device).sort()).toEqual(['set-1', 'set-2'])
    expect((await open.locks.list(anna)).map(({ id }) => id)).toEqual(expect.arrayContaining(['set-1', 'set-2']))
  })

  it('never have two holders of one device, even if the locks of two pools believe that it is theirs', async () => {
    await pool('mine', 'both-1')
    const first = await open.locks.create(anna, { pool: 'mine', wants: { devices: ['both-1'] } })
    const thief = await open.runtime.spawn('lock', { key: 'thief', input: { pool: 'thief' } })
    const report = { device: 'both-1', kind: 'stb', labels: {}, online: true, health: 'good', maintenance: false }
    await open.runtime.send(thief, { type: 'DEVICE', ...report })
    await open.runtime.settled(thief)
    const acquire = { type: 'ACQUIRE', ticket: 'run/x', owner: { kind: 'run', id: 'run/x' }, priority: 50 }
    await open.runtime.send(thief, { ...acquire, wants: { devices: ['both-1'] } })
    await open.runtime.settled(thief)
    const [letter] = await listDeadLetters(open.runtime.sql, { address: thief, open: true, limit: 1 })
    expect(letter?.reason).toMatch(/cannot be stored: .*resource_locks/)
    expect((await open.runtime.snapshot(thief)).context).toMatchObject({ devices: { 'both-1': { lease: null } } })
    expect((await open.devices.get(anna, 'both-1')).holder?.ticket).toBe(first.ticket)
  })

  it.each([
    [{ devices: ['nowhere'] }, 'there is no device "nowhere" in this pool'],
    [{ kind: 'phone' }, 'there is no phone in this pool'],
    [{ kind: 'stb', labels: { room: '9' } }, 'there is no stb with room=9 in this pool'],
    [{ kind: 'stb', count: 2 }, 'asks for 2, but only 1 are stb'],
    [{}, 'names no device, kind or label'],
  ])('refuse at once what can never be met, and say why: %j', async (wants, reason) => {
    await pool('never', 'never-1')
    await expect(open.locks.create(anna, { pool: 'never', wants })).rejects.toMatchObject({
      code: 'lock.unsatisfiable',
      status: 422,
      details: { reasons: [reason] },
    })
    expect(await open.locks.queue(anna, 'never')).toEqual([])
  })

  it('tell a waiter whose device became another kind that it waits for nothing', async () => {
    await pool('renamed', 'renamed-1')
    const asked = { pool: 'renamed', wants: { kind: 'stb' } }
    await open.locks.create(anna, asked)
    const { ticket } = await open.locks.create(bob, asked)
    const waiting = open.locks.get(bob, ticket, 15_000).catch((error: unknown) => error)
    await open.devices.register(anna, 'renamed-1', box({ pool: 'renamed', kind: 'tv' }))
    expect(await waiting).toMatchObject({ code: 'lock.unsatisfiable' })
  })

  it.each([
    [{ wants: { device: 'typo' } }, 'wants'],
    [{ wants: { devices: 'stb-1' } }, 'wants.devices'],
    [{ wants: { kind: 'stb' }, priority: 101 }, 'priority'],
    [{ wants: { kind: 'stb' }, ttlMs: 0 }, 'ttlMs'],
  ])('refuse what is no request: %j', async (request, place) => {
    await expect(open.locks.create(anna, { pool: 'four', ...request })).rejects.toMatchObject({
      code: 'request.invalid',
      message: expect.stringContaining(`${place}: `) as string,
    })
  })

  it('of a pool that nobody registered a device in do not exist', async () => {
    const missing = { code: 'device.not_found' }
    await expect(open.locks.create(anna, { pool: 'atlantis', wants: { kind: 'stb' } })).rejects.toMatchObject(missing)
    await expect(open.locks.queue(anna, 'atlantis')).rejects.toMatchObject(missing)
  })

  it('of another team are as if they were not there', async () => {
    const { ticket } = await open.locks.create(anna, await pool('ours', 'ours-1'))
    const missing = { code: 'lock.ticket_not_found' }
    await expect(open.locks.get(stranger, ticket)).rejects.toMatchObject(missing)
    await expect(open.locks.release(stranger, ticket)).rejects.toMatchObject(missing)
    await expect(open.locks.create(stranger, { pool: 'ours', wants: { kind: 'stb' } })).rejects.toMatchObject({
      code: 'device.not_found',
    })
    expect(await open.locks.list(stranger)).toEqual([])
  })

  it('of a team other than the default one wait in the queue and come back too', async () => {
    await open.devices.register(stranger, 'theirs-1', box({ pool: 'theirs' }))
    const asked = { pool: 'theirs', wants: { devices: ['theirs-1'] } }
    const held = await open.locks.create(stranger, asked)
    const waiting = await open.locks.create(stranger, asked)
    expect([held.state, waiting.state, waiting.position]).toEqual(['granted', 'waiting', 1])
    expect(await open.locks.queue(stranger, 'theirs')).toEqual([waiting])
    await open.locks.release(stranger, held.ticket)
    await eventually(
      'the waiter holds the device',
      async () => (await open.devices.get(stranger, 'theirs-1')).holder?.ticket === waiting.ticket,
    )
    await open.locks.release(stranger, waiting.ticket)
    expect(await open.locks.list(stranger)).toEqual([])
  })
})
