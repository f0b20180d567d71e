import { pathOf } from '../api/client.ts'

/** Where the API tells of an actor: `actorApi('run/x', 'why')` → `/v1/actors/run/x/why`. */
export function actorApi(address: string, ...more: readonly string[]): string {
  const slash = address.indexOf('/')
  return pathOf('actors', address.slice(0, slash), address.slice(slash + 1), ...more)
}
