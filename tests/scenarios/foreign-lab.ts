import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestPlatform } from '../support/platform.ts'

/** How a device answers: as it should, with a failure that may pass, not at all, or not at all but having done it. */
export type Mood = 'well' | 'failing' | 'hanging' | 'mute'

export interface Command {
  device: string
  name: string
  key: string
  token: number
}

/** A lab that is not ours: it speaks the gateway's HTTP, and its devices behave as a test wants. */
export interface ForeignLab {
  url: string
  /** Commands that were carried out, oldest first; clean-ups are not among them. */
  readonly done: Command[]
  /** All that was asked, done or not. */
  readonly asked: Command[]
  mood(device: string, mood: Mood): void
  stop(): Promise<void>
}

export async function startForeignLab(): Promise<ForeignLab> {
  const moods = new Map<string, Mood>()
  const asked: Command[] = []
  const done: Command[] = []
  const server = createServer((request, response) => {
    request.resume()
    const [, , device = '', name = ''] = (request.url ?? '').split('/')
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    if (request.method === 'GET') return answer(200, { id: device, power: 'on', online: true })
    if (name === 'cleanup') return answer(200, { accepted: true })
    const key = String(request.headers['idempotency-key'])
    const command = { device, name, key, token: Number(String(request.headers['lab-fence']).split(':').at(-1)) }
    asked.push(command)
    const mood = moods.get(device) ?? 'well'
    if (mood === 'hanging') return
    if (mood === 'failing') return answer(503, { code: 'device_offline', detail: `${device} does not answer` })
    if (!done.some((one) => one.key === key)) done.push(command)
    if (mood === 'well') answer(200, { accepted: true })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    done,
    asked,
    mood: (device, mood) => void moods.set(device, mood),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Makes a device of it known to the platform. */
export async function register(
  at: Pick<TestPlatform, 'url'>,
  id: string,
  gateway: string,
  pool = 'foreign',
): Promise<void> {
  const body = { kind: 'stb', pool, host: 'elsewhere', gateway, connectivity: 'online' }
  const answer = await fetch(`${at.url}/v1/devices/${id}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(await answer.text())
}

/** Somebody else's service: it books every POST, and answers when it is told to. */
export interface Ledger {
  /** As the allow-list names it. */
  host: string
  readonly booked: string[]
  answering: boolean
  stop(): Promise<void>
}

export async function startLedger(): Promise<Ledger> {
  const booked: string[] = []
  const server = createServer((request, response) => {
    request.resume()
    booked.push(request.url ?? '')
    if (ledger.answering) response.writeHead(201, { 'content-type': 'application/json' }).end('{"booked":true}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const ledger: Ledger = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    booked,
    answering: false,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return ledger
}
