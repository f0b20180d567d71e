import { describe, expect, it } from 'vitest'
import type { Principal } from '../../core/principal.ts'
import { eventually } from '../support/eventually.ts'
import { box, openFacade, principal } from './facade.ts'

const anna = principal('anna')
const stranger = principal('zoe', 'other')

describe('dead letters', () => {
  const open = openFacade()

  /** A message that the lock of a pool cannot handle: `wants` is missing. */
  async function bury(pool: string, by: Principal = anna) {
    await open.devices.register(by, `${pool}-1`, box({ pool }))
    const address = `lock/${by.team === 'default' ? pool : `${by.team}:${pool}`}`
    const event = { type: 'ACQUIRE', ticket: `run/${pool}`, owner: { kind: 'run', id: `run/${pool}` }, priority: 50 }
    await open.runtime.send(address, event)
    return eventually('the letter', async () => (await open.deadLetters.list(by, { address })).items[0])
  }

  it("tell what was wrong, and stand in nobody's way", async () => {
    const letter = await bury('told')
    expect(letter).toMatchObject({
      address: 'lock/told',
      event: { type: 'ACQUIRE' },
      resolution: null,
      revision: expect.any(Number),
    })
    expect(letter.reason).not.toBe('')
    expect(await open.locks.create(anna, { pool: 'told', wants: { kind: 'stb' } })).toMatchObject({ state: 'granted' })
  })

  it('are sent again edited, once, and then count as dealt with', async () => {
    const { id, event } = await bury('edited')
    const redriven = await open.deadLetters.redrive(anna, id, { ...event, wants: { kind: 'stb' } })
    expect(redriven).toMatchObject({ id, resolution: 'redriven', resolvedBy: 'anna', resolvedAt: expect.any(Date) })
    await open.runtime.settled('lock/edited')
    expect((await open.devices.get(anna, 'edited-1')).holder).toMatchObject({ ticket: 'run/edited' })
    const dealtWith = { code: 'dead_letter.resolved', status: 409 }
    await expect(open.deadLetters.redrive(anna, id, event)).rejects.toMatchObject(dealtWith)
    await expect(open.deadLetters.discard(anna, id)).rejects.toMatchObject(dealtWith)
  })

  it('are sent again as they were, and a second click changes nothing', async () => {
    const { id } = await bury('twice')
    const first = await open.deadLetters.redrive(anna, id)
    expect(await open.deadLetters.redrive(anna, id)).toEqual(first)
    await open.runtime.settled('lock/twice')
    const { items } = await open.deadLetters.list(anna, { address: 'lock/twice' })
    expect(items.map(({ resolution }) => resolution)).toEqual(['redriven', null])
    expect((await open.deadLetters.list(anna, { address: 'lock/twice', open: true })).items).toHaveLength(1)
  })

  it('may be left at that', async () => {
    const { id } = await bury('left')
    expect(await open.deadLetters.discard(anna, id)).toMatchObject({ resolution: 'discarded', resolvedBy: 'anna' })
    expect(await open.deadLetters.discard(anna, id)).toMatchObject({ resolution: 'discarded' })
    await expect(open.deadLetters.redrive(anna, id)).rejects.toMatchObject({ code: 'dead_letter.resolved' })
    const { items } = await open.audit.list(anna, { limit: 1 })
    expect(items).toMatchObject([
      { action: 'dead_letter.discard', target: String(id), details: { address: 'lock/left' } },
    ])
  })

  it('are no way to forge what only the runtime sends', async () => {
    const { id } = await bury('forged')
    const forged = { type: 'xstate.done.actor.cleanup-forged-1-2' }
    await expect(open.deadLetters.redrive(anna, id, forged)).rejects.toMatchObject({ code: 'event.reserved_type' })
  })

  it('come in pages', async () => {
    const by = principal('reader', 'paging')
    for (const pool of ['one', 'two', 'three']) await bury(pool, by)
    const first = await open.deadLetters.list(by, { limit: 2 })
    const second = await open.deadLetters.list(by, { limit: 2, after: first.next! })
    const addresses = [...first.items, ...second.items].map(({ address }) => address)
    expect(addresses).toEqual(['lock/paging:one', 'lock/paging:two', 'lock/paging:three'])
    expect(second.next).toBeNull()
    await expect(open.deadLetters.list(by, { after: 'x' })).rejects.toMatchObject({ code: 'request.invalid' })
  })

  it('of another team are as if they were not there', async () => {
    const { id } = await bury('private')
    const missing = { code: 'dead_letter.not_found', status: 404 }
    await expect(open.deadLetters.redrive(stranger, id)).rejects.toMatchObject(missing)
    await expect(open.deadLetters.discard(stranger, id)).rejects.toMatchObject(missing)
    expect((await open.deadLetters.list(stranger, { address: 'lock/private' })).items).toEqual([])
  })
})
