import type { Address } from '../../core/address.ts'
import type { Json } from '../../core/json.ts'
import type { AgentSettings } from '../../machines/agent-protocol.ts'
import type { Decision, Terms } from '../../machines/policy/terms.ts'
import { AGENT, AgentStory } from './agent-story.ts'

/** Terms of a trigger before the keys of an event are filled in. */
export type Given = Omit<Terms, 'version' | 'scope' | 'alert'>

interface Told {
  device?: string
  host?: string
  /** null: the event is no alert. Without a word it is the device's. */
  fingerprint?: string | null
  startsAt?: string | null
  priority?: number
  trigger?: string
  /** What the trigger hands on. */
  given?: Json
  /** One that was told before: it is routed once more. */
  event?: string
}

/** An agent whose trigger has policies. Events are e001, e002 … in the order in which they are told. */
export class PolicyStory extends AgentStory {
  readonly given: Given
  told = 0

  constructor(given: Given, over: Partial<AgentSettings> = {}) {
    super({ maxParallel: 10, ...over })
    this.given = given
  }

  get decisions(): (Omit<Decision, 'version'> & { instance: string })[] {
    return this.world.emitted.flatMap(({ type, data }) =>
      type.startsWith('trigger.')
        ? [{ ...(data as unknown as Decision & { instance: string }), outcome: outcomeOf(type) }]
        : [],
    )
  }

  /** What was decided of an event, in order. */
  of(event: string): string[] {
    return this.decisions.filter((one) => one.event === event).map(({ outcome }) => outcome)
  }

  /** The events that had a run, in the order of their starts. */
  get ran(): string[] {
    return this.world.addresses('run').map((address) => this.run(address).task.eventId)
  }

  alert({
    device = 'd1',
    host = 'h1',
    fingerprint = `f-${device}`,
    startsAt = null,
    priority = 50,
    trigger = 't',
    given = {},
    event: eventId = this.nextId(),
  }: Told = {}): this {
    const task = { eventId, eventType: 'alert.x.firing', subject: device, priority, device: null, with: given, trigger }
    const filled = JSON.parse(
      JSON.stringify(this.given).replaceAll('$device', device).replaceAll('$host', host),
    ) as Given
    const alert = fingerprint === null ? null : { fingerprint, startsAt }
    const terms: Record<string, Json> = { version: '1.0.0', scope: trigger, alert, ...(filled as Record<string, Json>) }
    return this.say('TRIGGER', { task, lock: null, terms })
  }

  over({
    device = 'd1',
    fingerprint = `f-${device}`,
    startsAt = null,
    how = 'resolved',
    event = this.nextId(),
  }: Omit<Told, 'fingerprint'> & { fingerprint?: string; how?: string; event?: string } = {}): this {
    return this.say('ALERT.ENDED', { end: { event, fingerprint, startsAt, how } })
  }

  get live(): Address[] {
    return this.world.addresses('run').filter((address) => this.world.snapshot(address).status === 'active')
  }

  /** Milliseconds until it wakes itself for its policies. */
  get alarm(): number | undefined {
    return this.world.timers(AGENT)['policy']
  }

  private nextId(): string {
    this.told += 1
    return `e${String(this.told).padStart(3, '0')}`
  }
}

const OUTCOMES: readonly Decision['outcome'][] = [
  'held',
  'duplicate',
  'grouped',
  'limited',
  'cooling',
  'queued',
  'coalesced',
  'dropped',
  'correlated',
  'started',
]

function outcomeOf(type: string): Decision['outcome'] {
  const found = OUTCOMES.find((outcome) => type === `trigger.${outcome}`)
  if (!found) throw new Error(`${type} is no decision`)
  return found
}
