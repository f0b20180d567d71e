import { createHash } from 'node:crypto'
import { AppError, toErrorRecord } from '../../../core/errors.ts'
import { type Json, type JsonObject, toJson } from '../../../core/json.ts'
import type { Log } from '../../../core/log.ts'
import { type HeldDevice, type Tool, type ToolCall, Wait } from '../../../core/tool.ts'
import type { Sql } from '../../../db/client.ts'
import { findEvent, type StoredEvent } from '../../../db/event-log.ts'
import { listSteps, type StepRow } from '../../../db/runs.ts'
import type { Lease, StepInput, StepOutcome } from '../../../machines/run-protocol.ts'
import { insist } from '../../work/insist.ts'
import { durationMs } from '../expressions/duration.ts'
import { evaluate, type Scope } from '../expressions/expression.ts'
import { interpolate } from '../expressions/interpolation.ts'
import type { AgentDefinition, Step } from '../format/definition.ts'
import { skillCovers } from '../registry/definition-checks.ts'
import { createStepBook, type StepBook } from './step-book.ts'

export interface ExecutorDeps {
  sql: Sql
  log: Log
  findTool(id: string): Tool | undefined
  findDefinition(team: string, agent: string, version: string): Promise<AgentDefinition>
  findDevice(team: string, id: string): Promise<RegisteredDevice | undefined>
  /** Publishes what a run has to say, as caused by the event it works on. */
  publish(
    cause: StoredEvent,
    agent: string,
    event: { id: string; type: string; subject?: string; data?: Json },
  ): Promise<{ id: string }>
}

type RegisteredDevice = Pick<HeldDevice, 'id' | 'kind' | 'gateway'>

/** Steps of `on_failure` stand behind those of the playbook, which has at most 200. */
const ON_FAILURE_FROM = 1_000
const CALL_MS = 60_000
const UNTIL_MS = 60_000
const DEFAULT_ATTEMPTS = 3
const RETRY_MS = 1_000
const RETRY_CAP_MS = 60_000

/**
 * Performs one step of a playbook. The row is written before the tool is called and completed after it: whoever comes
 * again after a crash sees how far it got, and repeats only what may be repeated.
 */
export function createExecutor(deps: ExecutorDeps): (input: StepInput, signal: AbortSignal) => Promise<StepOutcome> {
  const { sql } = deps

  return async (input, signal) => {
    // None of it has begun: a database that is away is waited for.
    const read = () =>
      Promise.all([
        deps.findDefinition(input.team, input.agent, input.version),
        findEvent(sql, input.team, input.task.eventId),
        listSteps(sql, input.run),
        input.lease ? deps.findDevice(input.team, input.lease.device) : undefined,
      ])
    const [definition, event, rows, found] = await insist(read, signal)
    if (!event) throw new AppError('event.not_found', `The event ${input.task.eventId} of this run is not in the log`)
    const steps = stepsOf(definition, input)
    if (!steps)
      return { kind: 'failed', reason: 'the definition has no playbook, and no model is configured', fault: false }
    const step = steps[input.position]
    if (!step) return { kind: 'done' }

    const position = input.position + (input.phase === 'steps' ? 0 : ON_FAILURE_FROM)
    const id = step.id ?? `${input.phase === 'steps' ? 'step' : 'failure'}-${input.position + 1}`
    const device = holdDevice(input.lease, found)
    const scope = scopeOf(event, input, device, rows)
    const row = rows.find((one) => one.position === position)
    const book = createStepBook(sql, input.run, signal)
    const work: Work = { deps, input, step, id, position, row, scope, event, device, signal, definition, book }
    const before = await standing(work)
    return before ?? perform(work)
  }
}

function holdDevice(lease: Lease | null, device: RegisteredDevice | undefined): HeldDevice | null {
  if (!lease) return null
  if (!device) throw new AppError('device.not_found', `Device ${lease.device} is not registered any more`)
  return { id: device.id, kind: device.kind, gateway: device.gateway, token: lease.token }
}

interface Work {
  deps: ExecutorDeps
  input: StepInput
  step: Step
  id: string
  /** In `run_steps`. */
  position: number
  row: StepRow | undefined
  scope: Scope
  event: StoredEvent
  device: HeldDevice | null
  signal: AbortSignal
  definition: AgentDefinition
  book: StepBook
}

