import { createHash, randomUUID } from 'node:crypto'
import type { Principal } from '../../../core/principal.ts'
import type { Owner } from '../../../machines/lock-schedule.ts'

/**
 * A person's ticket, and the owner it stands for. Each ticket is an owner of its own, so that two programs with one key
 * never share a lease; the same `key` in the same pool gives the same ticket. Its id survives a URL.
 */
export function ticketFor(by: Principal, pool: string, key: string | undefined): { ticket: string; owner: Owner } {
  const mark = key === undefined ? randomUUID() : JSON.stringify([by.team, by.name, pool, key])
  const id = `${plain(by.name)}:${createHash('sha256').update(mark).digest('hex').slice(0, 24)}`
  return { ticket: `user:${id}`, owner: { kind: 'user', id } }
}

/** The owner as people know it: a person by name, a run by its id. */
export function ownerOf(kind: string, id: string): { kind: string; id: string } {
  if (kind === 'user') return { kind, id: id.replace(/:[0-9a-f]{24}$/, '') }
  return { kind, id: id.startsWith(`${kind}/`) ? id.slice(kind.length + 1) : id }
}

/** True when the ticket is this person's own. */
export function isOwn(by: Principal, owner: { kind: string; id: string }): boolean {
  return owner.kind === 'user' && ownerOf(owner.kind, owner.id).id === plain(by.name)
}

function plain(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._@+-]/g, '-').slice(0, 80)
}
