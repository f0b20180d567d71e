/**
 * Widths of ASCII 32–126 in thousandths of the font size, regular and bold, of Helvetica. Arial and Liberation Sans
 * share them, so that text measured here fits in every browser whose page asks for one of the three.
 */
const REGULAR =
  widths(`278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556
  278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944
  667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556
  500 722 500 500 500 334 260 334 584`)
const BOLD =
  widths(`278 333 474 556 556 889 722 238 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556
  333 333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 667 944
  667 667 611 333 278 333 584 556 333 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 611 389 556 333 611
  556 778 556 556 500 389 280 389 584`)

/** Pixels, rounded up. A character that the table does not know counts as a full square, which is never too little. */
export function textWidth(text: string, size: number, weight: 'regular' | 'bold' = 'regular'): number {
  const table = weight === 'bold' ? BOLD : REGULAR
  let sum = 0
  for (const character of text) sum += table[(character.codePointAt(0) ?? 0) - 32] ?? 1000
  return Math.ceil((sum * size) / 1000)
}

/** The text itself where it fits, else its beginning and an ellipsis. */
export function ellipsise(
  text: string,
  size: number,
  maxWidth: number,
  weight: 'regular' | 'bold' = 'regular',
): string {
  if (textWidth(text, size, weight) <= maxWidth) return text
  const characters = [...text]
  while (characters.length > 1 && textWidth(`${characters.join('')}…`, size, weight) > maxWidth) characters.pop()
  return `${characters.join('').trimEnd()}…`
}

function widths(table: string): number[] {
  return table.trim().split(/\s+/).map(Number)
}