/** What is already known of the step: done before a crash, left open by one, to be skipped, or waiting for a word. */
async function standing(work: Work): Promise<StepOutcome | undefined> {
  const { deps, input, step, id, position, row, scope, definition, book } = work
  switch (row?.status) {
    case 'succeeded':
    case 'skipped':
      return goOn(work)
    case 'failed':
      return step['continue-on-error']
        ? goOn(work)
        : { kind: 'failed', reason: reasonOf(row.error), fault: isFault(row.error) }
    case 'started':
    case 'unknown':
      if (input.verdict === 'skip') {
        await book.end(position, { status: 'skipped', output: null, error: null })
        return goOn(work)
      }
      if (input.verdict === 'retry' || deps.findTool(step.uses)?.safety !== 'unsafe') break
      await book.end(position, { status: 'unknown', output: null, error: null })
      return { kind: 'unknown', step: id, tool: step.uses }
    case 'waiting':
      break
    case undefined:
      if (step.if !== undefined && evaluate(step.if, scope) !== true) {
        await book.begin({ position, step: id, tool: step.uses, input: {}, attempt: 0 })
        await book.end(position, { status: 'skipped', output: null, error: null })
        return goOn(work)
      }
      if (!input.approved && definition.config.approval_required_for.some((tool) => skillCovers(tool, step.uses))) {
        return { kind: 'approval', step: id, tool: step.uses }
      }
      break
  }
  return undefined
}

async function perform(work: Work): Promise<StepOutcome> {
  const { deps, input, step, id, position, row, scope, book } = work
  const { log } = deps
  // A call that was cut off is made again under its own number; one that was answered makes the next.
  const attempt = row === undefined ? 1 : row.status === 'waiting' ? row.attempt + 1 : Math.max(1, row.attempt)
  const startedAt = performance.now()
  try {
    const tool = deps.findTool(step.uses)
    if (!tool) throw new AppError('tool.not_found', `There is no tool "${step.uses}"`)
    const asked: JsonObject = interpolate(step.with, scope)
    await book.begin({ position, step: id, tool: step.uses, input: asked, attempt })
    const answer = await call(tool, asked, attempt, work)
    const output = toJson(answer instanceof Wait ? answer.output : tool.output.parse(answer))
    log.info(
      { run: input.run, step: id, tool: step.uses, attempt, durationMs: Math.round(performance.now() - startedAt) },
      'step called',
    )
    return await judge(work, output, answer instanceof Wait ? answer.delayMs : 0)
  } catch (error) {
    // Aborted: the run has left this step, and what it says of it is not this call's to write.
    if (work.signal.aborted) throw error
    log.warn({ run: input.run, step: id, tool: step.uses, attempt, error: toErrorRecord(error) }, 'step failed')
    return refuse(work, error, attempt)
  }
}

/** `until` and `expect` look at the result; without them it is good. */
async function judge(work: Work, output: Json, delayMs: number): Promise<StepOutcome> {
  const { step, position, row, scope, book } = work
  const seen = { ...scope, result: output }
  if (step.until !== undefined && evaluate(step.until, seen) !== true) {
    const everyMs = durationMs(step.every ?? '1s')
    const limitMs = step.timeout === undefined ? UNTIL_MS : durationMs(step.timeout)
    const spentMs = row ? Date.now() - row.startedAt.getTime() : 0
    if (spentMs + everyMs > limitMs) {
      return fail(work, output, new AppError('expression.failed', `${step.until} was not true within ${limitMs} ms`))
    }
    await book.end(position, { status: 'waiting', output, error: null })
    return { kind: 'again', delayMs: everyMs }
  }
  if (step.expect !== undefined && evaluate(step.expect, seen) !== true) {
    return fail(work, output, new AppError('expression.failed', `expected ${step.expect}`))
  }
  await book.end(position, { status: 'succeeded', output, error: null })
  return goOn(work, delayMs)
}

/** The next step; after the last one the run need not ask what is left. */
function goOn({ input, definition }: Work, delayMs = 0): StepOutcome {
  if (delayMs > 0) return { kind: 'next', delayMs }
  const isLast = stepsOf(definition, input)?.[input.position + 1] === undefined
  return { kind: 'next', ...(isLast ? { last: true } : {}) }
}

function stepsOf({ playbook }: AgentDefinition, { phase }: StepInput): readonly Step[] | undefined {
  return phase === 'steps' ? playbook?.steps : playbook?.on_failure
}

