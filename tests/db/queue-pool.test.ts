import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { openQueuePool } from '../../db/queue-pool.ts'

/** A message of PostgreSQL's protocol: its letter, its length, its body. */
function message(letter: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(letter)
  head.writeInt32BE(4 + body.length, 1)
  return Buffer.concat([head, body])
}

it('fails to open a connection that the server ends in the packet that opens it, and nobody is hurt', async () => {
  const loggedIn = message('R', Buffer.alloc(4))
  const ready = message('Z', Buffer.from('I'))
  const ended = message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'))
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(Buffer.concat([loggedIn, ready, ended])))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const pool = openQueuePool(`postgres://troupe@127.0.0.1:${port}/troupe`, 'bullmq')
  pool.on('error', () => undefined)
  await expect(pool.connect()).rejects.toThrow('terminating connection')
  expect(pool.totalCount).toBe(0)
  await pool.end()
  server.close()
})
