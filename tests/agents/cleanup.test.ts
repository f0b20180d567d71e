import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { insist } from '../../actors/work/insist.ts'
import { AppError } from '../../core/errors.ts'
import { type Client, createClient } from '../http/client.ts'
import { eventually } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

interface Ticket {
  ticket: string
  state: string
}

describe('a device whose gateway cannot be reached when it is given back', () => {
  let running: TestPlatform
  let ask: Client
  const asked: string[] = []
  const gateway = createServer(({ url, headers }, response) => {
    asked.push(`${url} ${String(headers['idempotency-key'])}`)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"accepted":true}')
  })
  const at = (port: number) => ({
    body: { kind: 'tv', pool: 'paris', host: 'h', gateway: `http://127.0.0.1:${port}/`, connectivity: 'online' },
  })
  const wanted = { body: { pool: 'paris', wants: { devices: ['tv-1'] }, reason: 'by hand' } }

  beforeAll(async () => {
    running = await startPlatform()
    ask = createClient(running)
    // Nobody listens at port 9.
    await ask('PUT /v1/devices/tv-1', 200, at(9))
  })
  afterAll(async () => {
    await running.stop()
    gateway.close()
  })

  it('is cleaned as soon as its gateway is back, wherever that is, and then given to the next', async () => {
    const { body: first } = await ask<Ticket>('POST /v1/tickets', 201, wanted)
    expect(first.state).toBe('granted')
    await ask(`DELETE /v1/tickets/${encodeURIComponent(first.ticket)}`, 204)
    const { body: next } = await ask<Ticket>('POST /v1/tickets', 202, wanted)
    await eventually('the clean-up to have met nobody', async () => {
      const { body } = await ask<{ invocations: { attempts: number }[] }>('GET /v1/actors/lock/paris/why', 200)
      return JSON.stringify(body).includes('cleanup-tv-1') || undefined
    })
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve))
    await ask('PUT /v1/devices/tv-1', 200, at((gateway.address() as AddressInfo).port))
    const granted = await eventually('the next to get it', async () => {
      const { body } = await ask<Ticket>(`GET /v1/tickets/${encodeURIComponent(next.ticket)}`, 200)
      return body.state === 'granted' ? body : undefined
    })
    expect(granted.ticket).toBe(next.ticket)
    expect(asked).toEqual([expect.stringMatching(/^\/devices\/tv-1\/cleanup lock:cleanup:\d+$/)])
  })
})

describe('what is insisted on for so long', () => {
  it('ends with its last failure', async () => {
    let tries = 0
    const never = (): Promise<never> => {
      tries += 1
      return Promise.reject(new AppError('tool.unavailable', `nobody, ${tries}`))
    }
    const insisting = insist(never, new AbortController().signal, 350)
    await expect(insisting).rejects.toMatchObject({
      code: 'tool.unavailable',
      message: expect.stringMatching(/nobody, [23]/),
    })
  })
})