/** What may pass is tried again, with growing pauses; the rest is a failure. */
async function refuse(work: Work, error: unknown, attempt: number): Promise<StepOutcome> {
  const { deps, step, position, book } = work
  const attempts = step.retry?.attempts ?? DEFAULT_ATTEMPTS
  // Sent, and nobody answered: for what must not be repeated blindly this is the same doubt as a crash.
  const inDoubt = error instanceof AppError && error.code === 'tool.unavailable'
  if (inDoubt && step.retry === undefined && deps.findTool(step.uses)?.safety === 'unsafe') {
    const record = toJson(toErrorRecord(error))
    await book.end(position, { status: 'unknown', output: null, error: record })
    return { kind: 'unknown', step: work.id, tool: step.uses }
  }
  const passing = error instanceof AppError && (error.retryable || error.code === 'lock.stale_token')
  if (!passing || attempt >= attempts) return fail(work, null, error)
  const firstMs = step.retry?.delay === undefined ? RETRY_MS : durationMs(step.retry.delay)
  await book.end(position, { status: 'waiting', output: null, error: toJson(toErrorRecord(error)) })
  return { kind: 'again', delayMs: Math.min(RETRY_CAP_MS, firstMs * 2 ** (attempt - 1)) }
}

async function fail(work: Work, output: Json, error: unknown): Promise<StepOutcome> {
  const { step, id, position, row, book } = work
  const record = toJson(toErrorRecord(error))
  // A step that could not even be asked for has no row yet.
  if (!row) await book.begin({ position, step: id, tool: step.uses, input: toJson(step.with), attempt: 1 })
  await book.end(position, { status: 'failed', output, error: record })
  if (step['continue-on-error']) return goOn(work)
  return { kind: 'failed', reason: `${id}: ${reasonOf(record)}`, fault: isFault(record) }
}

async function call(tool: Tool, asked: JsonObject, attempt: number, work: Work): Promise<unknown> {
  const { deps, input, step, id, position, event, device, book } = work
  const parsed = tool.input.safeParse(asked)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new AppError('tool.bad_input', `${step.uses}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`)
  }
  if (tool.needsDevice && !device)
    throw new AppError('tool.bad_input', `${tool.id} needs a device, and the definition locks none`)
  const limit = AbortSignal.timeout(
    step.timeout === undefined || step.until !== undefined ? CALL_MS : durationMs(step.timeout),
  )
  // Each call of `until` is one of its own; a retry is the same call again, which the other side may already have done.
  const key = step.until === undefined ? `${input.run}:${position}` : `${input.run}:${position}:${attempt}`
  const context: ToolCall = {
    run: input.run,
    step: id,
    idempotencyKey: key,
    signal: AbortSignal.any([work.signal, limit]),
    device,
    log: deps.log,
    saveEvidence: async (bytes, mediaType) => {
      const evidence = createHash('sha256').update(input.run).update(bytes).digest('hex').slice(0, 32)
      await book.saveEvidence({ id: evidence, step: id, mediaType, bytes })
      return evidence
    },
    loadEvidence: book.findEvidence,
    publish: (published) => insist(() => deps.publish(event, input.agent, { ...published, id: key }), context.signal),
  }
  try {
    return await tool.call(parsed.data, context)
  } catch (error) {
    if (limit.aborted && !work.signal.aborted)
      throw new AppError('tool.unavailable', `${tool.id} did not answer in time`, { cause: error })
    throw error
  }
}

function scopeOf(event: StoredEvent, input: StepInput, device: HeldDevice | null, rows: readonly StepRow[]): Scope {
  const { team: _team, cursor: _cursor, ...seen } = event
  return {
    event: seen,
    data: event.data,
    alert: event.type.startsWith('alert.') ? event.data : null,
    alerts: (input.task.alerts ?? [{ event: event.id, subject: event.subject }]).map(({ event: id, subject }) => ({
      event: id,
      subject,
    })),
    // `${device.screenshot}` stands for the picture as it is when it is asked for.
    device: device ? { id: device.id, kind: device.kind, screenshot: { device: device.id } } : null,
    steps: Object.fromEntries(
      rows.filter((row) => row.position < ON_FAILURE_FROM).map((row) => [row.step, row.output]),
    ),
    now: new Date().toISOString(),
    result: null,
  }
}

/** The world failed, not a check: the run as a whole may be tried again. */
const VERDICTS = new Set([
  'expression.failed',
  'expression.invalid',
  'tool.bad_input',
  'tool.not_found',
  'tool.address_refused',
])

function isFault(error: Json): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error['code'] : undefined
  return typeof code !== 'string' || !VERDICTS.has(code)
}

function reasonOf(error: Json): string {
  const message = typeof error === 'object' && error !== null && 'message' in error ? error['message'] : undefined
  return typeof message === 'string' ? message : 'failed'
}
