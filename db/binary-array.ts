/**
 * Arrays in PostgreSQL's binary format. In the text format, which `pg` would write, every element is quoted and escaped
 * here and read letter by letter there.
 *
 * The format is that of `array_recv` (PostgreSQL, src/backend/utils/adt/arrayfuncs.c): number of dimensions, whether there
 * are nulls, the elements' type, then length and first index of the dimension, then each element behind its length.
 */

const HEADER_BYTES = 20
const NULL = -1

/** `pg_type.oid`, and how many bytes an element needs at most; undefined for a value that is to be written as text. */
const TYPES = {
  text: { oid: 25, room: (value: unknown) => (typeof value === 'string' ? value.length * 3 : undefined) },
  bigint: { oid: 20, room: (value: unknown) => (Number.isSafeInteger(value) ? 8 : undefined) },
}
const CAST = /^::(text|bigint)\[\]/

/** What follows a parameter in its statement tells its type. Undefined: left to `pg`, whose way knows all types. */
export function encodeArray(values: readonly unknown[], castAfter: string): Buffer | undefined {
  const name = CAST.exec(castAfter)?.[1]
  return name === 'text' || name === 'bigint' ? encode(values, TYPES[name]) : undefined
}

function encode(values: readonly unknown[], { oid, room }: (typeof TYPES)['text']): Buffer | undefined {
  let most = HEADER_BYTES
  let nulls = 0
  for (const value of values) {
    const bytes = value === null ? 0 : room(value)
    if (bytes === undefined) return undefined
    if (value === null) nulls = 1
    most += 4 + bytes
  }
  const buffer = Buffer.allocUnsafe(most)
  buffer.writeInt32BE(values.length === 0 ? 0 : 1, 0)
  buffer.writeInt32BE(nulls, 4)
  buffer.writeInt32BE(oid, 8)
  if (values.length === 0) return buffer.subarray(0, 12)
  buffer.writeInt32BE(values.length, 12)
  buffer.writeInt32BE(1, 16)
  let at = HEADER_BYTES
  for (const value of values) {
    const bytes = write(value, buffer, at + 4)
    buffer.writeInt32BE(bytes, at)
    at += 4 + Math.max(bytes, 0)
  }
  return buffer.subarray(0, at)
}

/** Bytes written; -1 for null. */
function write(value: unknown, buffer: Buffer, at: number): number {
  if (typeof value === 'string') return buffer.write(value, at)
  if (typeof value !== 'number') return NULL
  buffer.writeBigInt64BE(BigInt(value), at)
  return 8
}
