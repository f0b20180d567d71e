import type { Principal, Role } from '../../../core/principal.ts'

export interface KeyView {
  id: string
  name: string
  role: Role
  team: string
  /** How it begins, to tell it from others; null for one that was made before this was kept. */
  hint: string | null
  createdAt: Date
  lastUsedAt: Date | null
  /** Null: it does not end by itself. */
  expiresAt: Date | null
  revokedAt: Date | null
}

export interface KeysApi {
  /** The principal behind a key `trp_…` or a session `trs_…`; undefined for one that is unknown, revoked or has ended. */
  authenticate(secret: string): Promise<Principal | undefined>
  /** True once a key exists: from then on every call needs one. */
  required(): Promise<boolean>
  /** The only time the key itself is told. */
  create(
    by: Principal,
    request: { name: string; role: Role; team?: string | undefined; expiresAt?: Date | undefined },
  ): Promise<{ key: string; view: KeyView }>
  list(by: Principal): Promise<KeyView[]>
  /** A new key in the place of another, which is good for `graceMs` more. Throws `key.ended` for one that is not good now. */
  rotate(
    by: Principal,
    id: string,
    options: { graceMs: number; expiresAt?: Date | undefined },
  ): Promise<{ key: string; view: KeyView }>
  /** Ends it, and every session that was opened with it. */
  revoke(by: Principal, id: string): Promise<void>
  /** Hours for which a key need not be shown again; undefined when the key is not good. */
  openSession(key: string): Promise<{ session: string; principal: Principal; lastsMs: number } | undefined>
  closeSession(session: string): Promise<void>
}
