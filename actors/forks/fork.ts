import { type Address, parseAddress, address as toAddress } from '../../core/address.ts'
import type { Effect, StoredSnapshot } from '../../core/effect.ts'
import { AppError } from '../../core/errors.ts'
import type { Json } from '../../core/json.ts'
import { findActor } from '../../db/actors.ts'
import type { Sql } from '../../db/client.ts'
import type { HostedMachine } from '../../machines/host.ts'
import { childAddress } from '../../machines/step.ts'
import { createCheckpoints } from '../past/checkpoints.ts'
import { FORK, type PendingWork, writeBeginning } from '../past/fork-event.ts'
import type { TimerEffect } from '../past/pending.ts'
import { replay } from '../past/replay.ts'
import { type Draft, emptyDraft } from '../turn/draft.ts'
import type { Turn } from '../turn/turn.ts'
import { type Member, readFamily } from './fork-family.ts'
import { type ForkRules, sealedKind } from './fork-rules.ts'

export interface ForkOptions {
  /** The revision to begin from. */
  at: number
  key: string
  sender?: string
  /** What becomes of promises that were running: left alone, or begun again by whoever knows that this does no harm. Default `hold`. */
  work?: 'hold' | 'repeat'
}

export interface Forked {
  address: Address
  forkedFrom: { address: Address; revision: number }
  /** True: nothing that it does leaves it; no delay runs, no work is done, nobody is told. */
  sealed: boolean
  /** Delays that were armed anew, in full. */
  delays: string[]
  /** Work that was under way and is not done again. */
  held: { address: Address; id: string; src: string }[]
  /** Work that was under way and is done again. */
  repeated: { address: Address; id: string; src: string }[]
}

export interface ForkDeps {
  sql: Sql
  hosted: ReadonlyMap<string, HostedMachine>
  rules: ForkRules
  turn: Pick<Turn, 'commit'>
}

/**
 * A new actor from what another one was at a revision, in one commit. Its history begins with that state. The living
 * children come along as actors of their own; mail that was on its way does not.
 */
export function createFork({ sql, hosted, rules, turn }: ForkDeps) {
  const checkpoints = createCheckpoints()
  const stateAt = async (address: Address, revision: number): Promise<StoredSnapshot> =>
    (await replay(sql, hosted, address, revision, checkpoints)).snapshot

  return async (from: Address, options: ForkOptions): Promise<Forked> => {
    const { at, key, sender = null, work = 'hold' } = options
    const { kind } = parseAddress(from)
    const origin = await findActor(sql, from)
    if (!origin) throw new AppError('actor.not_found', `There is no actor ${from}`, { details: { address: from } })
    const rule = rules[kind]
    if (typeof rule === 'object') throw refused(from, rule.refused)
    const sealed = rule === 'sealed' || hosted.get(kind)?.sealed === true
    if (!sealed && origin.parent !== null)
      throw refused(from, `it is a child: fork ${origin.parent}, and it comes along`)
    if (at < 1 || at > origin.revision) {
      throw new AppError('request.invalid', `at: ${from} has the revisions 1 to ${origin.revision}`, {
        details: { revision: origin.revision },
      })
    }
    const address = toAddress(rule === 'sealed' ? sealedKind(kind) : kind, key)
    if (await findActor(sql, address)) throw taken(address)
    // A sealed fork comes alone: nobody it knows will ever hear of it.
    const family = await readFamily(sql, stateAt, { address: from, revision: at, alone: sealed })
    const plan = planFork(family, address, { sealed, repeat: work === 'repeat' && !sealed, sender, hosted })
    if (!(await turn.commit(plan.draft)).has(address)) throw taken(address)
    return { address, forkedFrom: { address: from, revision: at }, sealed, ...plan.told }
  }
}

function taken(address: Address): AppError {
  return new AppError('actor.exists', `${address} exists already: choose another key`, { details: { address } })
}

function refused(address: Address, reason: string): AppError {
  return new AppError('actor.fork_refused', `${address} cannot be forked: ${reason}`, { details: { address, reason } })
}

interface Plan {
  draft: Draft
  told: Pick<Forked, 'delays' | 'held' | 'repeated'>
}

interface Terms {
  sealed: boolean
  repeat: boolean
  sender: string | null
  hosted: ReadonlyMap<string, HostedMachine>
}

/** Pure: the births of a whole family under new names. The first member is the root. */
function planFork(family: readonly Member[], root: Address, terms: Terms): Plan {
  const names = newNames(family, root, terms)
  const plan: Plan = { draft: emptyDraft(), told: { delays: [], held: [], repeated: [] } }
  for (const member of family) bear(plan, member, names, root, terms)
  return plan
}

/** Former address → new address; children are named by their place, as if their new parent had started them first thing. */
function newNames(family: readonly Member[], root: Address, { sealed }: Terms): ReadonlyMap<Address, Address> {
  const names = new Map<Address, Address>()
  const [first] = family
  if (first) names.set(first.actor.address, root)
  if (sealed) return names
  for (const { actor, snapshot } of family) {
    const parent = names.get(actor.address) ?? root
    for (const [index, { address }] of Object.values(snapshot.children).entries()) {
      if (address === undefined) continue
      const { kind } = parseAddress(address)
      names.set(address, childAddress(parent, kind, `1.${index}`))
    }
  }
  return names
}

