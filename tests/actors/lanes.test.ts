import { describe, expect, it } from 'vitest'
import { assign, createMachine } from 'xstate'
import { createRuntime } from '../../actors/runtime.ts'
import { backends } from '../support/redis.ts'
import { on, openRuntime, take } from './open.ts'

const clerk = createMachine({
  context: { seen: [] as string[] },
  on: { '*': { actions: assign({ seen: ({ context, event }) => [...context.seen, event.type] }) } },
})

describe.each(await backends())('a mailbox on $name', ({ redisUrl }) => {
  const open = openRuntime({ ...on(redisUrl), machines: { other: clerk } })

  it('lets controls overtake what waits, keeps the order inside each lane, and takes afterthoughts last', async () => {
    const machines = { clerk }
    const lanes = { controls: { clerk: ['PAUSE', 'RESUME'] }, afterthoughts: { clerk: ['LAST'] } }
    // No worker knows the kind yet, so everything waits.
    const api = await createRuntime({
      ...on(redisUrl),
      databaseUrl: open.databaseUrl,
      machines,
      ...lanes,
      roles: ['api'],
    })
    const address = await api.spawn('clerk', { key: '1' })
    for (const type of ['LAST', 'A', 'PAUSE', 'B', 'RESUME', 'C']) await api.send(address, { type })
    await api.send(address, { type: 'URGENT' }, { lane: 0 })
    await api.send(address, { type: 'TASK' }, { lane: 102 })
    await api.stop()
    const worker = await createRuntime({ ...on(redisUrl), databaseUrl: open.databaseUrl, machines, ...lanes })
    await worker.start()
    await worker.settled(address)
    expect(await worker.snapshot(address)).toMatchObject({
      context: { seen: ['PAUSE', 'RESUME', 'URGENT', 'A', 'B', 'C', 'TASK', 'LAST'] },
    })
    const entries = await take(worker.history(address), 9)
    expect(entries.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    await worker.stop()
  })
})
