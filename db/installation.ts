import { answer, type Sql } from './client.ts'

/** The id that this database was given when it was created. */
export async function installationId(sql: Sql): Promise<string> {
  const [row] = await answer(sql<{ id: string }[]>`select id::text from installation`)
  return row?.id ?? 'unknown'
}
