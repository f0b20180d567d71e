import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { Fault } from '../nemesis.ts'
import { probe, until } from '../strike.ts'

const READERS = 180
const AT_ONCE = 10
/** Who is turned away for the moment comes again. */
const AGAIN_MS = 1_000
const TRIES = 20
/** Of one process with a small heap: what nobody reads must not be kept anywhere (RELIABILITY.md, G20). */
const MOST_MB = 768
const HEAP = ['--max-old-space-size=160']

/** Those who watch, and do not read what they are told. */
export const READER_FAULTS: readonly Fault[] = [
  {
    id: 'L5',
    what: `${READERS} readers of everything that ever happened stop reading`,
    async strike(scene) {
      const { cluster } = scene
      const [api] = cluster.seats
      if (!api) throw new Error('nobody takes requests')
      await cluster.kill(api, 'SIGTERM')
      await cluster.fill(api, { execArgv: HEAP })
      const { node } = api
      if (!node?.url) throw new Error('nobody takes requests')
      const { host, hostname, port } = new URL(node.url)
      const beforeMb = await memoryOf(node.pid)
      const request = (query: string): string => `GET /v1/live?topics=actors&${query} HTTP/1.1\r\nhost: ${host}\r\n\r\n`
      const open = async (query: string): Promise<Socket> => {
        const socket = connect(Number(port), hostname)
        socket.on('error', () => undefined)
        await once(socket, 'connect')
        socket.write(request(query))
        return socket
      }
      const sockets: Socket[] = []
      try {
        const stall = async (): Promise<void> => {
          for (let tries = 1; ; tries++) {
            const socket = await open('cursor=0.0')
            // The first piece says that it has begun; then nobody takes anything any more.
            const [piece] = (await once(socket, 'data')) as [Buffer]
            if (piece.toString().startsWith('HTTP/1.1 200')) return void sockets.push(socket.pause())
            socket.destroy()
            if (tries === TRIES) throw new Error(`turned away: ${piece.toString().slice(-200)}`)
            await pause(AGAIN_MS)
          }
        }
        while (sockets.length < READERS) await Promise.all(Array.from({ length: AT_ONCE }, stall))
        const attentive = await open('kinds=cell')
        sockets.push(attentive)
        let told = 0
        attentive.on('data', (piece: Buffer) => (told += piece.toString().split('event: actor').length - 1))
        const ms = await probe(scene, 'L5')
        await until('the one that reads to be told', () => told > 0)
        await pause(scene.spanMs)
        const alive = node.alive()
        const afterMb = alive ? await memoryOf(node.pid) : Infinity
        const evidence = { readers: READERS, beforeMb, afterMb, alive }
        if (afterMb > MOST_MB)
          scene.broken({ rule: 'G20', what: 'readers that do not read cost a process its memory', evidence })
        return `${node.name} went from ${beforeMb} to ${afterMb} MB; one that read was told ${told} moves, a message applied after ${ms} ms`
      } finally {
        for (const socket of sockets) socket.destroy()
        if (node.alive()) await cluster.kill(api, 'SIGTERM')
      }
    },
  },
]

/** What a process holds, in megabytes. */
async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024)
}
