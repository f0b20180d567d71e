import { typeSegments } from '../expressions/pattern.ts'

interface Branch<T> {
  children: Map<string, Branch<T>>
  /** Patterns that end here. */
  here: T[]
  /** Patterns that go on with `**` from here. */
  rest: T[]
}

/** Finds what listens to a type without looking at the rest: a tree of pattern segments, walked level by level. */
export interface RuleIndex<T> {
  find(type: string): Set<T>
}

export function createRuleIndex<T>(
  entries: Iterable<{ includes: readonly (readonly string[])[]; value: T }>,
): RuleIndex<T> {
  const root = branch<T>()
  for (const { includes, value } of entries) {
    for (const pattern of includes) {
      let node = root
      for (const segment of pattern) {
        if (segment === '**') break
        const next = node.children.get(segment) ?? branch<T>()
        node.children.set(segment, next)
        node = next
      }
      ;(pattern.at(-1) === '**' ? node.rest : node.here).push(value)
    }
  }
  return {
    find(type) {
      const found = new Set<T>()
      let level = [root]
      for (const segment of typeSegments(type)) {
        for (const node of level) for (const value of node.rest) found.add(value)
        level = level.flatMap((node) => [segment, '*'].flatMap((key) => node.children.get(key) ?? []))
      }
      for (const node of level) for (const value of node.here) found.add(value)
      return found
    },
  }
}

function branch<T>(): Branch<T> {
  return { children: new Map(), here: [], rest: [] }
}
