/** Remembers answers for a moment, so that many requests ask the database once. */
export interface Recent<Answer> {
  find(key: string): Promise<Answer>
  forget(): void
}

/** At most `max` answers, each for `ttlMs`. Failures are not remembered, nor what `keeps` does not want kept. */
export function createRecent<Answer>(options: {
  ttlMs: number
  max: number
  load(key: string): Promise<Answer>
  keeps(answer: Answer): boolean
}): Recent<Answer> {
  const { ttlMs, max, load, keeps } = options
  const known = new Map<string, { answer: Promise<Answer>; until: number }>()
  return {
    find(key) {
      const now = performance.now()
      const entry = known.get(key)
      if (entry && entry.until > now) return entry.answer
      const answer = load(key)
      known.delete(key)
      const [oldest] = known.keys()
      if (known.size >= max && oldest !== undefined) known.delete(oldest)
      const made = { answer, until: now + ttlMs }
      known.set(key, made)
      const drop = (): void => {
        if (known.get(key) === made) known.delete(key)
      }
      answer.then((value) => (keeps(value) ? undefined : drop()), drop)
      return answer
    },
    forget: () => known.clear(),
  }
}
