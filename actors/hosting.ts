import { type HostedMachine, hostMachines } from '../machines/host.ts'
import { hostSealed } from './forks/fork-rules.ts'
import type { RuntimeOptions } from './runtime-api.ts'

export type HostingOptions = Pick<RuntimeOptions, 'machines' | 'stamped' | 'migrations' | 'forks'>

/** Everything that a runtime with these options hosts, for it and for whoever only looks; without a database. */
export function hostAll({ machines, stamped, migrations, forks = {} }: HostingOptions): Map<string, HostedMachine> {
  const hosted = hostMachines(machines, { ...(stamped ? { stamped } : {}), ...(migrations ? { migrations } : {}) })
  hostSealed(hosted, forks)
  return hosted
}
