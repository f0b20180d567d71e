import type { TextProblem } from './code-editor.tsx'

/** Where a text stops being JSON, as far as the browser tells; undefined for one that is. */
export function jsonProblem(text: string): TextProblem | undefined {
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error)
    const [, line, column] = /line (\d+) column (\d+)/.exec(said) ?? []
    if (line !== undefined) return { line: Number(line), column: Number(column), message: plain(said) }
    const [, position] = /position (\d+)/.exec(said) ?? []
    // Where it tells no place, the text ended too early.
    const before = text.slice(0, position === undefined ? text.length : Number(position)).split('\n')
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, message: plain(said) }
  }
}

function plain(said: string): string {
  return `not JSON: ${said.replace(/^JSON\.parse: /, '').replace(/ (?:in JSON )?at (?:position|line) .*$/, '')}`
}
