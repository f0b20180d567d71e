import { createRuntime, type Runtime } from '../../actors/runtime.ts'
import { createLog } from '../../core/log.ts'
import { on } from '../actors/open.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { machines } from './programs/machines.ts'

/** A database of its own, and a runtime that looks and sends, but gives no turns: those are the business of the processes that die. */
export async function openBystander(
  redisUrl: string | undefined,
): Promise<{ database: TestDatabase; runtime: Runtime }> {
  const database = await createTestDatabase()
  const runtime = await createRuntime({
    ...on(redisUrl),
    databaseUrl: database.url,
    machines: machines(() => undefined),
    roles: ['api'],
    log: createLog('fatal'),
  })
  await runtime.start()
  return { database, runtime }
}
