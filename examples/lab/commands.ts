import { z } from 'zod'
import type { Clock } from './clock.ts'
import type { LabDevice } from './device.ts'
import { createFence } from './fence.ts'
import { Key } from './keys.ts'
import { Problem } from './problem.ts'

const JOURNAL_LIMIT = 500
const ANSWERS_LIMIT = 1000

const PressArgs = z.strictObject({ key: Key })
/** A missing body is an empty one. */
const NoArgs = z.strictObject({}).default({})

export type CommandName = 'press' | 'power_cycle' | 'cleanup'

export interface JournalEntry {
  at: string
  command: CommandName
  args: Record<string, unknown>
  fence: number
  idempotencyKey: string | null
}

export interface CommandRequest {
  command: CommandName
  fence: string | undefined
  idempotencyKey: string | undefined
  body: unknown
}

export interface CommandAnswer {
  body: Record<string, unknown>
  /** True when an earlier answer was given again and the device was not touched. */
  replayed: boolean
}

/** The only way to a device's buttons: the fence is checked, a repeat is recognised, and what was done is written down. */
export interface CommandDesk {
  execute(request: CommandRequest): CommandAnswer
  /** Commands that were really executed, oldest first; the newest 500 are kept. */
  journal(): JournalEntry[]
  /** Highest fencing token seen. */
  fence(): number
}

export function createCommandDesk(device: LabDevice, clock: Clock): CommandDesk {
  const fence = createFence(device.spec.id)
  const journal: JournalEntry[] = []
  const answers = new Map<string, { fingerprint: string; body: Record<string, unknown> }>()

  /** Nothing in here waits, so two copies of one request cannot both find no stored answer. */
  function execute(request: CommandRequest): CommandAnswer {
    // The fence comes first: a late holder must learn that it lost the device, even when it repeats what it did before.
    const token = fence.admit(request.fence)
    const idempotencyKey = parseIdempotencyKey(request.idempotencyKey)
    const action = parseAction(device, request)
    const fingerprint = JSON.stringify([request.command, action.args])
    const earlier = idempotencyKey === null ? undefined : answers.get(idempotencyKey)
    if (earlier && earlier.fingerprint !== fingerprint)
      throw new Problem('idempotency_key_reused', 'This Idempotency-Key was used for another command of this device')
    if (earlier) return { body: earlier.body, replayed: true }
    // The socket answers without the device; its buttons do not. A refusal is not stored, so that a later try can succeed.
    if (request.command !== 'power_cycle' && !device.status().online)
      throw new Problem('device_offline', `${device.spec.id} does not answer`)
    const body = { accepted: true, ...action.run() }
    journal.push({
      at: new Date(clock.now()).toISOString(),
      command: request.command,
      args: action.args,
      fence: token,
      idempotencyKey,
    })
    if (journal.length > JOURNAL_LIMIT) journal.shift()
    if (idempotencyKey !== null) remember(idempotencyKey, { fingerprint, body })
    return { body, replayed: false }
  }

  function remember(key: string, answer: { fingerprint: string; body: Record<string, unknown> }): void {
    answers.set(key, answer)
    const [oldest] = answers.keys()
    if (answers.size > ANSWERS_LIMIT && oldest !== undefined) answers.delete(oldest)
  }

  return { execute, journal: () => [...journal], fence: () => fence.highest() }
}

interface Action {
  args: Record<string, unknown>
  run(): Record<string, unknown>
}

/** Reads what is asked, and leaves the doing for later: by then the request may have turned out to be a repeat. */
function parseAction(device: LabDevice, { command, body }: CommandRequest): Action {
  switch (command) {
    case 'press':
      return press(device, parseBody(PressArgs, body))
    case 'power_cycle':
      return { args: parseBody(NoArgs, body), run: () => ({ ...device.powerCycle() }) }
    case 'cleanup':
      return { args: parseBody(NoArgs, body), run: () => cleanup(device) }
  }
}

function press(device: LabDevice, args: z.infer<typeof PressArgs>): Action {
  const run = () => {
    device.press(args.key)
    return { key: args.key, channel: device.status().channel }
  }
  return { args, run }
}

function cleanup(device: LabDevice): Record<string, unknown> {
  device.cleanup()
  return { channel: device.status().channel }
}

/** Throws `invalid_body` with every wrong member named. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (!result.success) throw new Problem('invalid_body', z.prettifyError(result.error))
  return result.data
}

function parseIdempotencyKey(header: string | undefined): string | null {
  if (header === undefined) return null
  if (header.length < 1 || header.length > 256)
    throw new Problem('invalid_idempotency_key', 'Idempotency-Key must have 1 to 256 characters')
  return header
}
