import { setup } from 'xstate'
import { afresh, book, inOrder, plan } from './agent-backlog.ts'
import type { AgentContext, AgentInput, AgentMessage, Failed, Waiting } from './agent-protocol.ts'
import { run } from './run.ts'
import type { Outcome } from './run-protocol.ts'

/** Events as the machine sees them: `at` is the database's time in milliseconds. */
type AgentEvent = { at: number } & (AgentMessage | { type: 'BACKLOG.DUE' })

const kit = setup({
  types: {
    context: {} as AgentContext,
    events: {} as AgentEvent,
    input: {} as AgentInput,
    emitted: {} as { type: string; data: object },
  },
  actors: { run },
  guards: {
    hasWork: ({ context }) => context.active.length > 0 || context.backlog.length > 0,
    hasNoWork: ({ context }) => context.active.length === 0 && context.backlog.length === 0,
    nothingRuns: ({ context }) => context.active.length === 0,
    somethingFailed: ({ context }) => context.failed.length > 0,
  },
})

/** The words that the agent's chart is written in: what it looks at and what it asks for. */
export const agentKit = kit.extend({
  actions: {
    accept: kit.assign(({ context, event }) => {
      if (event.type !== 'TRIGGER') return {}
      const waiting: Waiting = { task: { ...event.task, at: event.at }, lock: event.lock, attempts: 0, notBefore: 0 }
      return { backlog: inOrder([...context.backlog, waiting]) }
    }),
    /** Starts what fits, and wakes itself for what waits out a pause. In an error nothing new starts. */
    dispatch: kit.enqueueActions(({ context, event: { at }, enqueue }) => {
      if (context.failed.length > 0) return
      const { agent, team, settings } = context
      const { state, started, resumed, preempted, wakeAt } = plan(context, at)
      enqueue.assign(state)
      for (const one of preempted) enqueue.sendTo(one.run, { type: 'PREEMPT', at })
      for (const one of resumed) enqueue.sendTo(one.run, { type: 'RESUME', at })
      for (const { run: id, task, lock } of started) {
        enqueue.spawnChild('run', {
          id,
          input: ({ self }) => ({
            at,
            agent,
            version: settings.version,
            instance: self.sessionId,
            team,
            task,
            settings: settings.run,
            lock,
          }),
        })
      }
      enqueue.cancel('backlog')
      if (wakeAt !== undefined) enqueue.raise({ type: 'BACKLOG.DUE', at: 0 }, { id: 'backlog', delay: wakeAt - at })
    }),
    stopWaiting: kit.cancel('backlog'),
    settle: kit.enqueueActions(({ context, event, enqueue }) => {
      if (!('actorId' in event)) return
      const ended = context.active.find((one) => one.run === event.actorId)
      enqueue.stopChild(event.actorId)
      if (ended) enqueue.assign(book(context, ended, outcomeOf(event), event.at))
    }),

    // To its runs. Those that stand aside, or are about to, stand still already, and go on when there is a place again.
    pauseRuns: kit.enqueueActions(({ context, event: { at }, enqueue }) => {
      for (const one of context.active) if (!one.preempted) enqueue.sendTo(one.run, { type: 'PAUSE', at })
    }),
    resumeRuns: kit.enqueueActions(({ context, event: { at }, enqueue }) => {
      for (const one of context.active) if (!one.preempted) enqueue.sendTo(one.run, { type: 'RESUME', at })
    }),
    cancelRuns: kit.enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'STOP') return
      const { by, reason, at } = event
      for (const one of context.active) enqueue.sendTo(one.run, { type: 'CANCEL', by, reason, at })
    }),

    keepOrder: kit.assign(({ event }) =>
      event.type === 'PAUSE' || event.type === 'STOP' ? { order: { by: event.by, reason: event.reason } } : {},
    ),
    forgetOrder: kit.assign({ order: null }),

    // What failed.
    tryAgain: kit.assign(({ context }) => ({
      backlog: inOrder([...afresh(context.failed), ...context.backlog]),
      failed: [],
    })),
    dropFailed: kit.enqueueActions(({ context, self, enqueue }) => {
      for (const one of context.failed) enqueue.emit(skipped(context, self.sessionId, one))
      enqueue.assign({ failed: [] })
    }),
    dropBacklog: kit.enqueueActions(({ context, self, enqueue }) => {
      for (const one of context.backlog) enqueue.emit(skipped(context, self.sessionId, one))
      enqueue.assign({ backlog: [] })
    }),

    planUpgrade: kit.assign(({ event }) => (event.type === 'UPGRADE' ? { upgrade: event.settings } : {})),
    /** At its next idle moment, so that no two versions of one instance run at once. */
    upgrade: kit.assign(({ context: { upgrade, active } }) =>
      upgrade && active.length === 0 ? { settings: upgrade, upgrade: null } : {},
    ),

    announceStart: announce('agent.started'),
    announcePause: announce('agent.paused'),
    announceResume: announce('agent.resumed'),
    announceStop: announce('agent.stopped'),
    announceError: kit.emit(({ context, self }) => ({
      type: 'agent.error',
      data: { ...facts(context, self.sessionId), ...why(context.failed[0]) },
    })),
  },
})

function announce(type: string) {
  return kit.emit(({ context, self }) => ({ type, data: { ...facts(context, self.sessionId), ...context.order } }))
}

function outcomeOf(event: AgentEvent): Outcome {
  if ('output' in event) return event.output
  const error = 'error' in event ? event.error : null
  return { outcome: 'failed', reason: `the run itself failed: ${JSON.stringify(error)}`, fault: true }
}

function skipped(context: AgentContext, instance: string, one: Waiting | Failed) {
  return { type: 'task.skipped', data: { ...facts(context, instance), ...why(one) } }
}

function facts({ agent, settings }: AgentContext, instance: string) {
  return { agent, version: settings.version, instance }
}

function why(one: Waiting | Failed | undefined) {
  return one && { event: one.task.eventId, ...('reason' in one ? { reason: one.reason } : {}) }
}
