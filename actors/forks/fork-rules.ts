import type { HostedMachine } from '../../machines/host.ts'

/**
 * What may be forked, by kind. `sealed`: as an inspection that steps like the real thing and does nothing; `refused`: not
 * at all, for this reason. A kind that is not named may be forked freely.
 */
export type ForkRules = Readonly<Record<string, 'sealed' | { refused: string }>>

/** Sealed forks are a kind of their own, so that nothing that follows a kind (tables, routes, orders) takes them for real. */
export function sealedKind(kind: string): string {
  return `fork.${kind}`
}

/** Adds the sealed kinds to the hosted machines. */
export function hostSealed(hosted: Map<string, HostedMachine>, rules: ForkRules): void {
  for (const [kind, rule] of Object.entries(rules)) {
    const machine = hosted.get(kind)
    if (rule !== 'sealed' || !machine) continue
    hosted.set(sealedKind(kind), { ...machine, kind: sealedKind(kind), sealed: true })
  }
}
