import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AnyMachineSnapshot } from 'xstate'
import type { Address } from '../../core/address.ts'
import { type Json, toJson } from '../../core/json.ts'
import type { MachineEvent } from '../../core/message.ts'
import type { AgentSettings } from '../../machines/agent-protocol.ts'
import { lockProjection } from '../../machines/lock.ts'
import type { LockState } from '../../machines/lock-desk.ts'
import type { Outcome } from '../../machines/run-protocol.ts'
import { createScope } from '../../machines/scope.ts'
import { AGENT, AgentStory, HOSTED, LOCK, SETTINGS } from './agent-story.ts'

const MINUTE = 60_000
const DEVICES = ['d1', 'd2']
const WELL = { kind: 'stb', labels: {}, online: true, health: 'good', maintenance: false, heard: 1e9 }
const BY = { by: 'anna', reason: 'coffee' }

type Move =
  | { do: 'trigger'; priority: number; device: string | null }
  | { do: 'order'; word: string }
  | { do: 'upgrade'; terms: Partial<AgentSettings> }
  | { do: 'finish'; nth: number; end: { output: Json } | { error: Json } }
  | { do: 'tellRun'; nth: number; word: string }
  | { do: 'kick'; device: string }
  | { do: 'deliver'; nth: number }
  | { do: 'settle' }
  | { do: 'wait'; ms: number }

const STEP_ENDS: ({ output: Json } | { error: Json })[] = [
  { output: { kind: 'next' } },
  { output: { kind: 'next', delayMs: 5_000 } },
  { output: { kind: 'again', delayMs: 1_000 } },
  { output: { kind: 'done' } },
  { output: { kind: 'done' } },
  { output: { kind: 'failed', reason: 'black', fault: false } },
  { output: { kind: 'failed', reason: 'gateway', fault: true } },
  { output: { kind: 'approval', step: 's', tool: 't' } },
  { output: { kind: 'unknown', step: 's', tool: 't' } },
  { error: { message: 'boom' } },
]
const end = fc.constantFrom(...STEP_ENDS)
const terms = fc.record({ maxParallel: fc.integer({ min: 1, max: 3 }), autoRetry: fc.boolean() })
const order = fc.constantFrom('PAUSE', 'RESUME', 'STOP', 'START', 'START', 'RETRY', 'SKIP', 'RESET')
const word = fc.constantFrom('APPROVE', 'DENY', 'RETRY', 'SKIP', 'CANCEL', 'PAUSE', 'RESUME', 'PREEMPT')
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('trigger'),
      priority: fc.constantFrom(10, 40, 50, 50, 60, 90),
      device: fc.constantFrom(null, 'd1', 'd1', 'd2', 'nowhere'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('order'), word: order }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('upgrade'), terms }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('finish'), nth: fc.nat(5), end }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('tellRun'), nth: fc.nat(5), word }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kick'), device: fc.constantFrom(...DEVICES) }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('deliver'), nth: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('wait'),
      ms: fc.constantFrom(1_000, 5_000, 30_000, 5 * MINUTE, 61 * MINUTE),
    }),
  },
)
const moves = fc.array(move, { maxLength: 50, size: 'max' })

/** An agent, its runs and the lock of two devices, with mail under way between them. */
class Lab extends AgentStory {
  accepted = 0

  constructor(terms: Partial<AgentSettings>) {
    super(terms)
    this.world.spawn(LOCK, { pool: 'paris' })
    for (const device of DEVICES) this.world.tell(LOCK, { type: 'DEVICE', device, ...WELL })
  }

  get live(): Address[] {
    return this.world.addresses('run').filter((address) => this.world.snapshot(address).status === 'active')
  }

  /** Everything that somebody works on. */
  get work(): [Address, string][] {
    return [LOCK, ...this.live].flatMap((address) =>
      Object.keys(this.world.work(address)).map((id): [Address, string] => [address, id]),
    )
  }

  get leases(): string[] {
    const lock = this.world.snapshot(LOCK).context as unknown as LockState
    return lockProjection(lock).leases.map(({ ticket, token }) => `${ticket} ${token}`)
  }

