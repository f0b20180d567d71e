import { emit, setup } from 'xstate'
import type { Active, AgentContext, AgentInput, AgentMessage, Waiting } from './agent-protocol.ts'
import { run } from './run.ts'
import type { Outcome } from './run-protocol.ts'

type AgentEvent = { at: number } & (AgentMessage | { type: 'BACKLOG.DUE' })

/** Runs that one task gets when the infrastructure fails: pauses of 2, 4, 8 … seconds, at most a minute. */
const MAX_ATTEMPTS = 3
const RETRY_MS = 2_000
const RETRY_CAP_MS = 60_000
/** A task this much more urgent than a running one may have its place. */
const BAND = 20

const kit = setup({
  types: {
    context: {} as AgentContext,
    events: {} as AgentEvent,
    input: {} as AgentInput,
    children: {} as Record<string, 'run'>,
    emitted: {} as { type: string; subject?: string; data: object },
  },
  actors: { run },
  guards: {
    hasWork: ({ context }) => context.active.length > 0 || context.backlog.length > 0,
    nothingRuns: ({ context }) => context.active.length === 0,
    noWork: ({ context }) => context.active.length === 0 && context.backlog.length === 0,
    mustStop: ({ context }) => context.failed !== null,
    shallMove: ({ context }) => context.upgrade !== null && context.active.length === 0,
  },
})

const working = kit.extend({
  actions: {
    /** Keeps the clock, whichever event brought it. */
    look: kit.assign({ now: ({ context, event }) => Math.max(context.now, event.at ?? 0) }),
    accept: kit.assign(({ context, event }) => {
      if (event.type !== 'TRIGGER') return {}
      const waiting: Waiting = { task: { ...event.task, at: event.at }, lock: event.lock, attempts: 0, notBefore: 0 }
      return { backlog: inOrder([...context.backlog, waiting]), now: event.at }
    }),
    /** Starts what fits, and wakes itself for what waits out a pause. */
    dispatch: kit.enqueueActions(({ context, event, enqueue }) => {
      const now = Math.max(context.now, event.at ?? 0)
      const { backlog, started, resumed, next } = fill(context, now)
      const active = context.active.map((one) => (resumed.includes(one.run) ? { ...one, preempted: false } : one))
      enqueue.assign({ backlog, active: [...active, ...started], nextRun: context.nextRun + started.length, now })
      for (const id of resumed) enqueue.sendTo(id, { type: 'RESUME', at: now })
      for (const one of started) {
        const { agent, team, settings } = context
        enqueue.spawnChild('run', {
          id: one.run,
          input: ({ self }) => ({
            at: now,
            agent,
            version: settings.version,
            instance: self.sessionId,
            team,
            task: one.task,
            settings: settings.run,
            lock: one.lock,
          }),
        })
      }
      enqueue.cancel('backlog')
      if (next !== undefined)
        enqueue.raise({ type: 'BACKLOG.DUE', at: 0 }, { id: 'backlog', delay: Math.max(0, next - now) })
    }),
    /** More urgent work than something that runs: that one stands aside at its next safe point. */
    preempt: kit.enqueueActions(({ context, enqueue }) => {
      const victim = victimOf(context)
      if (!victim) return
      enqueue.assign({ active: context.active.map((one) => (one === victim ? { ...one, preempted: true } : one)) })
      enqueue.sendTo(victim.run, { type: 'PREEMPT', at: context.now })
    }),
    settle: kit.enqueueActions(({ context, event, enqueue }) => {
      const id = 'actorId' in event ? event.actorId : ''
      const ended = context.active.find((one) => one.run === id)
      enqueue.stopChild(id)
      if (ended) enqueue.assign(afterRun(context, ended, outcomeOf(event), event.at ?? context.now))
    }),
    tellAll: kit.enqueueActions(({ context, event, enqueue }) => {
      for (const { run: id, preempted } of context.active) {
        if (event.type === 'STOP') enqueue.sendTo(id, { type: 'CANCEL', by: event.by, reason: event.reason, at: 0 })
        else if (event.type === 'PAUSE') enqueue.sendTo(id, { type: 'PAUSE', at: 0 })
        else if (!preempted) enqueue.sendTo(id, { type: 'RESUME', at: 0 })
      }
    }),
    announce: emit(({ context, self }, type: string) => {
      const { agent, settings, order, failed } = context
      const why = failed ? { event: failed.task.eventId, reason: failed.reason } : (order ?? {})
      return { type, data: { agent, version: settings.version, instance: self.sessionId, ...why } }
    }),
    keepOrder: kit.assign(({ event }) =>
      'by' in event ? { order: { by: event.by, reason: 'reason' in event ? event.reason : '' } } : {},
    ),
    forgetOrder: kit.assign({ order: null }),
    again: kit.assign(({ context }) =>
      context.failed
        ? { backlog: inOrder([{ ...context.failed, attempts: 0, notBefore: 0 }, ...context.backlog]), failed: null }
        : {},
    ),
    drop: kit.assign({ failed: null }),
    empty: kit.assign({ failed: null, backlog: [] }),
    plan: kit.assign(({ event }) => (event.type === 'UPGRADE' ? { upgrade: event.settings } : {})),
    move: kit.assign(({ context }) => ({ settings: context.upgrade ?? context.settings, upgrade: null })),
  },
})

