import { expectReplay, expectStatus } from '../contestants/troupe-http.ts'
import { connect } from '../http.ts'
import { within } from '../patience.ts'
import { startTroupe } from '../server.ts'
import { startSink } from '../sink.ts'
import { spread } from '../stats.ts'
import type { Question } from './question.ts'

interface Ticket {
  ticket: string
  state: string
}

const FREE = Array.from({ length: 20 }, (_, n) => `free-${n}`)

/**
 * Asking for a device that is free; and many who wait for one device, each over an open `?wait`: from the moment at
 * which its holder lets go until the next in line hears that it is theirs. The device is cleaned in between, by a
 * gateway that does so at once.
 */
export const locks: Question = {
  name: 'lock',
  async ask(stage) {
    const { waiters } = stage.sizes
    const sink = await startSink()
    stage.atEnd(sink.stop)
    const server = await startTroupe(stage, 'embedded')
    const client = connect(server.url, waiters + 8)
    for (const id of ['box', ...FREE]) {
      const device = {
        kind: 'stb',
        pool: 'bench',
        host: 'bench',
        gateway: `http://${sink.host}`,
        connectivity: 'online',
      }
      expectStatus(await client.put(`/v1/devices/${id}`, JSON.stringify(device)), 200)
    }

    async function request(device: string, status: number): Promise<{ ticket: string; ms: number }> {
      const wanted = JSON.stringify({ pool: 'bench', wants: { devices: [device] }, ttlMs: 600_000 })
      const at = performance.now()
      const answer = await client.post('/v1/tickets', wanted)
      const ms = performance.now() - at
      expectStatus(answer, status)
      return { ticket: (JSON.parse(answer.text) as Ticket).ticket, ms }
    }
    const granted = async (ticket: string): Promise<number> => {
      const answer = await client.get<Ticket>(`/v1/tickets/${ticket}?wait=60s`)
      if (answer.state !== 'granted') throw new Error(`ticket ${ticket} is ${answer.state}`)
      return performance.now()
    }

    const free: number[] = []
    for (const device of FREE) free.push((await request(device, 201)).ms)

    const holder = await request('box', 201)
    const line: { ticket: string; heard: Promise<number> }[] = []
    const queued: number[] = []
    for (let n = 0; n < waiters; n++) {
      const { ticket, ms } = await request('box', 202)
      queued.push(ms)
      line.push({ ticket, heard: granted(ticket) })
    }
    const handedOver: number[] = []
    let held = holder.ticket
    for (const { ticket, heard } of line) {
      const at = performance.now()
      expectStatus(await client.delete(`/v1/tickets/${held}`), 204)
      handedOver.push((await within(`the grant of ${ticket}`, 30_000, heard)) - at)
      held = ticket
    }
    await expectReplay(server.url)
    await client.close()
    await server.stop()
    await sink.stop()
    const handOver = spread(handedOver)
    return {
      waiters,
      'free: request to granted p50 ms': spread(free).p50Ms,
      'queue: request to queued p50 ms': spread(queued).p50Ms,
      'hand-over: release to next granted p50 ms': handOver.p50Ms,
      'hand-over: release to next granted p99 ms': handOver.p99Ms,
    }
  },
}
