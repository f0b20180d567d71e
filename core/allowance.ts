/** So many a second; `burst` of them at once, after a silence. */
export interface Rate {
  perSecond: number
  burst: number
}

/** What one process asks for somebody. */
export interface Ask {
  who: string
  /** Used already, beyond what was granted: counts, whether there is so much or not. */
  owed: number
  /** Wished for: granted as far as there is some. */
  wanted: number
}

export interface Grant {
  granted: number
  /** Milliseconds until there is another one; 0: there is one now. */
  waitMs: number
}

/** What everybody may use, counted once for all processes of an installation, by the clock of the store. */
export interface Allowance {
  /** Answers in the order of asking. Rejects while the store is away. */
  spend(rate: Rate, asks: readonly Ask[]): Promise<Grant[]>
  stop(): Promise<void>
}
