import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createFence, type Fence } from '../examples/lab/fence.ts'
import { write } from './ledger.ts'

/** What a node tells while it works. Nemeses strike on it; the node waits for the answer. */
export interface Seen {
  kind: 'begin' | 'end' | 'command' | 'unsafe'
  pid: number
  address?: string
  attempts?: number
  key?: string
}

export interface Gateway {
  url: string
  /** Called before an execution or a command is let go on; whoever strikes here strikes in the middle of it. */
  onSeen(listener: (seen: Seen) => void): () => void
  stop(): Promise<void>
}

/**
 * The devices' side of the world, in the driver's own process: a fence for each device, the lab's own, answers by key,
 * and a journal that no fault reaches.
 */
export async function createGateway(ledger: string): Promise<Gateway> {
  const fences = new Map<string, Fence>()
  const answered = new Set<string>()
  /** What fails once fails once in all processes together. */
  const asked = new Set<string>()
  const listeners = new Set<(seen: Seen) => void>()

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = JSON.parse((await textOf(request)) || '{}') as Seen & { key: string }
    const path = request.url ?? ''
    if (path === '/witness') {
      tell(body)
      reply(response, 200, {})
    } else if (path === '/unsafe') {
      write(ledger, { kind: 'unsafe', key: body.key, pid: body.pid })
      // The effect has happened; its answer may never arrive.
      tell({ ...body, kind: 'unsafe' })
      reply(response, 200, {})
    } else if (path === '/once') {
      reply(response, 200, { first: !asked.has(body.key) })
      asked.add(body.key)
    } else command(request, response, path)
  }

  function command(request: IncomingMessage, response: ServerResponse, path: string): void {
    const [, device = '', name = ''] = /^\/devices\/([^/]+)\/(\w+)$/.exec(path) ?? []
    const header = request.headers['lab-fence']
    const key = String(request.headers['idempotency-key'] ?? '')
    const fence = fences.get(device) ?? createFence(device)
    fences.set(device, fence)
    const token = Number(String(header).split(':').at(-1))
    try {
      fence.admit(String(header))
    } catch {
      write(ledger, { kind: 'refused', device, token, key, name })
      reply(response, 412, { code: 'stale_fence' })
      return
    }
    write(ledger, { kind: 'command', device, token, key, name, fresh: !answered.has(key) })
    answered.add(key)
    tell({ kind: 'command', pid: 0, key })
    reply(response, 200, { accepted: true })
  }

  function tell(seen: Seen): void {
    for (const listener of listeners) listener(seen)
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    onSeen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of request) text += String(part)
  return text
}
