import { z } from 'zod'
import type { SystemInfo } from '../../actors/agents/api.ts'
import { AppError } from '../../core/errors.ts'
import { PLATFORM } from '../../core/principal.ts'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { System } from '../views/admin-views.ts'
import { json, text } from '../wire/reply.ts'

const tag = 'system'

/** Mail that waits this long means that no worker takes it. */
const MAX_LAG_MS = 60_000

/** Health, for people and for whatever restarts or measures us. */
export function systemRoutes({ platform, meter, streams }: Deps): Route[] {
  return [
    route('GET /livez', {
      tag,
      summary: 'The process is alive',
      answers: { 200: z.strictObject({ status: z.literal('alive') }) },
      handle: () => json({ status: 'alive' }),
    }),
    route('GET /readyz', {
      tag,
      summary: 'The process can take work; 503 with reasons when it cannot',
      answers: { 200: z.strictObject({ status: z.literal('ready') }) },
      async handle({ log, requestId }) {
        const reasons = await platform.system().then(reasonsOf, (error: unknown) => {
          log.warn({ requestId, err: error }, 'system state unknown')
          return ['the state of the system could not be read']
        })
        if (reasons.length > 0) throw new AppError('system.not_ready', reasons.join('; '), { details: { reasons } })
        return json({ status: 'ready' })
      },
    }),
    route('GET /v1/system', {
      tag,
      summary: 'What runs here',
      answers: { 200: System },
      handle: async () => json(await platform.system()),
    }),
    route('GET /metrics', {
      tag,
      summary: 'Figures for Prometheus',
      answers: { 200: { type: 'text/plain', description: 'Prometheus text format 0.0.4' } },
      async handle({ by }) {
        // How busy the others are is not for every team to know.
        if (by.team !== PLATFORM.team) throw new AppError('auth.forbidden', `Figures are for team ${PLATFORM.team}`)
        const lines = [
          ...systemLines(await platform.system()),
          ...meter.lines(),
          ...gauge('troupe_live_streams', streams.size),
        ]
        return text(`${lines.join('\n')}\n`, 'text/plain; version=0.0.4; charset=utf-8')
      },
    }),
  ]
}

function reasonsOf({ postgres, queue, lagMs }: SystemInfo): string[] {
  return [
    ...(postgres ? [] : ['Postgres does not answer']),
    ...(queue ? [] : ['the queue does not answer']),
    ...(lagMs > MAX_LAG_MS ? [`a message has waited ${Math.round(lagMs / 1000)} s`] : []),
  ]
}

function systemLines({ version, backend, postgres, queue, lagMs }: SystemInfo): string[] {
  return [
    '# TYPE troupe_info gauge',
    `troupe_info{version="${version}",backend="${backend}"} 1`,
    ...gauge('troupe_postgres_up', postgres ? 1 : 0),
    ...gauge('troupe_queue_up', queue ? 1 : 0),
    ...gauge('troupe_mailbox_oldest_seconds', lagMs / 1000),
    ...gauge('process_resident_memory_bytes', process.memoryUsage.rss()),
  ]
}

function gauge(name: string, value: number): string[] {
  return [`# TYPE ${name} gauge`, `${name} ${value}`]
}
