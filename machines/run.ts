import { assign, cancel, emit, fromPromise, raise, sendTo, setup } from 'xstate'
import type { Address } from '../core/address.ts'
import type { Lease, Outcome, Phase, RunInput, RunMessage, StepInput, StepOutcome } from './run-protocol.ts'
import { actorAt } from './ref.ts'

export interface RunContext extends Omit<RunInput, 'at'> {
  phase: Phase
  position: number
  lease: Lease | null
  /** Place in the queue for the device, while it waits. */
  queued: number | null
  /** Milliseconds since the epoch after which the run is timed out; set when it first has what it needs. */
  deadlineAt: number | null
  /** Pause before the next execution of a step. */
  delayMs: number
  /** What it was told to do at the next safe point. */
  wish: 'pause' | 'preempt' | null
  asking: { step: string; tool: string } | null
  approved: boolean
  verdict: StepInput['verdict']
  result: Outcome
  startedAt: number
}

type RunEvent = { at: number } & (RunMessage | { type: 'TIMEOUT' } | { type: 'LEASE.RENEW' })

const APPROVAL_MS = 60 * 60_000
const CLEANUP_MS = 120_000

const kit = setup({
  types: {
    context: {} as RunContext,
    events: {} as RunEvent,
    input: {} as RunInput,
    output: {} as Outcome,
    emitted: {} as { type: string; subject: string | undefined; data: object },
  },
  actors: {
    step: fromPromise<StepOutcome, StepInput>(() => Promise.reject(new Error('provided by the platform'))),
    cleanup: fromPromise<null, { run: Address; lease: Lease }>(() =>
      Promise.reject(new Error('provided by the platform')),
    ),
  },
  delays: {
    pause: ({ context }) => context.delayMs,
    approval: APPROVAL_MS,
    cleanup: CLEANUP_MS,
    renewal: ({ context }) => context.settings.ttlMs / 3,
    patience: ({ context }) => context.settings.timeoutMs,
  },
  guards: {
    needsNoDevice: ({ context }) => context.lock === null,
    holdsDevice: ({ context }) => context.lease !== null,
    shallPause: ({ context }) => context.wish === 'pause',
    shallYield: ({ context }) => context.wish === 'preempt',
    succeeded: ({ context }) => context.result.outcome === 'succeeded',
    failed: ({ context }) => context.result.outcome === 'failed',
    aborted: ({ context }) => context.result.outcome === 'aborted',
  },
  actions: {
    askForDevice: sendTo(
      ({ context }) => actorAt(context.lock ?? ''),
      ({ context, self }) => ({
        type: 'ACQUIRE',
        ticket: self.sessionId,
        owner: { kind: 'run', id: self.sessionId },
        replyTo: self.sessionId,
        wants: { devices: [context.task.device ?? ''] },
        priority: context.task.priority,
        ttlMs: context.settings.ttlMs,
        maxHoldMs: context.settings.maxHoldMs,
        reason: `${context.agent}: ${context.task.eventType}`,
      }),
    ),
    renewLease: sendTo(
      ({ context }) => actorAt(context.lock ?? ''),
      ({ context, self }) => ({
        type: 'RENEW',
        ticket: self.sessionId,
        token: context.lease?.token ?? 0,
        replyTo: self.sessionId,
      }),
    ),
    giveBackClean: sendTo(
      ({ context }) => actorAt(context.lock ?? ''),
      ({ context, self }) => ({
        type: 'RELEASE',
        ticket: self.sessionId,
        token: context.lease?.token ?? 0,
        clean: true,
      }),
    ),
    giveBack: sendTo(
      ({ context }) => actorAt(context.lock ?? ''),
      ({ context, self }) => ({
        type: 'RELEASE',
        ticket: self.sessionId,
        token: context.lease?.token ?? 0,
        clean: false,
      }),
    ),
    leaveQueue: sendTo(
      ({ context }) => actorAt(context.lock ?? ''),
      ({ self }) => ({ type: 'CANCEL', ticket: self.sessionId }),
    ),
    wishPause: assign({ wish: 'pause' }),
    wishYield: assign({ wish: 'preempt' }),
    wishNothing: assign({ wish: null }),
    forgetLease: assign({ lease: null }),
    nextStep: assign(({ context }) => ({
      position: context.position + 1,
      approved: false,
      verdict: null,
      asking: null,
    })),
    announceStart: emit(({ context, self }) => ({
      type: 'run.started',
      subject: context.task.device ?? undefined,
      data: facts(context, self.sessionId),
    })),
    announceEnd: emit(({ context, self }) => ({
      type: `run.${context.result.outcome === 'succeeded' ? 'completed' : context.result.outcome === 'aborted' ? 'aborted' : 'failed'}`,
      subject: context.task.device ?? undefined,
      data: { ...facts(context, self.sessionId), ...context.result },
    })),
  },
})

