import type { Why } from '../api/answers.ts'
import { useResource } from '../live/resource.ts'
import { actorApi } from './actor-api.ts'

/** What an actor waits for, in one line, kept up with its steps. */
export function WaitsFor({ address }: { address: string }) {
  const why = useResource<Why>(actorApi(address, 'why'), [address]).data.value
  return <span title={why?.waitingFor}>{why?.waitingFor ?? '…'}</span>
}
