import type { PostgresType } from 'postgres'

/** Arrays that our statements take, by the number that Postgres has for their type; answers hold none. Times go as text. */
const ARRAYS = { int2: 1005, int4: 1007, text: 1009, varchar: 1015, int8: 1016, float8: 1022 }

/**
 * How arrays are written. postgres.js would ask the server for this on every new connection, and when that connection
 * dies meanwhile nobody hears the failure: an unhandled rejection, which ends the process.
 */
export const arrayTypes: Record<string, PostgresType> = Object.fromEntries(
  Object.entries(ARRAYS).map(([name, oid]) => [
    `${name}s`,
    { to: oid, from: [], serialize: writeArray, parse: String },
  ]),
)

function writeArray(values: readonly unknown[]): string {
  return `{${values.map(writeElement).join(',')}}`
}

function writeElement(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  return `"${String(value).replaceAll(/[\\"]/g, '\\$&')}"`
}
