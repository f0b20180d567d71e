import { type Address, address, teamKey } from '../../../core/address.ts'

/** The lock of one team's pool. Two teams may use the same name without meeting. */
export function lockAddress(team: string, pool: string): Address {
  return address('lock', teamKey(team, pool))
}

/** The name that the team itself uses, from the key of the pool's lock. */
export function poolOf(team: string, key: string): string {
  const prefix = `${team}:`
  return key.startsWith(prefix) ? key.slice(prefix.length) : key
}
