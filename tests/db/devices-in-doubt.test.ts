import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, type Sql } from '../../db/client.ts'
import { findDevice, listDevices } from '../../db/devices.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

const DAY = Date.UTC(2026, 0, 1)
/** The time of a revision: a second each. */
const at = (revision: number): number => DAY + revision * 1_000

describe('since when a device is in doubt', () => {
  let database: TestDatabase
  let sql: Sql
  beforeAll(async () => {
    database = await createTestDatabase()
    sql = connect(database.url, { max: 2 })
  })
  afterAll(async () => {
    await sql.end()
    await database.drop()
  })

  /** A device whose health moved with one revision only; it came and went with every one. */
  async function fill(id: string, health: string, { steps, moved }: { steps: number; moved: number }): Promise<void> {
    const address = `device/${id}`
    const snapshot = JSON.stringify({ context: { reason: 'warm', by: null } })
    await sql`
      insert into devices (id, team, kind, pool, host, name, labels, gateway, connectivity, health)
      values (${id}, 'default', 'stb', 'p', 'h', ${id}, '{}', 'http://127.0.0.1:9', 'online', ${health})`
    await sql`
      insert into actors (address, kind, key, status, revision, value, snapshot, machine_hash, version, root)
      values (${address}, 'device', ${id}, 'active', ${steps}, '{}', ${snapshot}::text::json, 'h', '1', ${address})`
    await sql`
      insert into history (address, revision, message_id, event, from_value, to_value, status, effects, handled, machine_hash, at)
      select ${address}, n, 'm' || n, '{"type":"REGISTER"}',
        json_build_object('connectivity', n % 2, 'health', case when n > ${moved} then ${health}::text else 'good' end),
        json_build_object('connectivity', (n + 1) % 2, 'health', case when n >= ${moved} then ${health}::text else 'good' end),
        'active', '[]', true, 'h', ${new Date(at(0))}::timestamptz + n * interval '1 second'
      from generate_series(1, ${steps}::int) n`
  }
  const since = async (id: string): Promise<number> =>
    Date.parse((await findDevice(sql, 'default', id))?.doubt?.since ?? '')

  it('is when its health moved, whatever else did since, or the first of its last 1,000 steps', async () => {
    await fill('near', 'suspect', { steps: 1_200, moved: 1_150 })
    await fill('far', 'bad', { steps: 1_200, moved: 150 })
    await fill('young', 'suspect', { steps: 3, moved: 2 })
    expect(await since('near')).toBe(at(1_150))
    expect(await since('far')).toBe(at(201))
    expect(await since('young')).toBe(at(2))
  })

  it('is asked for of those alone that are suspect or bad, as many as are wanted', async () => {
    await fill('fine', 'good', { steps: 3, moved: 2 })
    await fill('away', 'maintenance', { steps: 3, moved: 2 })
    const ids = async (limit: number): Promise<string[]> =>
      (await listDevices(sql, 'default', { inDoubt: true, limit })).map(({ id }) => id)
    expect(await ids(100)).toEqual(['far', 'near', 'young'])
    expect(await ids(2)).toEqual(['far', 'near'])
    expect((await findDevice(sql, 'default', 'fine'))?.doubt).toBeNull()
    expect((await findDevice(sql, 'default', 'away'))?.doubt).toBeNull()
  })
})
