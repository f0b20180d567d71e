import type { Result } from './result.ts'

/** The result for people. */
export function renderTable(result: Result): string {
  const { rows, questions, ratios, notMeasured, failed } = result
  const sections = [
    grid(
      ['row', 'events/s', 'p50 ms', 'p99 ms', 'rounds'],
      rows.map(({ name, perSecond, p50Ms, p99Ms, rounds }) => [
        name,
        figure(perSecond),
        figure(p50Ms),
        figure(p99Ms),
        rounds.join(' '),
      ]),
    ),
    questions
      .map(({ name, figures }) =>
        [
          name,
          ...grid(
            null,
            Object.entries(figures).map(([what, value]) => [`  ${what}`, figure(value)]),
          ),
        ].join('\n'),
      )
      .map((text) => [text]),
    grid(
      ['ratio', ''],
      Object.entries(ratios).map(([name, value]) => [name, figure(value)]),
    ),
    Object.entries(notMeasured).map(([name, why]) => `not measured: ${name}: ${why}`),
    Object.entries(failed).map(([name, why]) => `failed: ${name}: ${why}`),
  ]
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}

/** Columns wide enough for what they hold; the first one and a last one of words to the left, figures to the right. */
export function grid(head: readonly string[] | null, rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return []
  const all = head ? [head, ...rows] : rows
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  const lines = all.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column > 3 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
  return head
    ? [lines[0] ?? '', '-'.repeat(widths.reduce((sum, width) => sum + width + 2, -2)), ...lines.slice(1)]
    : lines
}

/** Three digits that mean something. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return Number(value.toPrecision(3)).toString()
}
