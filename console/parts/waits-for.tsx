import type { Why } from '../api/answers.ts'
import { pathOf } from '../api/client.ts'
import { useResource } from '../live/resource.ts'

/** What an actor waits for, in one line, kept up with its steps. */
export function WaitsFor({ address }: { address: string }) {
  const [kind = '', key = ''] = splitAddress(address)
  const why = useResource<Why>(pathOf('actors', kind, key, 'why'), [address]).data.value
  return <span title={why?.waitingFor}>{why?.waitingFor ?? '…'}</span>
}

function splitAddress(address: string): [kind: string, key: string] {
  const slash = address.indexOf('/')
  return [address.slice(0, slash), address.slice(slash + 1)]
}
