/** Turns "the condition holds / does not hold / cannot be told" into at most one firing and one resolved per episode. Pure. */
export interface Rules {
  /** What lasts less is noise. */
  ignoreMs: number
  /** A condition is reported when it has lasted this long. */
  reportMs: number
}

export interface Episode {
  startedAt: number
  /** When the condition was last seen to hold. */
  seenAt: number
  reported: boolean
}

export type Edge = 'firing' | 'resolved'

/** `present` is `undefined` when nobody can tell (booting, unreachable): a reported episode waits, a young one is forgotten. */
export function follow(
  episode: Episode | undefined,
  present: boolean | undefined,
  now: number,
  rules: Rules,
): { episode: Episode | undefined; edge?: Edge } {
  if (present === undefined) {
    const forgotten = episode && !episode.reported && now - episode.seenAt > rules.ignoreMs
    return { episode: forgotten ? undefined : episode }
  }
  if (!present) return episode?.reported ? { episode: undefined, edge: 'resolved' } : { episode: undefined }
  const startedAt = episode?.startedAt ?? now
  const due = episode?.reported !== true && now - startedAt >= rules.reportMs
  const reported = due || episode?.reported === true
  return { episode: { startedAt, seenAt: now, reported }, ...(due ? { edge: 'firing' } : {}) }
}
