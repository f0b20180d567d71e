import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assign, createMachine } from 'xstate'
import { createRuntime } from '../../actors/runtime.ts'
import type { Address } from '../../core/address.ts'
import { connect, type Sql } from '../../db/client.ts'
import { eventually } from '../support/eventually.ts'
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

describe('a control that is handed to a worker', () => {
  const machines = { clerk, held: clerk }
  const open = openRuntime({ machines, controls: { clerk: ['PAUSE'], held: ['PAUSE'] } })
  let sql: Sql
  beforeAll(async () => {
    sql = connect(open.databaseUrl, { max: 1 })
    await sql`
      create function hold() returns trigger language plpgsql as
      'begin if new.address like ''held/%'' and new.revision > 1 then perform pg_advisory_xact_lock(7); end if; return new; end'`
    await sql`create trigger hold before insert on history for each row execute function hold()`
  })
  afterAll(() => sql.end())

  /** Begins a turn that is not committed before it is let go. */
  async function beginTurn(key: string): Promise<{ address: Address; end(): Promise<void> }> {
    const address = await open.runtime.spawn('held', { key })
    await sql`select pg_advisory_lock(7)`
    const begun = open.runtime.send(address, { type: 'FIRST' })
    await eventually('the commit to wait', async () => {
      const waiting = await sql`select 1 from pg_locks where locktype = 'advisory' and not granted`
      return waiting.length > 0
    })
    const end = async (): Promise<void> => {
      await sql`select pg_advisory_unlock(7)`
      await begun
    }
    return { address, end }
  }

  it('does not wait for a turn of others that is under way', async () => {
    const { runtime } = open
    const paused = await runtime.spawn('clerk', { key: 'paused' })
    const other = await runtime.spawn('clerk', { key: 'other' })
    const turn = await beginTurn('slow')
    const sent = runtime.send(other, { type: 'A' })
    expect(await runtime.ask(paused, { type: 'PAUSE' })).toMatchObject({ handled: true })
    expect(await runtime.snapshot(other)).toMatchObject({ context: { seen: [] } })
    await Promise.all([turn.end(), sent])
    expect(await runtime.snapshot(other)).toMatchObject({ context: { seen: ['A'] } })
  })

  it('comes before all that its actor was handed and has not begun with', async () => {
    const { runtime } = open
    const { address, end } = await beginTurn('flooded')
    const sent = [...Array.from({ length: 200 }, () => 'A'), 'PAUSE'].map((type) => runtime.send(address, { type }))
    await Promise.all([end(), ...sent])
    const { context } = await runtime.snapshot(address)
    expect(context).toEqual({ seen: ['FIRST', 'PAUSE', ...Array.from({ length: 200 }, () => 'A')] })
  })
})
