import type { Principal } from '../../../core/principal.ts'

/** A sender that has no key and signs what it sends. Its secrets are told once, and never shown. */
export interface SourceView {
  /** Its name in `/v1/ingest/<path>`: its id, after `<team>:` where the team is not the first. */
  path: string
  id: string
  /** Who sends: which of the known kinds of body it is; `auto` looks at each request. */
  kind: string
  /** How it signs. */
  scheme: string
  createdAt: Date
  updatedAt: Date
  lastUsedAt: Date | null
  /** Until when the secret before the present one is still taken; null: it is not. */
  formerUntil: Date | null
}

/** A source as the door needs it, to hold a request to its secrets. */
export interface SigningSource {
  /** Whose events it sends. */
  principal: Principal
  kind: string
  scheme: string
  /** Those that are good now: one, or two while the sender is given a new one. */
  secrets: string[]
}

export interface SourcesApi {
  list(by: Principal): Promise<SourceView[]>
  /** Makes it, or makes it anew: the secret before is gone at once. Without a secret one is drawn. */
  put(
    by: Principal,
    id: string,
    source: { kind: string; scheme: string; secret?: string | undefined },
  ): Promise<{ view: SourceView; secret: string }>
  /** Gives it a new secret; the one before is good for `graceMs` more. */
  rotate(
    by: Principal,
    id: string,
    options: { secret?: string | undefined; graceMs: number },
  ): Promise<{ view: SourceView; secret: string }>
  remove(by: Principal, id: string): Promise<void>
  /** By what stands in the path of a request that nobody has vouched for yet. */
  find(path: string): Promise<SigningSource | undefined>
  /** Notes that it sent something, at most once a minute. */
  used(path: string): Promise<void>
}
