/**
 * What a trigger asks for besides its event, with the keys of this one event filled in (`device=stb-1`). Comes with each
 * task, read from the version of the definition that routed it: a newer version changes nothing of what waits.
 */
export interface Terms {
  version: string
  /** The trigger's name, its own among those of the agent. What a policy remembers is remembered for this trigger. */
  scope: string
  /** The alert that the event tells of; null: the event is no alert. */
  alert: { fingerprint: string; startsAt: string | null } | null
  /** The alert must still fire after this. */
  forMs?: number
  dedupe?: { key: string; windowMs: number }
  group?: { key: string; waitMs: number; max: number }
  limits?: Limit[]
  cooldown?: { key: string; after: 'run.start' | 'run.end'; forMs: number; trailing: boolean }
  concurrency?: Concurrency
  correlate?: Correlate
}

export interface Limit {
  key: string
  max: number
  perMs: number
  overflow: 'drop' | 'queue'
}

/** The key is the agent's: triggers with the same key share it. */
export interface Concurrency {
  key: string
  mode: 'single' | 'queue' | 'restart' | 'parallel'
  /** Runs at once. */
  max: number
  /** Events that may wait for one of them to end. */
  maxQueued: number
  overflow: 'drop-new' | 'drop-oldest' | 'coalesce'
}

export interface Correlate {
  onResolved: 'cancel' | 'complete' | 'note'
  resolveOn: 'all' | 'first' | 'last' | 'never'
  /** How long an end is not believed: firing again within it makes it undone. */
  graceMs: number
}

/** An event that a task stands for. */
export interface Member {
  event: string
  subject: string | null
  fingerprint: string | null
  startsAt: string | null
  /** The alert is over. */
  ended?: true
}

/** What the policies know of one task, from its arrival to the end of its run. */
export interface Mark {
  terms: Terms
  /** Oldest first, the task's own event among them; of very many the oldest are forgotten, but counted. */
  members: Member[]
  count: number
  /** It has been let in: what infrastructure spoilt is tried again without asking the policies anew. */
  admitted?: true
  /** It had to wait, and that was said. */
  told?: true
  /** Its run was told to end for good. `replaced`: by a newer event of the same key. */
  letGo?: 'resolved' | 'replaced'
}

/** The end of an alert, as the router tells it to whoever may work on it. */
export interface AlertEnd {
  event: string
  fingerprint: string
  startsAt: string | null
  how: 'resolved' | 'discarded'
}

/** What became of an event, and why. Each event that is delivered has one last outcome; `into` names the event that stands for it. */
export interface Decision {
  event: string
  trigger: string
  version: string
  outcome:
    | 'held'
    | 'duplicate'
    | 'grouped'
    | 'limited'
    | 'cooling'
    | 'queued'
    | 'coalesced'
    | 'dropped'
    | 'correlated'
    | 'started'
  reason: string
  into: string | null
}
