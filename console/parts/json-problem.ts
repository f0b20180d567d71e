import type { TextProblem } from './code-editor.tsx'

const SPACE = /[ \t\r\n]*/y
const TOKEN =
  /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\],:]/uy

/** Where a text stops being JSON, and what stands there; undefined for one that is JSON. Browsers tell no place, or not always. */
export function jsonProblem(text: string): TextProblem | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch {
    const at = stopOf(text)
    const before = text.slice(0, at).split('\n')
    const found = /^(?:"[^\n]{0,20}|[\w.+-]+|.)/u.exec(text.slice(at))?.[0]
    const message = found === undefined ? 'not JSON: it ends too early' : `not JSON: did not expect ${found}`
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, message }
  }
}

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma' | 'nothing'

/** The offset of the first token that cannot stand where it stands, or of the end. */
function stopOf(text: string): number {
  const open: string[] = []
  let expected: Expected = 'value'
  let at = 0
  for (;;) {
    SPACE.lastIndex = at
    at += SPACE.exec(text)?.[0].length ?? 0
    TOKEN.lastIndex = at
    const token = TOKEN.exec(text)?.[0]
    const next: Expected | undefined = token === undefined ? undefined : after(token, expected, open)
    if (token === undefined || next === undefined) return at
    at += token.length
    expected = next
  }
}

/** What may follow the token; undefined where it cannot stand. Keeps account of what is open. */
function after(token: string, expected: Expected, open: string[]): Expected | undefined {
  const over = (): Expected => (open.length === 0 ? 'nothing' : 'comma')
  if (expected === 'colon') return token === ':' ? 'value' : undefined
  if (expected === 'nothing') return undefined
  if (token === '}' || token === ']') {
    const closes = token === '}' ? '{' : '['
    if (open.at(-1) !== closes || expected === 'value' || expected === 'key') return undefined
    open.pop()
    return over()
  }
  if (expected === 'comma') return token === ',' ? (open.at(-1) === '{' ? 'key' : 'value') : undefined
  if (expected === 'key' || expected === 'key or }') return token.startsWith('"') ? 'colon' : undefined
  if (token === ',' || token === ':') return undefined
  if (token !== '{' && token !== '[') return over()
  open.push(token)
  return token === '{' ? 'key or }' : 'value or ]'
}
