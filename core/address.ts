import { AppError } from './errors.ts'

/** Names one durable actor for ever: `kind/key`, for example `lock/paris`. The same address is always the same actor. */
export type Address = string

const KIND = /^[a-zA-Z][a-zA-Z0-9._-]{0,63}$/
const KEY = /^[A-Za-z0-9][A-Za-z0-9._:@~+=-]{0,199}$/

/** Joins a kind and a key; throws `actor.bad_address` when either holds a character that would not survive a URL. */
export function address(kind: string, key: string): Address {
  if (!KIND.test(kind))
    throw badAddress(`"${kind}" is not an actor kind: letters, digits, . _ - and at most 64 characters`)
  if (!KEY.test(key))
    throw badAddress(`"${key}" is not an actor key: letters, digits, . _ : @ ~ + = - and at most 200 characters`)
  return `${kind}/${key}`
}

/** Splits an address that came from outside; throws `actor.bad_address`. */
export function parseAddress(text: string): { kind: string; key: string } {
  const slash = text.indexOf('/')
  if (slash < 0) throw badAddress(`"${text}" is not an address: expected kind/key, for example lock/paris`)
  const kind = text.slice(0, slash)
  const key = text.slice(slash + 1)
  address(kind, key)
  return { kind, key }
}

/**
 * A key of one team's own: two teams may use the same names without meeting. The default team's stay as they are, unless
 * they look like another team's.
 */
export function teamKey(team: string, key: string): string {
  return team === 'default' && !key.includes(':') ? key : `${team}:${key}`
}

function badAddress(message: string): AppError {
  return new AppError('actor.bad_address', message)
}