/** `agent/<id>`: one instance of an agent. It keeps the backlog and starts runs; the runs do the work. */
export const agent = working.createMachine({
  id: 'agent',
  version: '1',
  description: 'One instance of an agent: takes events into its backlog and starts runs, most urgent first.',
  context: ({ input }) => ({
    agent: input.agent,
    team: input.team,
    settings: input.settings,
    backlog: [],
    active: [],
    failed: null,
    order: null,
    nextRun: 1,
    succeeded: 0,
    failures: 0,
    aborted: 0,
    upgrade: null,
    now: input.at,
  }),
  entry: { type: 'announce', params: 'agent.started' },
  initial: 'idle',
  on: {
    // Wherever it stands, nothing that reaches it is lost: the backlog keeps it.
    TRIGGER: { actions: 'accept' },
    UPGRADE: { actions: 'plan' },
    'xstate.done.actor.*': { actions: 'settle' },
    'xstate.error.actor.*': { actions: 'settle' },
    STOP: { target: '.stopping', actions: ['keepOrder', 'tellAll'] },
  },
  states: {
    idle: {
      description: 'Nothing to do. Waits for an event that one of its triggers matches.',
      tags: ['ready'],
      always: [
        { guard: 'shallMove', actions: 'move' },
        { guard: 'hasWork', target: 'running' },
      ],
      on: { PAUSE: { target: 'paused', actions: 'keepOrder' } },
    },
    running: {
      description:
        'At least one run is under way, or waits out the pause before another try. More events go to the backlog.',
      tags: ['busy'],
      entry: 'dispatch',
      always: [
        { guard: 'mustStop', target: 'error' },
        { guard: 'noWork', target: 'idle' },
      ],
      on: {
        TRIGGER: { actions: ['accept', 'preempt', 'dispatch'] },
        'BACKLOG.DUE': { actions: 'dispatch' },
        'xstate.done.actor.*': { actions: ['settle', 'dispatch'] },
        'xstate.error.actor.*': { actions: ['settle', 'dispatch'] },
        PAUSE: { target: 'paused', actions: ['keepOrder', 'tellAll'] },
      },
    },
    paused: {
      description:
        'Someone paused it: runs stand still at their next safe point, mail keeps arriving, nothing starts until RESUME.',
      tags: ['paused'],
      entry: { type: 'announce', params: 'agent.paused' },
      on: {
        RESUME: { target: 'idle', actions: ['tellAll', 'forgetOrder', { type: 'announce', params: 'agent.resumed' }] },
        PAUSE: {},
      },
    },
    error: {
      description:
        'A run failed for reasons of infrastructure, more often than it is tried again. Runs under way go on, nothing new starts. ' +
        'RETRY the task, SKIP it, or RESET the agent with an empty backlog.',
      tags: ['needsHuman'],
      entry: { type: 'announce', params: 'agent.error' },
      on: {
        RETRY: { target: 'idle', actions: 'again' },
        SKIP: { target: 'idle', actions: [{ type: 'announce', params: 'task.skipped' }, 'drop'] },
        RESET: { target: 'idle', actions: [{ type: 'announce', params: 'task.skipped' }, 'empty'] },
      },
    },
    stopping: {
      description: 'Someone stopped it: its runs clean up and give their devices back.',
      tags: ['busy'],
      always: { guard: 'nothingRuns', target: 'stopped' },
      on: { STOP: {} },
    },
    stopped: {
      description: 'Stopped. Takes part in nothing until START; its backlog is kept.',
      tags: ['stopped'],
      entry: { type: 'announce', params: 'agent.stopped' },
      on: {
        START: { target: 'idle', actions: ['forgetOrder', 'drop', { type: 'announce', params: 'agent.started' }] },
        RESET: { actions: 'empty' },
        STOP: {},
      },
    },
  },
})

