import { createHash } from 'node:crypto'
import pg from 'pg'
import { encodeArray } from './binary-array.ts'

/** Sends a complete statement and answers its rows. */
export type Send = (statement: { name: string; text: string; values: unknown[] }) => Promise<object[]>

/**
 * A statement, or a piece of one, as a tagged template: a value becomes a parameter, a statement a part of the one around
 * it, an `Identifier` a name. It is sent when somebody first waits for it, once.
 */
export class Statement<Rows extends readonly object[]> implements PromiseLike<Rows> {
  private readonly texts: readonly string[]
  private readonly values: readonly unknown[]
  private readonly send: Send
  private sent: Promise<Rows> | undefined

  constructor(texts: readonly string[], values: readonly unknown[], send: Send) {
    this.texts = texts
    this.values = values
    this.send = send
  }

  // oxlint-disable-next-line unicorn/no-thenable
  then<A = Rows, B = never>(
    onRows?: ((rows: Rows) => A | PromiseLike<A>) | null,
    onFailure?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.sent ??= this.run()
    return this.sent.then(onRows, onFailure)
  }

  private async run(): Promise<Rows> {
    const values: unknown[] = []
    const text = this.write(values)
    const rows: object[] = await this.send({ name: nameOf(text), text, values })
    return rows as unknown as Rows
  }

  private write(values: unknown[]): string {
    return this.texts.reduce((text, next, place) => text + writePart(this.values[place - 1], next, values) + next)
  }

  /** The text of a statement; its parameters are added to `values`. */
  static write(statement: Statement<readonly object[]>, values: unknown[]): string {
    return statement.write(values)
  }
}

/** The name of a column or of a part. */
export class Identifier {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

function writePart(value: unknown, after: string, values: unknown[]): string {
  if (value instanceof Statement) return Statement.write(value, values)
  if (value instanceof Identifier) return pg.escapeIdentifier(value.name)
  if (value === undefined) throw new UndefinedValueError('A statement has no use for undefined: null says "nothing"')
  return `$${values.push(Array.isArray(value) ? (encodeArray(value, after) ?? value) : value)}`
}

class UndefinedValueError extends Error {
  readonly code = 'UNDEFINED_VALUE'
}

/** Each connection prepares a statement of this name once; equal texts are one statement. */
function nameOf(text: string): string {
  const known = names.get(text)
  if (known !== undefined) return known
  const name = createHash('sha1').update(text).digest('base64')
  names.set(text, name)
  return name
}

/** Texts are made of templates in this program, so there are a few hundred at most. */
const names = new Map<string, string>()