  play(next: Move): void {
    const { world } = this
    switch (next.do) {
      case 'trigger': {
        const task = { eventId: `e${this.accepted++}`, eventType: 'x', subject: null, with: {}, trigger: 't' }
        const { priority, device } = next
        world.tell(AGENT, { type: 'TRIGGER', task: { ...task, priority, device }, lock: device === null ? null : LOCK })
        return
      }
      case 'order':
        world.tell(AGENT, { type: next.word, ...BY })
        return
      case 'upgrade':
        world.tell(AGENT, { type: 'UPGRADE', settings: { ...SETTINGS, ...next.terms, run: { ...SETTINGS.run } } })
        return
      case 'finish': {
        const [address, id] = this.work[next.nth % Math.max(1, this.work.length)] ?? []
        if (address && id) world.finish(address, id, id === 'step' || 'error' in next.end ? next.end : { output: null })
        return
      }
      case 'tellRun': {
        const address = this.live[next.nth % Math.max(1, this.live.length)]
        if (address) world.tell(address, { type: next.word, ...BY })
        return
      }
      case 'kick':
        world.tell(LOCK, { type: 'KICK', device: next.device, ...BY })
        return
      case 'deliver':
        world.deliver(next.nth)
        return
      case 'settle':
        world.deliverAll()
        return
      case 'wait':
        world.advance(next.ms)
        return
    }
  }

  /** Everybody does their work and says yes, until nothing is left to do. */
  finishAll(): void {
    const { world } = this
    for (let round = 0; round < 400; round++) {
      world.deliverAll()
      for (const device of DEVICES) world.tell(LOCK, { type: 'DEVICE', device, ...WELL })
      for (const type of ['RESUME', 'START', 'RETRY']) world.tell(AGENT, { type, ...BY })
      world.deliverAll()
      for (const [address, id] of this.work)
        world.finish(address, id, { output: id === 'step' ? { kind: 'done' } : null })
      // Nobody but the agent may let those go on that it told to stand still; a test that did so undoes it here.
      for (const run of this.live) for (const type of ['APPROVE', 'RETRY', 'RESUME']) world.tell(run, { type, ...BY })
      world.advance(5_000)
      if (world.quiet && this.state === 'idle' && this.live.length === 0 && this.work.length === 0) return
    }
    throw new Error(`it never comes to an end: ${this.state}, ${this.live.map((run) => world.state(run)).join()}`)
  }

  /** Why an accepted task is nowhere any more; undefined when nothing explains it. */
  endOf(eventId: string): string | undefined {
    const skipped = this.world.emitted.some(
      ({ type, data }) => type === 'task.skipped' && (data as { event: string }).event === eventId,
    )
    if (skipped) return 'skipped'
    const { status, output } = this.world.snapshot(this.runOf(eventId))
    const { outcome, fault } = output as unknown as Outcome
    return status === 'done' && !(outcome === 'failed' && fault) ? outcome : undefined
  }
}

/** Plays stories, and looks at the lab after each move. */
function always(look: (lab: Lab, next: Move, before: { state: string; born: number }) => void, numRuns = 60): void {
  fc.assert(
    fc.property(terms, moves, (given, story) => {
      const lab = new Lab(given)
      for (const next of story) {
        const before = { state: lab.state, born: lab.world.addresses('run').length }
        lab.play(next)
        look(lab, next, before)
      }
    }),
    { numRuns },
  )
}

