import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assign, createMachine } from 'xstate'
import { createRuntime, type Runtime } from '../../actors/runtime.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { expectInvariants } from '../support/invariants.ts'
import { backends } from '../support/redis.ts'
import { on } from './open.ts'

const LIMIT = 20
const box = createMachine({
  context: { seen: [] as string[] },
  on: { '*': { actions: assign({ seen: ({ context, event }) => [...context.seen, event.type] }) } },
})

describe.each(await backends())('a mailbox that is full, on $name', ({ redisUrl }) => {
  let database: TestDatabase
  let door: Runtime
  let worker: Runtime

  beforeAll(async () => {
    database = await createTestDatabase()
    const options = {
      ...on(redisUrl),
      databaseUrl: database.url,
      machines: { box },
      controls: { box: ['STOP_IT'] },
      mailboxLimit: LIMIT,
    }
    door = await createRuntime({ ...options, roles: ['api'] })
    worker = await createRuntime({ ...options, roles: ['worker'] })
    await door.start()
  })
  afterAll(async () => {
    await door.stop()
    await worker.stop()
    await database.drop()
  })

  it('takes no more, but controls, until a worker has made room; what it took is applied, and nothing else', async () => {
    const address = await door.spawn('box', { key: 'full' })
    const other = await door.spawn('box', { key: 'other' })
    for (let n = 0; n < LIMIT; n++) await door.send(address, { type: `M${n}` }, { id: `m:${n}` })
    await expect(door.send(address, { type: 'LATE' }, { id: 'late' })).rejects.toMatchObject({
      code: 'actor.mailbox_full',
      status: 429,
      retryable: true,
    })
    await door.send(address, { type: 'STOP_IT' })
    await door.send(other, { type: 'HELLO' })

    await worker.start()
    await door.settled(address)
    expect(await door.send(address, { type: 'LATE' }, { id: 'late' })).toEqual({ duplicate: false })
    await door.settled(address)
    const { context } = await door.snapshot(address)
    expect(context).toEqual({
      seen: ['STOP_IT', ...Array.from({ length: LIMIT }, (_, n) => `M${n}`), 'LATE'],
    })
    await expectInvariants(door, database.url)
  })

  it('is one of a worker, too: what it cannot hold in memory it refuses, and applies what it accepted', async () => {
    const address = await worker.spawn('box', { key: 'flooded' })
    const sent = Array.from({ length: 20 * LIMIT }, (_, n) => worker.send(address, { type: `F${n}` }))
    const outcomes = await Promise.allSettled(sent)
    const accepted = outcomes.flatMap(({ status }, n) => (status === 'fulfilled' ? [`F${n}`] : []))
    const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as { code: string }] : []))
    expect(refused.length).toBeGreaterThan(0)
    for (const { code } of refused) expect(code).toBe('actor.mailbox_full')
    await worker.settled(address)
    expect((await worker.snapshot(address)).context).toEqual({ seen: accepted })
  })
})