function bear(plan: Plan, member: Member, names: ReadonlyMap<Address, Address>, root: Address, terms: Terms): void {
  const { draft, told } = plan
  const { actor, revision } = member
  const address = names.get(actor.address) ?? root
  const { kind, key } = parseAddress(address)
  const machine = terms.hosted.get(kind)
  if (!machine) throw new AppError('machine.not_found', `No machine of kind "${kind}" is registered`)
  const from = { address: actor.address, revision }
  const { snapshot, pending } = reborn(member, names, terms)
  const cause = `${from.address}:${revision}`
  const ended = snapshot.status !== 'active'
  const timers = terms.sealed || ended ? [] : member.timers.flatMap((timer) => mine(timer, names))
  const repeated = ended ? [] : pending.filter(({ held }) => !held)
  const effects: Effect[] = [
    ...timers,
    ...repeated.map(({ id, src, input }): Effect => ({ type: 'invoke', id, src, input })),
  ]
  const parent = actor.parent === null || address === root ? null : (names.get(actor.parent) ?? null)
  draft.changes.push({
    address,
    kind,
    key,
    status: snapshot.status,
    before: 0,
    after: 1,
    seen: null,
    snapshot,
    json: JSON.stringify(snapshot),
    machineHash: machine.hash,
    version: machine.version,
    parent,
    childId: parent === null ? null : actor.childId,
    root,
    systemId: actor.systemId,
    team: actor.team,
    parked: null,
    bornWith: address === root ? null : root,
  })
  draft.history.push({
    address,
    revision: 1,
    messageId: FORK,
    event: writeBeginning({ from, snapshot, pending }),
    from: null,
    to: snapshot.value,
    status: snapshot.status,
    effects,
    handled: true,
    sender: terms.sender,
    cause,
    machineHash: machine.hash,
    acceptedAt: null,
  })
  for (const [index, { id, delayMs, event, to }] of timers.entries())
    draft.timers.push({ by: address, id, armed: `1.${index}`, delayMs, event, to, root, cause })
  for (const { born, id, src, input } of repeated) {
    const effectId = `${address}:${born.replace('.', ':')}`
    draft.invocations.push({ by: address, effectId, id, born, kind: 'promise', src, input, cause })
  }
  if (ended && parent !== null && actor.childId !== null)
    draft.mail.push(farewell(address, parent, root, actor.childId, snapshot, cause))
  told.delays.push(...timers.map(({ id }) => id))
  told.repeated.push(...repeated.map(({ id, src }) => ({ address, id, src })))
  told.held.push(...pending.filter(({ held }) => held).map(({ id, src }) => ({ address, id, src })))
}

/** The state with new names in it, and what was under way for it. */
function reborn({ snapshot, work }: Member, names: ReadonlyMap<Address, Address>, { repeat }: Terms) {
  const pending: PendingWork[] = []
  const renamed = rename(snapshot, names)
  const children = Object.entries(renamed.children).map(([id, child], index) => {
    // Numbers that no later step of the fork gives.
    const born = `1.${index}`
    if (child.address === undefined) {
      const asked = work.get(child.born)
      pending.push({ born, id, src: child.src, input: asked?.input ?? null, held: !repeat || asked === undefined })
    }
    return [id, { ...child, born }] as const
  })
  return { snapshot: { ...renamed, children: Object.fromEntries(children) }, pending }
}

/** Puts new addresses in references; what merely looks like an address in a text stays. */
function rename(snapshot: StoredSnapshot, names: ReadonlyMap<Address, Address>): StoredSnapshot {
  const text = JSON.stringify(snapshot)
  return JSON.parse(text, (_key, value: Json) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const { address } = value
    const isReference = 'xstate$$type' in value || ('src' in value && 'born' in value)
    const renamed = isReference && typeof address === 'string' ? names.get(address) : undefined
    return renamed === undefined ? value : { ...value, address: renamed }
  }) as StoredSnapshot
}

/** A delay of its own, or one that sends to its family; what was on its way to others is theirs already. */
function mine(timer: TimerEffect, names: ReadonlyMap<Address, Address>): TimerEffect[] {
  const { to } = timer
  if (to === null || 'systemId' in to) return [timer]
  const renamed = names.get(to.address)
  return renamed === undefined ? [] : [{ ...timer, to: { address: renamed } }]
}

/** A child that had ended, and whose parent had not heard of it yet, tells it again. */
function farewell(
  by: Address,
  to: Address,
  root: Address,
  actorId: string,
  { status, output, error }: StoredSnapshot,
  cause: string,
): Draft['mail'][number] {
  const event =
    status === 'error'
      ? { type: `xstate.error.actor.${actorId}`, error, actorId }
      : { type: `xstate.done.actor.${actorId}`, output, actorId }
  return { by, to: { address: to }, root, id: `ended:${by}`, event, lane: 1, sender: by, cause }
}
