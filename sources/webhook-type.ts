/** The type of an event from the words of a webhook, which are nobody's promise: what no type may hold becomes `_`. */
export function typeOf(sender: string, ...words: readonly (string | null | undefined)[]): string {
  const kept = words.flatMap((word) => (word ? [word.slice(0, 64).replaceAll(/[^A-Za-z0-9_-]/g, '_')] : []))
  return [sender, ...kept].join('.')
}