/** By priority, then by the time of arrival; equal ones stay as they came. */
function inOrder(backlog: Waiting[]): Waiting[] {
  return backlog.toSorted((a, b) => b.task.priority - a.task.priority || a.task.at - b.task.at)
}

/** What can start now: the first of the backlog whose pause is over, and runs that stood aside, by priority. */
function fill(context: AgentContext, now: number) {
  const { active, settings } = context
  let free = settings.maxParallel - active.filter((one) => !one.preempted).length
  const backlog: Waiting[] = []
  const started: Active[] = []
  const aside = active.filter((one) => one.preempted).toSorted((a, b) => b.task.priority - a.task.priority)
  const resumed: string[] = []
  for (const waiting of context.backlog) {
    while (free > 0 && aside[0] && aside[0].task.priority >= waiting.task.priority) {
      resumed.push(aside.shift()!.run)
      free -= 1
    }
    if (free <= 0 || waiting.notBefore > now) backlog.push(waiting)
    else {
      started.push({
        ...waiting,
        attempts: waiting.attempts + 1,
        run: `run-${context.nextRun + started.length}`,
        preempted: false,
      })
      free -= 1
    }
  }
  for (const one of aside) {
    if (free <= 0) break
    resumed.push(one.run)
    free -= 1
  }
  const pauses = backlog.map((waiting) => waiting.notBefore).filter((at) => at > now)
  return { backlog, started, resumed, next: pauses.length > 0 ? Math.min(...pauses) : undefined }
}

/** The least urgent run, when all places are taken and the head of the backlog is a band above it. */
function victimOf({ active, backlog, settings }: AgentContext): Active | undefined {
  const head = backlog[0]
  const running = active.filter((one) => !one.preempted)
  if (!head || running.length < settings.maxParallel) return undefined
  const least = running.toSorted((a, b) => a.task.priority - b.task.priority)[0]
  return least && head.task.priority >= least.task.priority + BAND ? least : undefined
}

function afterRun(context: AgentContext, ended: Active, result: Outcome, at: number): Partial<AgentContext> {
  const active = context.active.filter((one) => one !== ended)
  const counts = {
    succeeded: context.succeeded + (result.outcome === 'succeeded' ? 1 : 0),
    failures: context.failures + (result.outcome === 'failed' || result.outcome === 'timedOut' ? 1 : 0),
    aborted: context.aborted + (result.outcome === 'aborted' ? 1 : 0),
  }
  if (result.outcome !== 'failed' || !result.fault) return { active, ...counts }
  const { task, lock, attempts } = ended
  if (!context.settings.autoRetry || attempts >= MAX_ATTEMPTS) {
    const reason = result.reason ?? 'unknown'
    return { active, ...counts, failed: { task, lock, attempts, notBefore: 0, reason } }
  }
  const notBefore = at + Math.min(RETRY_CAP_MS, RETRY_MS * 2 ** (attempts - 1))
  return { active, ...counts, backlog: inOrder([...context.backlog, { task, lock, attempts, notBefore }]) }
}

function outcomeOf(event: AgentEvent): Outcome {
  if ('output' in event) return event.output
  const error = 'error' in event ? event.error : null
  return { outcome: 'failed', reason: `the run itself failed: ${JSON.stringify(error)}`, fault: true }
}
