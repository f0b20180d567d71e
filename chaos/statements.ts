const PARSE = 'P'.charCodeAt(0)
const BIND = 'B'.charCodeAt(0)
const QUERY = 'Q'.charCodeAt(0)
/** Type and length of a message of PostgreSQL's protocol. */
const HEAD_BYTES = 5

/**
 * Reads what a client of PostgreSQL is about to run out of the bytes it sends: the texts of the statements, prepared
 * ones too. One reader for one connection, since a prepared statement's text is sent only once.
 */
export function createStatementReader(): (chunk: Buffer) => string[] {
  const prepared = new Map<string, string>()
  let rest: Buffer = Buffer.alloc(0)
  let started = false

  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const texts: string[] = []
    if (!started) {
      // The first message has no type; asking for TLS comes before it and is 8 bytes long.
      const length = rest.length >= 4 ? rest.readUInt32BE(0) : Infinity
      if (rest.length < length) return texts
      rest = rest.subarray(length)
      if (length > 8) started = true
    }
    while (started && rest.length >= HEAD_BYTES) {
      const end = 1 + rest.readUInt32BE(1)
      if (rest.length < end) break
      const body = rest.subarray(HEAD_BYTES, end)
      const [first = '', second = ''] = body.toString('latin1').split('\0', 2)
      if (rest[0] === PARSE) prepared.set(first, second)
      if (rest[0] === BIND) texts.push(prepared.get(second) ?? '')
      if (rest[0] === QUERY) texts.push(first)
      rest = rest.subarray(end)
    }
    return texts
  }
}

/** Commands of Redis by name: enough to aim at them. */
export function createCommandReader(): (chunk: Buffer) => string[] {
  return (chunk) => chunk.toString('latin1').match(/\b(?:evalsha|eval|publish|subscribe|bzpopmin)\b/gi) ?? []
}
