/** What the page reads of a definition. The server checked it; whatever is not as expected is left out, not guessed. */
export interface Definition {
  author: string
  goal: string
  triggers: readonly TriggerWords[]
  skills: readonly string[]
  approvals: readonly string[]
  steps: readonly StepWords[]
  onFailure: readonly StepWords[]
  facts: readonly (readonly [label: string, value: string])[]
  hasModel: boolean
}

export interface TriggerWords {
  name: string
  /** Event types or patterns. */
  on: readonly string[]
  /** `platform is stb`, `when event.data.x > 3`. */
  conditions: readonly string[]
  priority: string
}

export interface StepWords {
  id: string
  uses: string
  /** `if steps.judge.black`, `retry 2×`. */
  notes: readonly string[]
}

export function readDefinition(given: Readonly<Record<string, unknown>>): Definition {
  const metadata = mapOf(given.metadata)
  const config = mapOf(given.config)
  const device = mapOf(given.device)
  const playbook = mapOf(given.playbook)
  return {
    author: textOf(metadata.author),
    goal: textOf(mapOf(given.goal).description),
    triggers: listOf(given.triggers).map(readTrigger),
    skills: textsOf(given.skills),
    approvals: textsOf(config.approval_required_for),
    steps: listOf(playbook.steps).map(readStep),
    onFailure: listOf(playbook.on_failure).map(readStep),
    hasModel: given.model !== undefined,
    facts: [
      ['Device', textOf(device.acquire)],
      [
        'Held for',
        [textOf(device.ttl), device.max_hold ? `at most ${textOf(device.max_hold)}` : ''].filter(Boolean).join(', '),
      ],
      ['Tasks at once', textOf(config.max_parallel_tasks)],
      ['Timeout', config.timeout_seconds === undefined ? '' : `${textOf(config.timeout_seconds)} s`],
    ],
  }
}

function readTrigger(given: unknown): TriggerWords {
  const { name, type, on, filters, filter, when, priority } = mapOf(given)
  const conditions = [
    ...Object.entries(mapOf(filters)).map(([key, value]) => conditionText(key, value)),
    ...(filter === undefined ? [] : [filterText(filter)]),
    ...(when === undefined ? [] : [`when ${textOf(when)}`]),
  ]
  return {
    name: textOf(name),
    on: type === undefined ? textsOf(on) : textsOf(type),
    conditions,
    priority: priorityText(priority),
  }
}

/** `platform is stb`, `platform is stb or tv`, `duration >= 300`. */
function conditionText(key: string, value: unknown): string {
  if (typeof value === 'string' && /^[<>!=]/.test(value)) return `${key} ${value}`
  return `${key} is ${textsOf(value).join(' or ')}`
}

/** CloudEvents dialects in words: `type begins with alert.`. */
function filterText(filter: unknown): string {
  const verbs: Readonly<Record<string, string>> = { exact: 'is', prefix: 'begins with', suffix: 'ends with' }
  const joints: Readonly<Record<string, string>> = { all: ' and ', any: ' or ' }
  return Object.entries(mapOf(filter))
    .map(([dialect, inner]) => {
      if (dialect === 'not') return `not (${filterText(inner)})`
      const joint = joints[dialect]
      if (joint !== undefined) return listOf(inner).map(filterText).join(joint)
      return Object.entries(mapOf(inner))
        .map(([attribute, value]) => `${attribute} ${verbs[dialect] ?? dialect} ${textOf(value)}`)
        .join(' and ')
    })
    .join(' and ')
}

function priorityText(priority: unknown): string {
  if (typeof priority !== 'object' || priority === null) return textOf(priority)
  const { floor, ceil } = mapOf(priority)
  const bounds = [
    ...(floor === undefined ? [] : [`at least ${textOf(floor)}`]),
    ...(ceil === undefined ? [] : [`at most ${textOf(ceil)}`]),
  ]
  return ['as severe as the event', ...bounds].join(', ')
}

function readStep(given: unknown, index: number): StepWords {
  const step = mapOf(given)
  const retry = mapOf(step.retry)
  const notes = [
    ...(step.if === undefined ? [] : [`if ${textOf(step.if)}`]),
    ...(step.until === undefined ? [] : [`until ${textOf(step.until)}`]),
    ...(step.every === undefined ? [] : [`every ${textOf(step.every)}`]),
    ...(step.timeout === undefined ? [] : [`at most ${textOf(step.timeout)}`]),
    ...(retry.attempts === undefined ? [] : [`${textOf(retry.attempts)} tries`]),
    ...(step['continue-on-error'] === true ? ['goes on after an error'] : []),
  ]
  return { id: textOf(step.id) || `step-${index + 1}`, uses: textOf(step.uses), notes }
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

function textsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(textOf).filter((text) => text !== '')
}
