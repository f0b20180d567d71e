/** What keys do in a field for code. The browser's own undo knows each of them. */

const INDENT = '  '

/** Moves the lines of the selection one step in or out; without a selection, in means spaces at the caret. */
export function shiftLines(field: HTMLTextAreaElement, out: boolean): void {
  const { selectionStart: start, selectionEnd: end, value } = field
  if (start === end && !out) return write(INDENT)
  const from = value.lastIndexOf('\n', start - 1) + 1
  const lines = value.slice(from, end).split('\n')
  const shifted = lines.map((line) => (out ? line.replace(/^ {1,2}/, '') : line === '' ? line : INDENT + line))
  const text = shifted.join('\n')
  if (text === value.slice(from, end)) return
  field.setSelectionRange(from, end)
  write(text)
  if (start === end) {
    const at = Math.max(from, end - ((lines[0]?.length ?? 0) - (shifted[0]?.length ?? 0)))
    field.setSelectionRange(at, at)
  } else field.setSelectionRange(from, from + text.length)
}

/** A new line that begins where the one before does. */
export function breakLine(field: HTMLTextAreaElement): void {
  const { selectionStart: start, value } = field
  const line = value.slice(value.lastIndexOf('\n', start - 1) + 1, start)
  write(`\n${/^ */.exec(line)?.[0] ?? ''}`)
}

/** Selects the word at a line and column, counted from 1, and shows it. */
export function select(field: HTMLTextAreaElement, line: number, column: number): void {
  const lines = field.value.split('\n')
  const before = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0)
  const start = before + Math.min(column - 1, lines[line - 1]?.length ?? 0)
  field.focus()
  field.setSelectionRange(start, start + wordAt(lines[line - 1] ?? '', column).length)
}

/** What a problem at this column is probably about: the word there, or what is left of the line. */
export function wordAt(line: string, column: number): string {
  const rest = line.slice(column - 1)
  return /^[^\s,:{}[\]]+/.exec(rest)?.[0] ?? rest.trimEnd()
}

function write(text: string): void {
  // Deprecated for what it did in documents; in fields it is the one way to write that undo can take back.
  document.execCommand('insertText', false, text)
}
