import { describe, expect, it } from 'vitest'
import { readRules } from '../../db/rules.ts'
import { box, openFacade, principal } from './facade.ts'

const anna = principal('anna')
const stranger = principal('zoe', 'other')

describe('devices', () => {
  const open = openFacade()

  it('are there, as they said they are, when their registration is answered', async () => {
    const said = { name: 'Box 1', labels: { room: '1' } }
    const view = await open.devices.register(anna, 'reg-1', box(said))
    expect(view).toMatchObject({ id: 'reg-1', ...box(said), health: 'good', maintenance: null, holder: null, queue: 0 })
    expect(await open.devices.get(anna, 'reg-1')).toEqual(view)
  })

  it('take their id for a name when they give none', async () => {
    expect(await open.devices.register(anna, 'reg-2', box())).toMatchObject({ name: 'reg-2', labels: {} })
  })

  it('may register again and again, and are noted again only when they say something new', async () => {
    await open.devices.register(anna, 'again', box())
    await open.devices.register(anna, 'again', box())
    const off = await open.devices.register(anna, 'again', box({ connectivity: 'offline' }))
    expect(off.connectivity).toBe('offline')
    const { items } = await open.audit.list(anna, { limit: 500 })
    expect(items.filter(({ target }) => target === 'again').map(({ details }) => details)).toMatchObject([
      { connectivity: 'offline' },
      { connectivity: 'online' },
    ])
  })

  it('move the rules of routing when they appear, and not when they only say the same again', async () => {
    const revision = async () => (await readRules(open.runtime.sql)).revision
    const before = await revision()
    await open.devices.register(anna, 'new', box())
    const after = await revision()
    expect(after).toBe(before + 1)
    await open.devices.register(anna, 'new', box({ connectivity: 'offline' }))
    expect(await revision()).toBe(after)
  })

  it('stay in their pool, and say so', async () => {
    await open.devices.register(anna, 'stays', box())
    await expect(open.devices.register(anna, 'stays', box({ pool: 'london' }))).rejects.toMatchObject({
      code: 'event.refused',
      details: { pool: 'paris', wanted: 'london' },
    })
    expect((await open.devices.get(anna, 'stays')).pool).toBe('paris')
  })

  it('of another team are as if they were not there', async () => {
    await open.devices.register(anna, 'ours', box())
    const missing = { code: 'device.not_found' }
    await expect(open.devices.get(stranger, 'ours')).rejects.toMatchObject(missing)
    await expect(open.devices.kick(stranger, 'ours', 'x')).rejects.toMatchObject(missing)
    await expect(open.devices.maintenance(stranger, 'ours', true, 'x')).rejects.toMatchObject(missing)
    await expect(open.devices.register(stranger, 'ours', box())).rejects.toMatchObject(missing)
    expect((await open.devices.list(stranger)).map(({ id }) => id)).not.toContain('ours')
  })

  it('of two teams may be in pools of one name, which do not meet', async () => {
    await open.devices.register(anna, 'a-1', box({ pool: 'shared' }))
    await open.devices.register(stranger, 'z-1', box({ pool: 'shared' }))
    const asked = { pool: 'shared', wants: { kind: 'stb' } }
    expect(await open.locks.create(anna, asked)).toMatchObject({ pool: 'shared', devices: [{ device: 'a-1' }] })
    expect(await open.locks.create(stranger, asked)).toMatchObject({ pool: 'shared', devices: [{ device: 'z-1' }] })
    // The default team's pool that is called like the key of the other team's.
    await open.devices.register(anna, 'a-2', box({ pool: 'other:shared' }))
    const there = { pool: 'other:shared', wants: { kind: 'stb' } }
    expect(await open.locks.create(anna, there)).toMatchObject({ pool: 'other:shared', devices: [{ device: 'a-2' }] })
  })

  it('in maintenance are given to nobody until that ends', async () => {
    await open.devices.register(anna, 'mend', box({ pool: 'workshop' }))
    const down = await open.devices.maintenance(anna, 'mend', true, 'new cable')
    expect(down).toMatchObject({ health: 'maintenance', maintenance: { by: 'anna', reason: 'new cable' } })
    const ticket = await open.locks.create(anna, { pool: 'workshop', wants: { devices: ['mend'] } })
    expect(ticket).toMatchObject({ state: 'waiting', position: 1 })
    const up = await open.devices.maintenance(anna, 'mend', false, 'done')
    expect(up).toMatchObject({ health: 'good', maintenance: null })
    expect(await open.locks.get(anna, ticket.ticket, 10_000)).toMatchObject({ state: 'granted' })
    expect(await open.devices.maintenance(anna, 'mend', false, 'twice')).toMatchObject({ maintenance: null })
  })
})
