import { type LabEvent, PRIORITIES, SEVERITY_PRIORITY } from '../../../core/event.ts'
import type { JsonObject } from '../../../core/json.ts'
import { compileExpression, type Expression, holds, type Scope } from '../expressions/expression.ts'
import { compilePattern, type Pattern } from '../expressions/pattern.ts'
import { PASSES, refused, type Verdict } from '../expressions/verdict.ts'
import type { AgentDefinition } from '../format/definition.ts'
import type { Filter, ShortFilters, Trigger } from '../format/trigger.ts'
import { matchFilter, matchShortFilters, valueAt } from './filter.ts'
import { compilePolicies, type Policies } from './policies.ts'

const MAX_DEPTH = 8
const DEFAULT_RANK = 100

/** One published version of an agent, as the registry hands it to the router. */
export interface RoutedAgent {
  agent: string
  version: string
  team: string
  /** The operator's switch; absent: the definition's `config.enabled`. */
  enabled?: boolean
  definition: AgentDefinition
}

/** One trigger of one agent, compiled. */
export interface Rule {
  readonly agent: string
  readonly version: string
  readonly team: string
  /** Its place in the definition's list. */
  readonly trigger: number
  readonly name: string
  readonly rank: number
  readonly stop: boolean
  readonly pattern: Pattern
  readonly priority: Trigger['priority']
  readonly device: string | undefined
  readonly with: JsonObject
  /** What else than its conditions decides whether a run starts; undefined: nothing. */
  readonly policies: Policies | undefined
  /** Everything but the type. */
  judge(event: LabEvent, scope: Scope): Verdict
}

/** Compiles the triggers of one agent; throws `expression.invalid`, which a checked definition does not. */
export function rulesOf(source: RoutedAgent): Rule[] {
  const { agent, version, team, definition } = source
  const enabled = source.enabled ?? definition.config.enabled
  const names = definition.triggers.map(nameOf)
  return definition.triggers.map((trigger, index) => {
    const on = trigger.on ?? trigger.type ?? []
    const name = names[index] ?? nameOf(trigger)
    // What is remembered of a trigger goes by its name, so that a new version of the definition remembers it too.
    const scope = names.indexOf(name) === index ? name : `${name}#${index}`
    const when = trigger.when === undefined ? undefined : compileExpression(trigger.when)
    const conditions: Conditions = { agent, enabled, trigger, when, platform: definition.config.platform_filter }
    return {
      agent,
      version,
      team,
      trigger: index,
      name,
      rank: trigger.rank ?? DEFAULT_RANK,
      stop: trigger.stop ?? false,
      pattern: compilePattern(on),
      priority: trigger.priority,
      device: definition.device?.acquire,
      with: trigger.with ?? {},
      policies: compilePolicies(trigger, scope, version),
      judge: (event, scope) => judge(conditions, event, scope),
    }
  })
}

function nameOf({ name, on, type }: Trigger): string {
  const patterns = on ?? type ?? []
  return name ?? (typeof patterns === 'string' ? patterns : patterns.join(', '))
}

/** The priority of what a rule starts, 0–100: the trigger's word or number, the severity in bounds, or the event's own. */
export function priorityOf(priority: Trigger['priority'], event: LabEvent): number {
  if (priority === undefined) return event.priority
  if (typeof priority === 'number') return priority
  if (typeof priority === 'string') return PRIORITIES[priority]
  const base = event.severity === null ? event.priority : SEVERITY_PRIORITY[event.severity]
  return Math.min(Math.max(base, priority.floor ?? 0), priority.ceil ?? 100)
}

interface Conditions {
  agent: string
  enabled: boolean
  trigger: Trigger
  when: Expression | undefined
  platform: string | undefined
}

/** In the order of their cost; the first refusal is the reason. */
function judge({ agent, enabled, trigger, when, platform }: Conditions, event: LabEvent, scope: Scope): Verdict {
  if (!enabled) return refused('the agent is disabled')
  if (event.depth > MAX_DEPTH) return refused(`depth ${event.depth}: more than ${MAX_DEPTH} events caused one another`)
  if (!trigger.allow_own && isOwn(agent, event)) return refused("the agent's own event")
  const verdicts = [
    () => onPlatform(platform, event),
    () => matchFilters(trigger.filters, event),
    () => (trigger.filter ? matchFilter(trigger.filter satisfies Filter, event) : PASSES),
    () => (when ? prefixed('when: ', holds(when, scope)) : PASSES),
  ]
  for (const verdict of verdicts) {
    const result = verdict()
    if (!result.matched) return result
  }
  return PASSES
}

function matchFilters(filters: ShortFilters | undefined, event: LabEvent): Verdict {
  return filters ? matchShortFilters(filters, event) : PASSES
}

/** An event that names no platform passes: schedules and builds for all do not. */
function onPlatform(platform: string | undefined, event: LabEvent): Verdict {
  const named = valueAt(event, 'data.platform') ?? valueAt(event, 'data.labels.platform')
  if (platform === undefined || typeof named !== 'string' || named === platform) return PASSES
  return refused(`config.platform_filter: ${named} is not ${platform}`)
}

function isOwn(agent: string, event: LabEvent): boolean {
  const source = `/agent/${agent}`
  return event.source === source || event.source.startsWith(`${source}/`) || valueAt(event, 'data.agent') === agent
}

function prefixed(prefix: string, verdict: Verdict): Verdict {
  return verdict.matched ? verdict : refused(`${prefix}${verdict.reason}`)
}