const timeOut = kit.assign({
  result: ({ context }) => ({
    outcome: 'timedOut',
    reason: `not done within ${context.settings.timeoutMs} ms`,
    fault: true,
  }),
})
const abort = kit.assign({
  result: ({ event }) => ({
    outcome: 'aborted',
    reason: 'reason' in event && 'by' in event ? `${event.by}: ${event.reason}` : null,
    fault: false,
  }),
})

/** `run/<instance>.<n>`: one piece of an agent's work, child of its instance. It holds the device from start to cleanup. */
export const run = kit.createMachine({
  id: 'run',
  version: '1',
  description: 'One piece of work: gets the device, executes its steps one by one, cleans up, gives the device back.',
  context: ({ input }) => {
    const { at, ...rest } = input
    return {
      ...rest,
      phase: 'steps',
      position: 0,
      lease: null,
      queued: null,
      deadlineAt: null,
      delayMs: 0,
      wish: null,
      asking: null,
      approved: false,
      verdict: null,
      result: { outcome: 'succeeded', reason: null, fault: false },
      startedAt: at,
    }
  },
  output: ({ context }) => context.result,
  entry: 'announceStart',
  initial: 'starting',
  states: {
    starting: {
      description: 'Sees whether it needs a device at all.',
      always: [{ guard: 'needsNoDevice', target: 'holding' }, { target: 'waitingForDevice' }],
    },
    waitingForDevice: {
      description:
        'Stands in the queue for its device. Its place moves with its priority and with the time it has waited.',
      tags: ['waiting'],
      entry: 'askForDevice',
      after: {
        patience: {
          target: 'ending',
          actions: [
            'leaveQueue',
            assign({
              result: ({ context }) => ({
                outcome: 'failed',
                reason: `no device within ${context.settings.timeoutMs} ms`,
                fault: true,
              }),
            }),
          ],
        },
      },
      on: {
        'lock.granted': {
          target: 'holding',
          actions: assign(({ event }) => ({ lease: event.leases[0] ?? null, queued: null })),
        },
        'lock.queued': { actions: assign({ queued: ({ event }) => event.position }) },
        'lock.refused': {
          target: 'ending',
          actions: assign({
            result: ({ event }) => ({
              outcome: 'failed',
              reason: `${event.code}: ${event.reasons.join('; ')}`,
              fault: false,
            }),
          }),
        },
        PAUSE: { actions: 'wishPause' },
        RESUME: { actions: 'wishNothing' },
        PREEMPT: { target: 'preempted', actions: 'leaveQueue' },
        CANCEL: { target: 'ending', actions: ['leaveQueue', abort] },
      },
    },
    holding: {
      description: 'Has what it needs. While it holds a device it renews the lease, whatever it is doing.',
      entry: [
        assign({
          deadlineAt: ({ context, event }) => context.deadlineAt ?? timeOf(event, context) + context.settings.timeoutMs,
        }),
        raise(
          { type: 'TIMEOUT', at: 0 },
          {
            id: 'timeout',
            delay: ({ context, event }) => Math.max(0, (context.deadlineAt ?? 0) - timeOf(event, context)),
          },
        ),
        raise({ type: 'LEASE.RENEW', at: 0 }, { id: 'renewal', delay: 'renewal' }),
      ],
      exit: [cancel('timeout'), cancel('renewal')],
      initial: 'betweenSteps',
      on: {
        'LEASE.RENEW': [
          {
            guard: 'holdsDevice',
            actions: ['renewLease', raise({ type: 'LEASE.RENEW', at: 0 }, { id: 'renewal', delay: 'renewal' })],
          },
        ],
        'lock.lost': {
          guard: ({ context, event }) => event.token === context.lease?.token,
          description:
            'The device went to somebody else. What was done stays done; the run goes on where it was once it has the device again.',
          target: 'waitingForDevice',
          actions: 'forgetLease',
        },
        TIMEOUT: { target: '.cleaning', actions: timeOut },
        CANCEL: { target: '.cleaning', actions: abort },
        PAUSE: { actions: 'wishPause' },
        RESUME: { actions: 'wishNothing' },
        PREEMPT: { actions: 'wishYield' },
      },
      states: {
        executing: {
          description:
            'A step is under way. Each step is stored before it acts and after it, so a crash costs nothing that was done.',
          tags: ['busy'],
          invoke: {
            id: 'step',
            src: 'step',
            input: ({ context, self }) => {
              const { agent, version, team, task, phase, position, lease, approved, verdict } = context
              return { run: self.sessionId, agent, version, team, task, phase, position, lease, approved, verdict }
            },
            onDone: [
              {
                guard: ({ event }) => event.output.kind === 'next',
                target: 'betweenSteps',
                actions: ['nextStep', assign({ delayMs: ({ event }) => delayOf(outputOf(event)) })],
              },
              {
                guard: ({ event }) => event.output.kind === 'again',
                target: 'betweenSteps',
                actions: assign({ delayMs: ({ event }) => delayOf(outputOf(event)), verdict: null }),
              },
              { guard: ({ event }) => event.output.kind === 'done', target: 'cleaning' },
              {
                guard: ({ event, context }) => event.output.kind === 'failed' && context.phase === 'steps',
                description: 'What the definition says under on_failure comes next.',
                target: 'betweenSteps',
                actions: assign(({ event }) => ({
                  phase: 'onFailure',
                  position: 0,
                  delayMs: 0,
                  result: failureOf(outputOf(event)),
                })),
              },
              { guard: ({ event }) => event.output.kind === 'failed', target: 'cleaning' },
              {
                guard: ({ event }) => event.output.kind === 'approval',
                target: 'awaitingApproval',
                actions: assign({ asking: ({ event }) => askedOf(outputOf(event)) }),
              },
              { target: 'suspended', actions: assign({ asking: ({ event }) => askedOf(outputOf(event)) }) },
            ],
            onError: {
              target: 'cleaning',
              actions: assign({
                result: ({ event }) => ({ outcome: 'failed', reason: messageOf(event.error), fault: true }),
              }),
            },
          },
        },
        betweenSteps: {
          description: 'A safe point: nothing is under way. Goes on after the pause that the step asked for.',
          tags: ['safe'],
          always: [
            { guard: 'shallPause', target: 'paused' },
            { guard: 'shallYield', target: '#run.preempted', actions: ['giveBack', 'forgetLease'] },
            { guard: ({ context }) => context.delayMs <= 0, target: 'executing' },
          ],
          after: { pause: 'executing' },
          on: { PAUSE: 'paused' },
        },
        paused: {
          description: 'Someone paused the agent. The device is kept, nothing is done until RESUME.',
          tags: ['paused'],
          entry: 'wishNothing',
          on: {
            RESUME: {
              target: 'betweenSteps',
              actions: [
                // The time it stood still does not count.
                assign({ deadlineAt: ({ context, event }) => event.at + context.settings.timeoutMs }),
                raise({ type: 'TIMEOUT', at: 0 }, { id: 'timeout', delay: 'patience' }),
              ],
            },
            PAUSE: {},
            TIMEOUT: {},
          },
        },
        awaitingApproval: {
          description: 'The next tool needs a person’s word. Without one in an hour the answer is no.',
          tags: ['waiting', 'needsHuman'],
          after: {
            approval: {
              target: 'cleaning',
              actions: assign({ result: { outcome: 'failed', reason: 'nobody approved in time', fault: false } }),
            },
          },
          on: {
            APPROVE: { target: 'executing', actions: assign({ approved: true, asking: null }) },
            DENY: {
              target: 'cleaning',
              actions: assign({
                result: ({ event }) => ({
                  outcome: 'failed',
                  reason: `denied by ${event.by}: ${event.reason}`,
                  fault: false,
                }),
              }),
            },
          },
        },
        suspended: {
          description:
            'A worker died in the middle of a call that must not be repeated blindly, so nobody knows whether it was done. ' +
            'Look at the device, then RETRY the step, SKIP it as done, or CANCEL the run.',
          tags: ['waiting', 'needsHuman'],
          on: {
            RETRY: { target: 'executing', actions: assign({ verdict: 'retry', asking: null }) },
            SKIP: { target: 'executing', actions: assign({ verdict: 'skip', asking: null }) },
          },
        },
        cleaning: {
          description: 'Puts the device back to its home state, so that the next one finds it as it should be.',
          tags: ['busy'],
          always: { guard: ({ context }) => context.lease === null, target: '#run.ending' },
          on: {
            'lock.lost': { target: '#run.ending', actions: 'forgetLease' },
            TIMEOUT: {},
            CANCEL: {},
            PAUSE: {},
            PREEMPT: {},
          },
          after: { cleanup: { target: '#run.ending', actions: 'giveBack' } },
          invoke: {
            id: 'cleanup',
            src: 'cleanup',
            input: ({ context, self }) => ({ run: self.sessionId, lease: context.lease ?? { device: '', token: 0 } }),
            onDone: { target: '#run.ending', actions: 'giveBackClean' },
            // The lock cleans a device that was not handed back clean, and calls it suspect when that fails too.
            onError: { target: '#run.ending', actions: 'giveBack' },
          },
        },
      },
    },
    preempted: {
      description: 'Gave its device to more urgent work. Queues for it again on RESUME and goes on where it was.',
      tags: ['waiting'],
      entry: 'wishNothing',
      on: { RESUME: 'starting', CANCEL: { target: 'ending', actions: abort } },
    },
    ending: {
      description: 'Everything is given back.',
      entry: ['forgetLease', 'announceEnd'],
      always: [
        { guard: 'succeeded', target: 'succeeded' },
        { guard: 'failed', target: 'failed' },
        { guard: 'aborted', target: 'aborted' },
        { target: 'timedOut' },
      ],
    },
    succeeded: { type: 'final', description: 'Did what it was for.' },
    failed: { type: 'final', description: 'A step failed for good; the reason is in the output.' },
    aborted: { type: 'final', description: 'Someone ended it; who and why is in the output.' },
    timedOut: { type: 'final', description: 'It took longer than its definition allows.' },
  },
})

function facts(context: RunContext, address: Address) {
  const { agent, version, instance, task } = context
  return { agent, version, instance, run: address, event: task.eventId, device: task.device }
}

/** Events of the runtime carry `at` too; an eventless step at birth does not. */
function timeOf(event: { at?: number }, context: RunContext): number {
  return event.at ?? context.startedAt
}

function outputOf(event: unknown): StepOutcome {
  return (event as { output: StepOutcome }).output
}

function delayOf(outcome: StepOutcome): number {
  return 'delayMs' in outcome ? (outcome.delayMs ?? 0) : 0
}

function failureOf(outcome: StepOutcome): Outcome {
  return outcome.kind === 'failed'
    ? { outcome: 'failed', reason: outcome.reason, fault: outcome.fault }
    : { outcome: 'failed', reason: outcome.kind, fault: true }
}

function askedOf(outcome: StepOutcome): { step: string; tool: string } | null {
  return 'tool' in outcome ? { step: outcome.step, tool: outcome.tool } : null
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error)
}
