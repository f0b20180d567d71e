import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assign, createMachine, sendTo } from 'xstate'
import { createRuntime, type Runtime } from '../../actors/runtime.ts'
import { createLog } from '../../core/log.ts'
import { actorAt } from '../../machines/ref.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { expectInvariants } from '../support/invariants.ts'

const box = createMachine({
  context: { count: 0 },
  on: { ADD: { actions: assign({ count: ({ context }) => context.count + 1 }) } },
})
interface Told {
  type: string
  to: string
}

const talker = createMachine({
  on: {
    TALK: { actions: sendTo(({ event }) => actorAt((event as Told).to), { type: 'ADD' }) },
    LATER: { actions: sendTo(({ event }) => actorAt((event as Told).to), { type: 'ADD' }, { delay: 20 }) },
  },
})

describe('mail to an address that nobody has yet', () => {
  let database: TestDatabase
  let runtime: Runtime

  beforeAll(async () => {
    database = await createTestDatabase()
    runtime = await createRuntime({ databaseUrl: database.url, machines: { box, talker }, log: createLog('silent') })
    await runtime.start()
    await runtime.spawn('box', { key: 'blue', team: 'blue' })
    await runtime.spawn('talker', { key: 'red', team: 'red' })
    await runtime.spawn('talker', { key: 'blue', team: 'blue' })
    // Whoever is written to is born in that very moment, as a copy of blue's.
    await runtime.sql`
      create function bear() returns trigger language plpgsql as $$
      begin
        insert into actors (address, kind, key, status, revision, value, snapshot, machine_hash, version, root, team)
        select new.address, kind, split_part(new.address, '/', 2), status, revision, value, snapshot, machine_hash, version, new.address, team
        from actors where address = 'box/blue'
        on conflict do nothing;
        insert into history (address, revision, message_id, event, to_value, status, effects, handled, machine_hash)
        select new.address, revision, message_id, event, to_value, status, effects, handled, machine_hash
        from history where address = 'box/blue' and revision = 1
        on conflict do nothing;
        return new;
      end $$`
    await runtime.sql`
      create trigger bear before insert on mailbox for each row when (new.address like 'box/late%') execute function bear()`
  })
  afterAll(async () => {
    await expectInvariants(runtime, database.url)
    await runtime.stop()
    await database.drop()
  })

  it.each(['TALK', 'LATER'])('never reaches an actor of another team that is born there (%s)', async (type) => {
    const address = `box/late-${type}`
    await runtime.send('talker/red', { type, to: address })
    const letters = await eventually('the letter', async () => {
      const rows =
        await runtime.sql`select team, reason, revision, machine_hash from dead_letters where address = ${address}`
      return rows.length > 0 && rows
    })
    expect(letters).toEqual([{ team: 'red', reason: 'the actor does not exist', revision: null, machine_hash: null }])
    await runtime.settled(address)
    expect(await runtime.snapshot(address)).toMatchObject({ team: 'blue', revision: 1, context: { count: 0 } })
  })

  it.each(['TALK', 'LATER'])('reaches one of its own team (%s)', async (type) => {
    const address = `box/late-own-${type}`
    await runtime.send('talker/blue', { type, to: address })
    await eventually(
      'the mail',
      async () => ((await runtime.snapshot(address)).context as { count: number }).count === 1,
    )
  })
})
