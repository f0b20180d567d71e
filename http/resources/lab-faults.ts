import { z } from 'zod'
import { AppError } from '../../core/errors.ts'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { noContent } from '../wire/reply.ts'
import { Id } from '../wire/words.ts'

const LIMIT_MS = 5_000
const Fault = z.enum(['blackscreen', 'freeze', 'audio_loss', 'macroblocks', 'offline'])

/** For trying things out: devices of the simulated lab break when somebody says so. Real ones know no such word. */
export function labFaultRoutes({ platform }: Deps): Route[] {
  return [
    route('POST /v1/devices/:id/fault', {
      tag: 'devices',
      summary: 'Break a device of the simulated lab, or mend it',
      params: z.strictObject({ id: Id }),
      body: z.strictObject({ kind: Fault.nullable().describe('Null: mend it') }),
      answers: { 204: 'Done: what monitors see of it is up to them' },
      async handle({ by, params, body: { kind } }) {
        const { id, gateway } = await platform.devices.get(by, params.id)
        const { lab } = await platform.system()
        if (lab === null || new URL(lab).origin !== new URL(gateway).origin) {
          throw new AppError('request.not_found', `${id} is no device of the simulated lab`)
        }
        await tellLab(`${new URL(lab).origin}/devices/${encodeURIComponent(id)}/faults`, kind)
        return noContent()
      },
    }),
  ]
}

async function tellLab(url: string, kind: z.infer<typeof Fault> | null): Promise<void> {
  const how: RequestInit =
    kind === null
      ? { method: 'DELETE' }
      : { method: 'POST', body: JSON.stringify({ kind }), headers: { 'content-type': 'application/json' } }
  try {
    const answer = await fetch(url, { ...how, redirect: 'error', signal: AbortSignal.timeout(LIMIT_MS) })
    if (!answer.ok) throw new Error(`it answered ${answer.status}`)
  } catch (cause) {
    throw new AppError('tool.unavailable', 'The simulated lab does not answer', { cause })
  }
}
