import { createAdaptorServer, type ServerType } from '@hono/node-server'
import type { Logger } from 'pino'
import { CATALOG } from './catalog.ts'
import type { Clock } from './clock.ts'
import { createCommandDesk } from './commands.ts'
import type { LabConfig } from './config.ts'
import { createDetector, type Detector } from './detector.ts'
import { createDevice } from './device.ts'
import { createGateway } from './gateway.ts'
import { createSend } from './platform.ts'
import { createReporter, type Reporter } from './reporter.ts'

const IGNORE_MS = 5000
const REPORT_MS = 30_000
const GRACE_MS = 1000

export interface Lab {
  url: string
  stop(): Promise<void>
}

/** The whole lab: devices, their HTTP gateway, and the detector that watches them. Rejects when the port is taken. */
export async function startLab(deps: { config: LabConfig; clock: Clock; log: Logger }): Promise<Lab> {
  const { config, clock, log } = deps
  const devices = CATALOG.map((spec) => createDevice(spec, { clock, speed: config.speed }))
  const stands = devices.map((device) => ({ device, desk: createCommandDesk(device, clock) }))
  const server = createAdaptorServer({ fetch: createGateway({ stands, log }).fetch })
  const port = await listen(server, config)
  const url = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`

  const rules = { ignoreMs: IGNORE_MS / config.speed, reportMs: REPORT_MS / config.speed }
  const detector = createDetector({ devices, rules, clock, log })
  const gateway = config.publicUrl ?? url
  const reporter =
    config.platform &&
    createReporter({ devices, gateway, speed: config.speed, send: createSend(config.platform), clock, log })
  const stopping = new AbortController()
  const watching = watch({ detector, reporter, everyMs: lookEveryMs(rules.ignoreMs), clock, signal: stopping.signal })
  log.info({ url, devices: devices.length, speed: config.speed, platform: config.platform?.url }, 'lab started')

  async function stop(): Promise<void> {
    stopping.abort()
    await watching
    await reporter?.stop(GRACE_MS)
    await close(server)
    log.info('lab stopped')
  }
  return { url, stop }
}

async function watch(loop: {
  detector: Detector
  reporter: Reporter | undefined
  everyMs: number
  clock: Clock
  signal: AbortSignal
}): Promise<void> {
  const { detector, reporter, everyMs, clock, signal } = loop
  while (!signal.aborted) {
    reporter?.register()
    for (const sighting of detector.look()) reporter?.report(sighting)
    await clock.sleep(everyMs, signal)
  }
}

/** Often enough to see a condition several times before it counts, and never so often that an idle lab costs anything. */
function lookEveryMs(ignoreMs: number): number {
  return Math.min(500, Math.max(25, ignoreMs / 4))
}

function listen(server: ServerType, { host, port }: LabConfig): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}

function close(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    if ('closeAllConnections' in server) server.closeAllConnections()
  })
}
