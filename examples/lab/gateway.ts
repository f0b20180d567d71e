import { readFileSync } from 'node:fs'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Logger } from 'pino'
import { type CommandDesk, type CommandName, parseBody } from './commands.ts'
import type { LabDevice } from './device.ts'
import { NewFault } from './faults.ts'
import { encodePng, render } from './picture.ts'
import { Problem } from './problem.ts'

/** One device as the gateway holds it: the thing itself, and the desk that guards its commands. */
export interface Stand {
  device: LabDevice
  desk: CommandDesk
}

/** The lab's HTTP face, a plain `fetch` handler. Whoever can reach it can see and break devices; only a fence can drive them. */
export function createGateway({ stands, log }: { stands: readonly Stand[]; log: Logger }): Hono {
  const app = new Hono()
  const byId = new Map(stands.map((stand) => [stand.device.spec.id, stand]))
  const page = readFileSync(new URL('page.html', import.meta.url), 'utf8')

  function standOf(c: Context): Stand {
    const id = c.req.param('id') ?? ''
    const stand = byId.get(id)
    if (!stand) throw new Problem('device_not_found', `There is no device ${id} in this lab`)
    return stand
  }

  async function command(c: Context, name: CommandName): Promise<Response> {
    const { device, desk } = standOf(c)
    const body = await readBody(c)
    const idempotencyKey = c.req.header('idempotency-key')
    const answer = desk.execute({ command: name, fence: c.req.header('lab-fence'), idempotencyKey, body })
    log.info(
      { device: device.spec.id, command: name, fence: desk.fence(), idempotencyKey, replayed: answer.replayed },
      'command answered',
    )
    return c.json(answer.body, 200, answer.replayed ? { 'idempotency-replayed': 'true' } : {})
  }

  app.use(
    bodyLimit({
      maxSize: 16 * 1024,
      onError: () => new Problem('body_too_large', 'A body may have 16 KiB').response(),
    }),
  )

  app.get('/', (c) => c.html(page))
  app.get('/healthz', (c) => c.json({ status: 'ok', devices: stands.length }))

  app.get('/devices', (c) => c.json({ devices: stands.map(describe) }))
  app.get('/devices/:id', (c) => c.json(describe(standOf(c))))
  app.get('/devices/:id/screenshot', (c) => screenshot(standOf(c).device))
  app.get('/devices/:id/commands', (c) => c.json({ commands: standOf(c).desk.journal() }))

  app.post('/devices/:id/press', (c) => command(c, 'press'))
  app.post('/devices/:id/power_cycle', (c) => command(c, 'power_cycle'))
  app.post('/devices/:id/cleanup', (c) => command(c, 'cleanup'))

  app.post('/devices/:id/faults', async (c) => {
    const stand = standOf(c)
    const fault = parseBody(NewFault, await readBody(c))
    stand.device.inject(fault)
    log.info({ device: stand.device.spec.id, fault: fault.kind }, 'fault injected')
    return c.json(describe(stand))
  })
  app.delete('/devices/:id/faults', (c) => {
    const stand = standOf(c)
    stand.device.clearFault()
    log.info({ device: stand.device.spec.id }, 'faults cleared')
    return c.json(describe(stand))
  })

  app.notFound((c) =>
    new Problem('route_not_found', `${c.req.method} ${c.req.path} is not a route of the lab`).response(),
  )
  app.onError((error, c) => {
    if (error instanceof Problem) return error.response()
    log.error({ err: error, path: c.req.path }, 'request failed')
    return new Problem('internal', 'The lab failed to answer').response()
  })
  return app
}

function describe({ device, desk }: Stand): Record<string, unknown> {
  const { id, name, kind, pool, host, labels } = device.spec
  return { id, name, kind, pool, host, labels, ...device.status(), fence: desk.fence() }
}

function screenshot(device: LabDevice): Response {
  const capture = device.capture()
  if (!capture) throw new Problem('device_offline', `${device.spec.id} does not answer`)
  const headers = { 'content-type': 'image/png', 'cache-control': 'no-store', 'x-frame': String(capture.frame) }
  return new Response(encodePng(render(capture.scene)), { headers })
}

/** No body is `undefined`: a command without arguments needs none. */
async function readBody(c: Context): Promise<unknown> {
  const text = await c.req.text()
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new Problem('invalid_body', 'The body is not JSON')
  }
}
