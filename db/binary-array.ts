/**
 * Arrays in PostgreSQL's binary format. In the text format, which `pg` would write, every element is quoted and escaped
 * here and read letter by letter there.
 *
 * The format is that of `array_recv` (PostgreSQL, src/backend/utils/adt/arrayfuncs.c): number of dimensions, whether there
 * are nulls, the elements' type, then length and first index of the dimension, then each element behind its length.
 */

const HEADER_BYTES = 20
const NULL = -1

interface ElementType {
  /** `pg_type.oid`. */
  oid: number
  /** How many bytes an element needs at most; undefined for a value that is to be written as text. */
  room(value: unknown): number | undefined
  /** Answers how many bytes it wrote. */
  write(value: unknown, buffer: Buffer, at: number): number
}

const TYPES: Readonly<Record<string, ElementType>> = {
  bool: {
    oid: 16,
    room: (value) => (typeof value === 'boolean' ? 1 : undefined),
    write: (value, buffer, at) => buffer.writeUInt8(value === true ? 1 : 0, at) - at,
  },
  bigint: {
    oid: 20,
    room: (value) => (Number.isSafeInteger(value) ? 8 : undefined),
    write: (value, buffer, at) => buffer.writeBigInt64BE(BigInt(Number(value)), at) - at,
  },
  text: {
    oid: 25,
    room: (value) => (typeof value === 'string' ? value.length * 3 : undefined),
    write: (value, buffer, at) => buffer.write(String(value), at),
  },
  timestamptz: {
    oid: 1184,
    room: (value) => (value instanceof Date && Number.isSafeInteger(value.getTime()) ? 8 : undefined),
    // Microseconds since the year 2000 (timestamp_recv, src/backend/utils/adt/timestamp.c).
    write: (value, buffer, at) => buffer.writeBigInt64BE(BigInt(Number(value) - YEAR_2000) * 1000n, at) - at,
  },
}
const YEAR_2000 = Date.UTC(2000, 0)
const CAST = /^::(bool|bigint|text|timestamptz)\[\]/

/** What follows a parameter in its statement tells its type. Undefined: left to `pg`, whose way knows all types. */
export function encodeArray(values: readonly unknown[], castAfter: string): Buffer | undefined {
  const type = TYPES[CAST.exec(castAfter)?.[1] ?? '']
  return type && encode(values, type)
}

function encode(values: readonly unknown[], { oid, room, write }: ElementType): Buffer | undefined {
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
    const bytes = value === null ? 0 : write(value, buffer, at + 4)
    buffer.writeInt32BE(value === null ? NULL : bytes, at)
    at += 4 + bytes
  }
  return buffer.subarray(0, at)
}
