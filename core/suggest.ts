/** The end of an error message: ` (did you mean "severity"?)`, or nothing when no known word is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = suggest(word, known)
  return near === undefined ? '' : ` (did you mean "${near}"?)`
}

/** The known word that a person most likely meant: same letters, one inside the other, or at most a third of them wrong. */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const asked = plain(word)
  let best: { word: string; distance: number } | undefined
  for (const candidate of known) {
    const distance = distanceOf(asked, plain(candidate))
    if (distance !== undefined && (best === undefined || distance < best.distance)) best = { word: candidate, distance }
  }
  return best?.word
}

/** Case and separators are what people get wrong first. */
function plain(word: string): string {
  return word
    .slice(0, 60)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
}

function distanceOf(asked: string, candidate: string): number | undefined {
  if (asked.length < 2 || candidate.length < 2) return asked === candidate ? 0 : undefined
  const edits = editDistance(asked, candidate)
  if (edits <= Math.ceil(Math.min(asked.length, candidate.length) / 3)) return edits
  const contained =
    candidate.length >= 3 && asked.length >= 3 && (asked.includes(candidate) || candidate.includes(asked))
  // A whole word inside another is a worse guess than a typing mistake.
  return contained ? edits + 10 : undefined
}

/** Optimal string alignment: a pair of swapped letters is one mistake. */
function editDistance(a: string, b: string): number {
  let older: number[] = []
  let before = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const cost = Math.min(at(before, j) + 1, at(row, j - 1) + 1, at(before, j - 1) + same)
      row.push(swapped ? Math.min(cost, at(older, j - 2) + 1) : cost)
    }
    older = before
    before = row
  }
  return at(before, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? 0
}
