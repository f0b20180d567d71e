/** One message of the server's event stream. */
export interface Message {
  event: string
  id: string | undefined
  data: unknown
}

/** Takes text in any pieces; emits whole messages. */
export function createParser(emit: (message: Message) => void): (piece: string) => void {
  let rest = ''
  return (piece) => {
    const blocks = `${rest}${piece}`.split(/\r?\n\r?\n/)
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const message = parseBlock(block)
      if (message) emit(message)
    }
  }
}

function parseBlock(block: string): Message | undefined {
  let event = 'message'
  let id: string | undefined
  const data: string[] = []
  for (const line of block.split(/\r?\n/)) {
    const [, field, value = ''] = /^([a-z]+): ?(.*)$/.exec(line) ?? []
    if (field === 'data') data.push(value)
    if (field === 'event') event = value
    if (field === 'id') id = value
  }
  // A comment keeps the connection open and says nothing.
  return data.length === 0 ? undefined : { event, id, data: parseJson(data.join('\n')) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A message that is no JSON is none of ours.
    return undefined
  }
}
