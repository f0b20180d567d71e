import type { ActorSummary, DeadLetter, Device, LoggedEvent, Run } from '../../api/answers.ts'

/** One thing in the inbox. Its key is part of the address. */
export type Item = { key: string; what: string; where: string; at: string } & (
  | { kind: 'approval' | 'suspended'; run: Run }
  | { kind: 'device'; device: Device }
  | { kind: 'letter'; letter: DeadLetter }
  | { kind: 'parked'; actor: ActorSummary }
  | { kind: 'event'; event: LoggedEvent }
)
export type ItemKind = Item['kind']

export const KINDS: readonly { kind: ItemKind; label: string; one: string }[] = [
  { kind: 'approval', label: 'Approvals', one: 'Approval' },
  { kind: 'suspended', label: 'Suspended', one: 'Suspended' },
  { kind: 'device', label: 'Devices', one: 'Device' },
  { kind: 'letter', label: 'Dead letters', one: 'Dead letter' },
  { kind: 'parked', label: 'Parked', one: 'Parked' },
  { kind: 'event', label: 'Unhandled events', one: 'Unhandled' },
]

export function ofRun(run: Run): Item {
  const { id, agent, event, startedAt, device, state } = run
  const kind = state.endsWith('awaitingApproval') ? 'approval' : 'suspended'
  const what = kind === 'approval' ? `${agent} asks to go on` : `${agent} does not know what became of its step`
  return { key: `run:${id}`, kind, what, where: device ?? event.type, at: startedAt, run }
}

export function ofDevice(device: Device): Item {
  const { id, name, health, doubt, updatedAt } = device
  const what = `${name} is ${health}: ${doubt?.reason ?? 'no reason was given'}`
  return { key: `device:${id}`, kind: 'device', what, where: id, at: doubt?.since ?? updatedAt, device }
}

export function ofLetter(letter: DeadLetter): Item {
  const { id, event, reason, address, createdAt } = letter
  return {
    key: `letter:${id}`,
    kind: 'letter',
    what: `${event.type}: ${reason}`,
    where: address,
    at: createdAt,
    letter,
  }
}

export function ofParked(actor: ActorSummary): Item {
  const { address, revision, updatedAt } = actor
  return {
    key: `actor:${address}`,
    kind: 'parked',
    what: `Parked at revision ${revision}: its machine changed`,
    where: address,
    at: updatedAt,
    actor,
  }
}

export function ofEvent(event: LoggedEvent): Item {
  const { id, type, subject, source, receivedAt } = event
  return {
    key: `event:${id}`,
    kind: 'event',
    what: `${type}: no agent took it`,
    where: subject ?? source,
    at: receivedAt,
    event,
  }
}

/** What comes after this one in the list, for whoever goes on once it is dealt with. */
export function after(items: readonly Item[], key: string): string {
  const at = items.findIndex((item) => item.key === key)
  return (items[at + 1] ?? items[at - 1])?.key ?? ''
}
