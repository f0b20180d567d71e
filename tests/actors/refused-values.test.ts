import { describe, expect, it } from 'vitest'
import { assign, setup } from 'xstate'
import { createRuntime } from '../../actors/runtime.ts'
import { listDeadLetters } from '../../db/dead-letters.ts'
import type { Projection } from '../../db/turn-commit.ts'
import { createTestDatabase } from '../support/database.ts'

const counter = setup({
  types: { context: {} as { sum: number }, events: {} as { type: 'ADD'; n: number } },
}).createMachine({
  id: 'counter',
  context: { sum: 0 },
  on: { ADD: { actions: assign({ sum: ({ context, event }) => context.sum + event.n }) } },
})

/** Somebody's table that cannot hold what one of the messages leads to. */
const tooSmall: Projection = (sql, changes) => {
  const sums = [...changes.values()].map((change) => Number((change.snapshot.context as { sum: number }).sum))
  const body = sql`
    update rules_revision
    set revision = revision
    where (select max(s::smallint) from unnest(${sums}::float8[]) as s) >= 0`
  return [{ name: 'small', body }]
}

describe('a message whose consequences Postgres cannot store', () => {
  it('is a dead letter; its actor goes on, and so does everybody else', async () => {
    const database = await createTestDatabase()
    const runtime = await createRuntime({ databaseUrl: database.url, machines: { counter }, projections: [tooSmall] })
    await runtime.start()
    const [a = '', b = ''] = await runtime.spawnAll('counter', [{ key: 'a' }, { key: 'b' }])
    await Promise.all([
      runtime.send(a, { type: 'ADD', n: 1 }),
      runtime.send(a, { type: 'ADD', n: 1_000_000 }, { id: 'too-much' }),
      runtime.send(a, { type: 'ADD', n: 2 }),
      runtime.send(b, { type: 'ADD', n: 7 }),
    ])
    await Promise.all([runtime.settled(a), runtime.settled(b)])
    expect((await runtime.snapshot(a)).context).toEqual({ sum: 3 })
    expect((await runtime.snapshot(b)).context).toEqual({ sum: 7 })
    const letters = await listDeadLetters(runtime.sql, { open: true, limit: 10 })
    expect(letters).toMatchObject([
      { address: a, messageId: 'too-much', reason: expect.stringMatching(/cannot be stored: .*smallint/) },
    ])
    expect((await runtime.replay(a)).equal).toBe(true)
    await runtime.stop()
    await database.drop()
  })
})
