import { describe, expect, it } from 'vitest'
import { emit, setup } from 'xstate'
import { listEvents } from '../../db/event-log.ts'
import { backends } from '../support/redis.ts'
import { on, openRuntime } from './open.ts'

type Ring = { type: 'RING'; once?: string; data?: { n: number } }

const bell = setup({
  types: { events: {} as Ring, emitted: {} as { type: 'rang' } & Omit<Ring, 'type'> },
}).createMachine({
  on: { RING: { actions: emit(({ event: { type: _type, ...said } }) => ({ type: 'rang' as const, ...said })) } },
})

describe.each(await backends())('an emitted event on $name', ({ redisUrl }) => {
  const open = openRuntime({ ...on(redisUrl), machines: { bell } })

  it('is logged once for a name that it gives itself, by each actor; without one, each time', async () => {
    const { runtime } = open
    const [door = '', gate = ''] = await runtime.spawnAll('bell', [{ key: 'door' }, { key: 'gate' }])
    for (const to of [door, door, gate]) await runtime.ask(to, { type: 'RING', once: 'noon', data: { n: 1 } })
    for (const n of [2, 2]) await runtime.ask(door, { type: 'RING', data: { n } })
    // Without data, all that it carries is the data, and names nothing.
    for (const to of [gate, gate]) await runtime.ask(to, { type: 'RING', once: 'noon' })
    const logged = await listEvents(runtime.sql, 'default', { limit: 20 })
    const told = logged.map(({ source, sourceId, data }) => JSON.stringify([source, sourceId, data])).toSorted()
    expect(told).toEqual(
      [
        ['/bell/door', 'once:noon', { n: 1 }],
        ['/bell/gate', 'once:noon', { n: 1 }],
        ['/bell/door', '4.0', { n: 2 }],
        ['/bell/door', '5.0', { n: 2 }],
        ['/bell/gate', '3.0', { once: 'noon' }],
        ['/bell/gate', '4.0', { once: 'noon' }],
      ]
        .map((one) => JSON.stringify(one))
        .toSorted(),
    )
    // The step was taken all the same.
    expect(await runtime.snapshot(door)).toMatchObject({ revision: 5 })
  })
})
