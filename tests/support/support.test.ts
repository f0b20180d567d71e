import { connect } from 'node:net'
import postgres from 'postgres'
import { describe, expect, it } from 'vitest'
import { createEmptyDatabase, createTestDatabase } from './database.ts'
import { eventually } from './eventually.ts'
import { backends, startRedis } from './redis.ts'

async function tables(url: string): Promise<number> {
  const sql = postgres(url, { max: 1 })
  try {
    const [row] = await sql<{ count: number }[]>`
      select count(*)::int as count from pg_tables where schemaname = 'public'`
    return row?.count ?? 0
  } finally {
    await sql.end()
  }
}

function ping(url: string): Promise<string> {
  const { port, hostname } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port || 6379), hostname, () => socket.write('PING\r\n'))
    socket.once('error', reject)
    socket.once('data', (answer) => {
      socket.destroy()
      resolve(answer.toString().trim())
    })
  })
}

describe('createTestDatabase', () => {
  it('gives each caller a migrated database of its own', async () => {
    const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()])
    expect(one.url).not.toBe(other.url)
    expect(await tables(one.url)).toBeGreaterThan(1)
    await Promise.all([one.drop(), other.drop()])
    await expect(tables(one.url)).rejects.toMatchObject({ code: '3D000' })
  })

  it('can give one without any table, and drops one that is still in use', async () => {
    const empty = await createEmptyDatabase()
    const sql = postgres(empty.url, { max: 1 })
    await sql`select 1`
    expect(await tables(empty.url)).toBe(0)
    await empty.drop()
    await sql.end().catch(() => undefined)
  })
})

describe('eventually', () => {
  it('gives back the first answer that is neither undefined nor false', async () => {
    let asked = 0
    expect(await eventually('the third try', () => (++asked < 3 ? undefined : asked))).toBe(3)
    expect(await eventually('a zero', () => 0)).toBe(0)
  })

  it('says what it waited for, how often, and what it saw last', async () => {
    const never = eventually('a miracle', () => false, { timeoutMs: 50 })
    await expect(never).rejects.toThrow(/^Waited \d+ ms for a miracle: the last answer was false \(\d+ tries\)$/)
    const failing = eventually('peace', () => Promise.reject(new Error('war')), { timeoutMs: 50 })
    await expect(failing).rejects.toThrow(/for peace: the last try threw war/)
  })
})

describe.each(await backends())('a run on $name', ({ redisUrl }) => {
  it('has what it needs', async () => {
    const own = await startRedis()
    const urls = [redisUrl, own?.url].filter((url) => url !== undefined)
    expect(await Promise.all(urls.map(ping))).toEqual(urls.map(() => '+PONG'))
    await own?.stop()
  })
})
