import { setTimeout as pause } from 'node:timers/promises'
import { createRuntime, type Runtime } from '../actors/runtime.ts'
import type { Address } from '../core/address.ts'
import { AppError } from '../core/errors.ts'
import { forEach } from './http.ts'
import { machines } from './machines.ts'
import type { Stage } from './stage.ts'

/** Actors in one commit of births: as a host that starts many at once would do it. */
const PER_COMMIT = 2_000

/** Opens the same database as a server, as another process with the role `api`: it brings actors and mail, and takes no turns. */
export async function openFeeder(stage: Stage, databaseUrl: string): Promise<Runtime> {
  const feeder = await createRuntime({ databaseUrl, machines, roles: ['api'] })
  await feeder.start()
  stage.atEnd(() => feeder.stop())
  return feeder
}

/** Makes `kind/<prefix>0` … in few commits. */
export async function bear(feeder: Runtime, kind: string, prefix: string, count: number): Promise<void> {
  for (let start = 0; start < count; start += PER_COMMIT) {
    const length = Math.min(PER_COMMIT, count - start)
    await feeder.spawnAll(
      kind,
      Array.from({ length }, (_, n) => ({ key: `${prefix}${start + n}` })),
    )
  }
}

/**
 * Sends so many events, many at once, and resolves when all are durably accepted. Full mailboxes are heeded, as a sender
 * should: what they refuse comes again a moment later.
 */
export async function pour(
  feeder: Runtime,
  count: number,
  letter: (n: number) => { to: Address; event: { type: string; ms?: number } },
): Promise<void> {
  await forEach(count, 1_000, async (n) => {
    const { to, event } = letter(n)
    while (!(await isTaken(feeder.send(to, event)))) await pause(FULL_MS)
  })
}

const FULL_MS = 50

async function isTaken(sent: Promise<unknown>): Promise<boolean> {
  try {
    await sent
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'actor.mailbox_full') return false
    throw error
  }
}
