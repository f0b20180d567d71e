import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { inject } from 'vitest'

export interface TestDatabase {
  url: string
  /** Removes it, cutting whoever is still connected. */
  drop(): Promise<void>
}

/** A migrated database of its own for one test file, copied from a template in a few dozen milliseconds. */
export function createTestDatabase(): Promise<TestDatabase> {
  return copy('template_troupe')
}

/** A database without our schema, for tests of the migrations themselves. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return copy('template1')
}

async function copy(template: string): Promise<TestDatabase> {
  const adminUrl = inject('adminUrl')
  const name = `test_${randomBytes(6).toString('hex')}`
  await administer(adminUrl, (sql) => sql`create database ${sql(name)} template ${sql(template)}`)
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    drop: () => administer(adminUrl, (sql) => sql`drop database if exists ${sql(name)} with (force)`),
  }
}

async function administer(url: string, statement: (sql: postgres.Sql) => PromiseLike<unknown>): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined })
  try {
    await statement(sql)
  } finally {
    await sql.end()
  }
}
