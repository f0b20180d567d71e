import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMachine } from 'xstate'
import { eventually } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { backends } from '../support/redis.ts'

const READERS = 30
const MESSAGES = 5_000
/** Of its states the names alone are long: what a reader is told fills whatever lies between it and the server. */
const [here, there] = ['h', 't'].map((letter) => letter.repeat(1_500)) as [string, string]
const listener = createMachine({
  initial: here,
  states: { [here]: { on: { MOVE: there } }, [there]: { on: { MOVE: here } } },
})
const MEGABYTE = 1_048_576

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function held(): number {
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

describe.each(await backends())('on $name, readers of everything that do not read', { timeout: 180_000 }, (backend) => {
  let at: TestPlatform
  const sockets: Socket[] = []

  beforeAll(async () => {
    at = await startPlatform({ redisUrl: backend.redisUrl, machines: { listener } })
    await at.platform.runtime.spawn('listener', { key: 'all' })
    for (let sent = 0; sent < MESSAGES; sent += 200)
      await Promise.all(Array.from({ length: 200 }, () => at.platform.runtime.send('listener/all', { type: 'MOVE' })))
    await at.platform.runtime.settled('listener/all')
  }, 180_000)
  afterAll(async () => {
    for (const socket of sockets) socket.destroy()
    await at.stop()
  })

  async function listen(): Promise<Socket> {
    const { hostname, port, host } = new URL(at.url)
    const socket = connect(Number(port), hostname)
    sockets.push(socket)
    await once(socket, 'connect')
    socket.write(`GET /v1/live?topics=actors&kinds=listener&cursor=0.0 HTTP/1.1\r\nhost: ${host}\r\n\r\n`)
    await once(socket, 'readable')
    return socket
  }

  it('cost little, hold up nobody, and find everything when they read again', async () => {
    const before = held()
    for (let n = 0; n < READERS; n++) await listen()
    // Somebody who reads has been told everything by now, and whoever sends is answered.
    await at.platform.runtime.send('listener/all', { type: 'LAST' })
    await at.platform.runtime.settled('listener/all')
    // A page of what they are to be told next, for each, and not all of it.
    expect(held() - before).toBeLessThan(READERS * 5 * MEGABYTE)
    const [late] = sockets
    let text = ''
    late?.on('data', (piece: Buffer) => (text += piece.toString()))
    await eventually('it to be told the last one', () => text.includes('"type":"LAST"'), { timeoutMs: 60_000 })
    const revisions = [...text.matchAll(/"revision":(\d+)/g)].map(([, revision]) => Number(revision))
    expect(revisions).toEqual(revisions.map((_, place) => place + 1))
    expect(revisions.length).toBe(MESSAGES + 2)
    expect(text.length).toBeGreaterThan(15 * MEGABYTE)
  })
})
