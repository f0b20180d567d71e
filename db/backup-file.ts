import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { AppError } from '../core/errors.ts'

/**
 * A backup is one file, gzip over lines: this header; for each table its rows as COPY writes them, COPY's end mark,
 * and a line with their number and SHA-256; at last a line that says that it is whole.
 */
export const Header = z.strictObject({
  format: z.literal('troupe-backup/1'),
  takenAt: z.string(),
  /** The migrations that the database had seen. */
  schema: z.array(z.string()),
  tables: z.array(z.strictObject({ name: z.string(), columns: z.array(z.string()) })),
})
export type Header = z.infer<typeof Header>

/** What follows the rows of a table. */
const TableEnd = z.strictObject({
  rows: z.number(),
  sha256: z.string(),
  /** The next number of each column that counts. */
  sequences: z.record(z.string(), z.number()),
})
export type TableEnd = z.infer<typeof TableEnd>

/** COPY's own mark for the end of data, which no row can look like: it escapes backslashes. */
export const END_OF_ROWS = '\\.'
export const END_OF_FILE = 'whole'

export type Part =
  | { kind: 'header'; header: Header }
  | { kind: 'table'; name: string; columns: string[] }
  /** With its line end, as COPY takes it. */
  | { kind: 'row'; line: Buffer }
  | { kind: 'end'; name: string; end: TableEnd }

/** Reads a backup and proves it while doing so: throws `backup.damaged` where it is cut short or changed. */
export async function* readBackup(path: string): AsyncGenerator<Part> {
  const lines = readLines(path)
  const next = async (): Promise<Buffer> => {
    const { value, done } = await lines.next().catch((cause: unknown) => {
      throw damaged(path, 'it cannot be read', cause)
    })
    if (done) throw damaged(path, 'it ends too early')
    return value
  }
  const header = parse(path, Header, await next())
  yield { kind: 'header', header }
  for (const { name, columns } of header.tables) {
    yield { kind: 'table', name, columns }
    const hash = createHash('sha256')
    let rows = 0
    for (let line = await next(); !isLine(line, END_OF_ROWS); line = await next()) {
      hash.update(line)
      rows += 1
      yield { kind: 'row', line }
    }
    const end = parse(path, TableEnd, await next())
    if (end.rows !== rows || end.sha256 !== hash.digest('hex')) throw damaged(path, `the rows of ${name} were changed`)
    yield { kind: 'end', name, end }
  }
  if (!isLine(await next(), END_OF_FILE)) throw damaged(path, 'it ends too early')
}

/** Lines of bytes with their ends. Not `readline`: it also breaks at U+2028, which rows may hold. */
async function* readLines(path: string): AsyncGenerator<Buffer> {
  const file = createReadStream(path)
  const text = createGunzip()
  file.on('error', (error) => text.destroy(error)).pipe(text)
  let begun: Buffer[] = []
  for await (const chunk of text as AsyncIterable<Buffer>) {
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const piece = chunk.subarray(from, at + 1)
      yield begun.length === 0 ? piece : Buffer.concat([...begun, piece])
      begun = []
      from = at + 1
    }
    if (from < chunk.length) begun.push(chunk.subarray(from))
  }
}

const NEWLINE = 0x0a

function isLine(line: Buffer, text: string): boolean {
  return line.length === text.length + 1 && line.toString('latin1', 0, text.length) === text
}

function parse<Shape>(path: string, shape: z.ZodType<Shape>, line: Buffer): Shape {
  try {
    return shape.parse(JSON.parse(line.toString()))
  } catch (cause) {
    throw damaged(path, 'it is not a backup of this program', cause)
  }
}

function damaged(path: string, why: string, cause?: unknown): AppError {
  return new AppError('backup.damaged', `The backup ${path} cannot be used: ${why}`, { cause, details: { path } })
}
