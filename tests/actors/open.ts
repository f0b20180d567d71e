import { afterAll, beforeAll } from 'vitest'
import { createRuntime, type Runtime, type RuntimeOptions } from '../../actors/runtime.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { expectInvariants } from '../support/invariants.ts'

export interface Open {
  runtime: Runtime
  databaseUrl: string
}

/**
 * One running runtime on a database of its own for a `describe` block. At its end, everything that ran there must be
 * replayable and nothing may wait.
 */
export function openRuntime(options: Omit<RuntimeOptions, 'databaseUrl'>): Open {
  let database: TestDatabase | undefined
  const open: Partial<Open> = {}
  beforeAll(async () => {
    database = await createTestDatabase()
    open.databaseUrl = database.url
    open.runtime = await createRuntime({ ...options, databaseUrl: database.url })
    await open.runtime.start()
  })
  afterAll(async () => {
    if (open.runtime && open.databaseUrl) await expectInvariants(open.runtime, open.databaseUrl)
    await open.runtime?.stop()
    await database?.drop()
  })
  return open as Open
}

/** Options of `createRuntime` for a backend of `backends()`. */
export function on(redisUrl: string | undefined): { redisUrl?: string } {
  return redisUrl === undefined ? {} : { redisUrl }
}

/** Everything that an endless reading gives until it is enough. */
export async function take<T>(items: AsyncIterable<T>, amount: number): Promise<T[]> {
  const taken: T[] = []
  if (amount === 0) return taken
  for await (const item of items) {
    taken.push(item)
    if (taken.length >= amount) break
  }
  return taken
}