describe('whatever happens to an agent, its runs and their devices', () => {
  it('has every accepted task in one place: waiting, active, failed, or at an end that says why', () => {
    always((lab) => {
      const { backlog, active, failed } = lab.context
      const here = [...backlog, ...active, ...failed].map(({ task }) => task.eventId)
      expect(new Set(here).size).toBe(here.length)
      for (let n = 0; n < lab.accepted; n++) {
        const id = `e${n}`
        if (!here.includes(id)) expect(lab.endOf(id)).toBeDefined()
      }
    })
  })

  it('never runs more at once than its definition allows, besides those that stand aside', () => {
    always((lab) => {
      const busy = lab.context.active.filter(({ preempted }) => !preempted)
      expect(busy.length).toBeLessThanOrEqual(lab.context.settings.maxParallel)
    })
  })

  it('knows as its children its active runs and no others', () => {
    always((lab) => {
      const children = Object.keys(lab.world.snapshot(AGENT).children).sort()
      expect(children).toEqual(lab.context.active.map(({ run }) => run).sort())
    })
  })

  it('keeps its backlog by priority, then age', () => {
    always((lab) => {
      const ranks = lab.context.backlog.map(({ task }) => [-task.priority, task.at] as const)
      expect(ranks).toEqual(ranks.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]))
    })
  })

  it('leaves no place free, and nobody a band below, while something could start', () => {
    always((lab) => {
      if (lab.state !== 'running') return
      const { backlog, active, settings } = lab.context
      const busy = active.filter(({ preempted }) => !preempted)
      const aside = active.filter(({ preempted }) => preempted)
      // What is due this very moment starts when its timer fires.
      const [ready] = backlog.filter(({ notBefore }) => notBefore < lab.world.now)
      if (busy.length < settings.maxParallel) expect([ready, ...aside].filter(Boolean)).toEqual([])
      const least = Math.min(...busy.map(({ task }) => task.priority))
      if (ready) expect(ready.task.priority).toBeLessThan(least + 20)
      for (const { task } of aside) expect(task.priority).toBeLessThan(least + 20)
    })
  })

  it('starts nothing while it is paused, stopped or in an error', () => {
    const still = ['paused', 'stopping', 'stopped', 'error']
    always((lab, next, { state, born }) => {
      // Several things happen in these two, and it may work on in between.
      if (next.do === 'settle' || next.do === 'wait' || !still.includes(state) || !still.includes(lab.state)) return
      expect(lab.world.addresses('run')).toHaveLength(born)
    })
  })

  it('shows in its chart what is the case', () => {
    always((lab) => {
      const { backlog, active, failed } = lab.context
      if (lab.state === 'idle') expect([...backlog, ...active, ...failed]).toEqual([])
      if (lab.state === 'running') expect(backlog.length + active.length).toBeGreaterThan(0)
      expect(lab.state === 'error').toBe(failed.length > 0 && !['paused', 'stopping', 'stopped'].includes(lab.state))
      if (lab.state === 'stopped') expect(active).toEqual([])
    })
  })

  it('agrees with the lock about who holds what, whenever no mail is under way', () => {
    always((lab) => {
      if (!lab.world.quiet) return
      const held = lab.live.flatMap((address) => {
        const { ticket, lease } = lab.run(address)
        return lease ? [`${String(ticket)} ${lease.token}`] : []
      })
      expect(lab.leases.sort()).toEqual(held.sort())
    })
  })

  it('comes to an end once people say yes and work gets done: no task, no run, no lease, no ticket is left', () => {
    fc.assert(
      fc.property(terms, moves, (given, story) => {
        const lab = new Lab(given)
        for (const next of story) lab.play(next)
        lab.finishAll()
        expect(lab.context).toMatchObject({ backlog: [], active: [], failed: [] })
        for (let n = 0; n < lab.accepted; n++) expect(lab.endOf(`e${n}`)).toBeDefined()
        const { tickets } = lockProjection(lab.world.snapshot(LOCK).context as unknown as LockState)
        expect([lab.leases, tickets]).toEqual([[], []])
        expect(lab.world.timers(AGENT)).toEqual({})
      }),
      { numRuns: 60 },
    )
  })

  it('steps the same whether or not the process restarted between any two events', () => {
    fc.assert(
      fc.property(terms, moves, (given, story) => {
        const lab = new Lab(given)
        for (const next of story) lab.play(next)
        const living = new Map<Address, { snapshot: AnyMachineSnapshot; revision: number }>()
        for (const { address, event, stored } of lab.world.taken) {
          const { value, context, status } = JSON.parse(stored) as { value: Json; context: Json; status: string }
          const now = liveStep(address, event, living.get(address))
          living.set(address, now)
          const seen = { value: toJson(now.snapshot.value), context: toJson(now.snapshot.context) }
          expect({ ...seen, status: now.snapshot.status }).toEqual({ value, context, status })
        }
      }),
      { numRuns: 30 },
    )
  })
})

/** The same step on a snapshot that was never stored. */
function liveStep(
  address: Address,
  event: MachineEvent,
  before: { snapshot: AnyMachineSnapshot; revision: number } | undefined,
) {
  const inert = HOSTED.get(address.slice(0, address.indexOf('/')))?.inert
  if (!inert) throw new Error(`nobody hosts ${address}`)
  const revision = (before?.revision ?? 0) + 1
  const child = address.startsWith('run/') ? { parent: AGENT, childId: 'run' } : { parent: null, childId: null }
  const { asXState } = createScope({ address, revision, ...child })
  const snapshot = before
    ? inert.transition(before.snapshot, event, asXState)
    : inert.getInitialSnapshot(asXState, event['input'])
  return { snapshot: snapshot as AnyMachineSnapshot, revision }
}
