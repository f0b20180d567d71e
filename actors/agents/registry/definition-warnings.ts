import type { AgentDefinition } from '../format/definition.ts'
import { pathText } from '../format/path-text.ts'
import { checkPolicies } from './policy-checks.ts'

/**
 * What a definition asks for and does not get, one sentence each with its place. It is accepted all the same, so that
 * definitions written for later versions, and VirtualPyTest's, keep what they say.
 */
export function warningsOf(definition: AgentDefinition): string[] {
  const { triggers, event_pools: pools, subagents, device, model, config } = definition
  const without = (path: string): string => `${path} is kept, but has no effect in this version`
  return [
    ...triggers.flatMap((trigger, index) => silentOf(trigger).map((key) => without(`triggers[${index}].${key}`))),
    ...triggers.flatMap(meaningless),
    ...(pools.length > 0 ? [without('event_pools')] : []),
    ...(subagents.length > 0 ? [without('subagents')] : []),
    ...(device?.selector !== undefined ? [without('device.selector')] : []),
    ...(device?.count !== undefined ? [without('device.count')] : []),
    ...(device?.mode === 'observe' ? [without('device.mode: observe')] : []),
    ...(config.budget !== undefined ? [without('config.budget')] : []),
    ...(config.budget_limit_usd !== undefined ? [without('config.budget_limit_usd')] : []),
    ...(model !== undefined ? ['model is kept, but no model runs in this version: runs of this agent fail'] : []),
    ...(model === undefined && definition.playbook === undefined
      ? ['there is neither a playbook nor a model: runs of this agent fail']
      : []),
  ]
}

/** What a trigger may say and this build does not act on yet. */
function silentOf({ correlate }: AgentDefinition['triggers'][number]): string[] {
  return [
    ...(correlate?.onResolved === 'resume' ? ['correlate.onResolved: resume'] : []),
    ...(correlate?.onRepeated === undefined ? [] : ['correlate.onRepeated']),
    ...(correlate?.onEscalated === undefined ? [] : ['correlate.onEscalated']),
  ]
}

/** What can be published no more, and may have been when policies had no effect: events that lack a key share one. */
function meaningless(trigger: AgentDefinition['triggers'][number], index: number): string[] {
  const found: string[] = []
  checkPolicies(trigger, index, (path, message) => found.push(`${pathText(path)}: ${message}`))
  return found
}
