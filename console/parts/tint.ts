/** One piece of a line and what it is; the pieces of a line together are the line. */
export type Piece = readonly [kind: '' | 'key' | 'text' | 'value' | 'comment' | 'mark', text: string]
export type Language = 'yaml' | 'json'

const PATTERNS: Readonly<Record<Language, RegExp>> = {
  yaml: /(?<comment>(?:^|(?<=\s))#.*)|(?<key>(?:(?<=^[\s-]*)|(?<=[{,]\s*))[\w.$/-]+(?=:(?:\s|$)))|(?<text>"(?:[^"\\]|\\.)*"?|'[^']*'?)|(?<value>(?<=[\s[,]|^)(?:true|false|null|~|-?\d[\d._]*(?:ms|s|m|h|d)?)(?=\s*(?:[,}\]#]|$)))|(?<mark>[{}[\],]|^\s*-(?=\s)|:(?=\s|$)|[|>][+-]?$)/g,
  json: /(?<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?<text>"(?:[^"\\]|\\.)*"?)|(?<value>true|false|null|-?\d[\d.eE+-]*)|(?<mark>[{}[\],:])/g,
}

/** Tints one line, without knowing the lines around it: quick, and right wherever a text does not run over lines. */
export function tint(line: string, language: Language): Piece[] {
  const pieces: Piece[] = []
  let end = 0
  for (const match of line.matchAll(PATTERNS[language])) {
    if (match.index > end) pieces.push(['', line.slice(end, match.index)])
    pieces.push([kindOf(match), match[0]])
    end = match.index + match[0].length
  }
  if (end < line.length) pieces.push(['', line.slice(end)])
  return pieces
}

function kindOf({ groups = {} }: RegExpMatchArray): Piece[0] {
  if (groups.comment !== undefined) return 'comment'
  if (groups.key !== undefined) return 'key'
  if (groups.text !== undefined) return 'text'
  return groups.value === undefined ? 'mark' : 'value'
}
