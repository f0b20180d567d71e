/**
 * One node of the cluster: the real platform with the suite's machines on it, driven over its channel to the driver. It
 * knows nothing of faults.
 */
import { flushCompileCache } from 'node:module'
import { createPlatform, type RunningPlatform } from '../actors/agents/platform.ts'
import { AppError } from '../core/errors.ts'
import type { NewEventInput } from '../core/event.ts'
import { toJson } from '../core/json.ts'
import { createLog } from '../core/log.ts'
import { LOCAL, type Principal } from '../core/principal.ts'
import { createApp } from '../http/app.ts'
import { listen } from '../http/server.ts'
import { createToolCatalog, createTools } from '../tools/catalog.ts'
import { write } from './ledger.ts'
import { chaosMachines } from './machines.ts'
import { performLifeCall } from './nth-call/calls.ts'
import { migrateMover } from './nth-call/mover.ts'
import type { Asked, Call, NodeSettings } from './protocol.ts'
import { unsafeTool } from './unsafe-tool.ts'

const startedAt = performance.now()
const settings = JSON.parse(process.argv[2] ?? '{}') as NodeSettings
const { ledger, gateway } = settings
const pid = process.pid

/** The driver may strike just now, which is the point: so it is told, and waited for. */
async function tell(what: object): Promise<void> {
  await fetch(`${gateway}/witness`, { method: 'POST', body: JSON.stringify({ ...what, pid, node: settings.name }) })
    .then((response) => response.text())
    .catch(() => undefined)
}

const witness = {
  async began(what: { effectId: string; address: string; attempts: number }) {
    write(ledger, { kind: 'begin', ...what, pid })
    await tell({ kind: 'begin', ...what })
  },
  async ended(what: { effectId: string; address: string; attempts: number }) {
    write(ledger, { kind: 'end', ...what, pid })
    await tell({ kind: 'end', ...what })
  },
}

/** Whether no process asked for this before. */
async function first(key: string): Promise<boolean> {
  const answer = await fetch(`${gateway}/once`, { method: 'POST', body: JSON.stringify({ key }) })
    .then((response) => response.json() as Promise<{ first: boolean }>)
    .catch(() => undefined)
  return answer?.first === true
}

const log = createLog(process.env['CHAOS_LOG'] ?? 'silent')
const platform = await createPlatform({
  version: `chaos-${settings.build}`,
  log,
  databaseUrl: settings.databaseUrl,
  ...(settings.redisUrl === undefined ? {} : { redisUrl: settings.redisUrl }),
  roles: settings.roles,
  leaseMs: settings.leaseMs,
  tools: createToolCatalog([...createTools({ allowedHosts: [] }), unsafeTool(gateway)]),
  machines: chaosMachines(witness, settings.build),
  migrations: { mover: migrateMover },
  handlers: {
    async note({ effectId, address }) {
      write(ledger, { kind: 'action', effectId, address, pid })
      // Now and then an action fails once, and nothing but another try may come of it.
      if (/[37]:1$/.test(effectId) && (await first(effectId))) throw new Error('the action fails once')
    },
  },
})
await platform.start()
process.on('message', (asked: Asked) => void answer(asked))
const door = settings.roles.includes('api')
  ? await listen({ app: createApp({ platform, log, config: { loopbackOnly: true } }), host: '127.0.0.1', port: 0 })
  : undefined
let ending = false
process.on('SIGTERM', () => {
  // A second signal does not wait.
  if (ending) process.exit(130)
  ending = true
  void Promise.resolve(door?.stop())
    .then(() => platform.stop())
    .then(() => process.exit(0))
})
process.once('disconnect', () => process.exit(1))
// Those that are killed could not keep it at their end.
flushCompileCache()
// Last: whoever hears of it may end it at once.
process.send?.({ ready: true, startedMs: Math.round(performance.now() - startedAt), url: door?.url ?? null })

async function answer({ ask, call }: Asked): Promise<void> {
  try {
    process.send?.({ ask, ok: true, value: toJson((await perform(platform, call)) ?? null) })
  } catch (error) {
    const known = error instanceof AppError
    const message = error instanceof Error ? error.message : String(error)
    // What has no code of ours should not have come so far: the report counts refusals by code, and shows what it was.
    const code = known ? error.code : `internal: ${message.slice(0, 120)}`
    process.send?.({ ask, ok: false, code, retryable: known && error.retryable, message })
  }
}

function perform(running: RunningPlatform, call: Call): unknown {
  const { runtime, events, agents, instances, runs, devices, locks, actors } = running
  switch (call.do) {
    case 'send':
      return runtime.send(call.address, call.event as { type: string }, { id: call.id, sender: 'chaos' })
    case 'peek':
      return actors.get({ ...LOCAL, team: call.team }, call.address)
    case 'spawn':
      return runtime.spawn(call.kind, { key: call.key, input: toJson(call.input) })
    case 'ingest':
      return events.ingest(LOCAL, [call.event as NewEventInput])
    case 'publish':
      return publish(call.definition, call.name)
    case 'instance':
      return instances.command(LOCAL, call.id, call.action, { reason: 'chaos' })
    case 'register': {
      const { device, pool } = call
      const about = { kind: 'stb', pool, host: 'chaos', gateway: call.gateway, connectivity: 'online' as const }
      return devices.register(LOCAL, device, about)
    }
    case 'acquire':
      return locks.create(person(call.key), {
        pool: call.pool,
        wants: { kind: 'stb' },
        key: call.key,
        ttlMs: call.ttlMs,
      })
    case 'ticket':
      return locks.get(LOCAL, call.ticket)
    case 'renew':
      return locks.renew(person(call.by), call.ticket)
    case 'release':
      return locks.release(person(call.by), call.ticket)
    case 'attend':
      return attend()
    case 'health':
      return runtime.health()
    case 'ask':
    case 'births':
    case 'batch':
    case 'fork':
    case 'redrive':
    case 'retain':
      return performLifeCall(running, call)
  }

  async function attend(): Promise<number> {
    let attended = 0
    for (const run of (await runs.list(LOCAL, { limit: 200 })).items) {
      if (!run.state.endsWith('suspended')) continue
      // Nobody can know whether it happened: a person says that it is not to happen again.
      await runs.decide(LOCAL, run.id, 'skip', { reason: 'chaos' })
      attended += 1
    }
    for (const { id, state } of (await instances.list(LOCAL, { limit: 50 })).items) {
      if (state === 'error') await instances.command(LOCAL, id, 'skip', { reason: 'chaos' })
      if (state === 'paused') await instances.command(LOCAL, id, 'resume', { reason: 'chaos' })
    }
    return attended
  }

  async function publish(definition: string, name: string): Promise<void> {
    const { version } = await agents.import(LOCAL, definition, name)
    if (version.status === 'draft') await agents.publish(LOCAL, version.id, version.version)
  }
}

function person(key: string): Principal {
  return { ...LOCAL, name: key }
}
