/**
 * Delta debugging (Zeller and Hildebrandt): the smallest part of a list that still `fails`, by leaving out ever smaller
 * pieces. `items` must fail. With a `fails` that answers the same each time and time enough, nothing more can be left out
 * of the result; it is always one that failed.
 */
export async function ddmin<Item>(
  items: readonly Item[],
  fails: (part: readonly Item[]) => Promise<boolean>,
  inTime: () => boolean = () => true,
): Promise<readonly Item[]> {
  let kept = items
  for (let pieces = 2; kept.length > 0 && inTime(); ) {
    const size = Math.ceil(kept.length / pieces)
    const smaller = await firstThat(withoutOne(kept, size), fails, inTime)
    if (smaller) {
      kept = smaller
      pieces = Math.max(2, pieces - 1)
    } else if (size === 1) break
    else pieces = Math.min(kept.length, pieces * 2)
  }
  return kept
}

/** The list without each of its pieces, one after the other. */
function withoutOne<Item>(items: readonly Item[], size: number): (readonly Item[])[] {
  const parts: (readonly Item[])[] = []
  for (let at = 0; at < items.length; at += size) parts.push([...items.slice(0, at), ...items.slice(at + size)])
  return parts
}

async function firstThat<Part>(
  parts: readonly Part[],
  holds: (part: Part) => Promise<boolean>,
  inTime: () => boolean,
): Promise<Part | undefined> {
  for (const part of parts) {
    if (!inTime()) return undefined
    if (await holds(part)) return part
  }
  return undefined
}
