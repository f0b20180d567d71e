/** One broken promise, with what shows it: enough to look for it in the database and the ledgers. */
export interface Violation {
  /** The guarantee of RELIABILITY.md, or a word for an invariant of ARCHITECTURE.md. */
  rule: string
  what: string
  evidence: unknown
}

/** Items by a key, in their order. */
export function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}

/** Keys that more than one item has. */
export function doubles<Item>(items: readonly Item[], keyOf: (item: Item) => string): string[] {
  return [...groupBy(items, keyOf)].filter(([, group]) => group.length > 1).map(([key]) => key)
}
