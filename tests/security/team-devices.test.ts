import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, createClient } from '../http/client.ts'
import { eventually } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

const ADMIN = `trp_${'a'.repeat(40)}`
const THEIRS = 'red-tv'
const NONE = 'no-tv'

interface Problem {
  code: string
  detail: string
}

describe("another team's device", () => {
  let running: TestPlatform
  let red: Client
  let blue: Client
  /** What the gateway of the red team's device was asked. */
  const asked: string[] = []
  const gateway = createServer(({ method, url }, response) => {
    asked.push(`${method} ${url}`)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"accepted":true}')
  })
  const device = (port: number, pool = 'paris') => ({
    body: { kind: 'tv', pool, host: 'h', gateway: `http://127.0.0.1:${port}/`, connectivity: 'online' },
  })
  let port: number

  beforeAll(async () => {
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve))
    port = (gateway.address() as AddressInfo).port
    running = await startPlatform({ apiKey: ADMIN })
    const admin = createClient(running, { authorization: `Bearer ${ADMIN}` })
    const member = async (team: string): Promise<Client> => {
      const { body } = await admin<{ key: string }>('POST /v1/keys', 201, { body: { name: team, role: 'admin', team } })
      return createClient(running, { authorization: `Bearer ${body.key}` })
    }
    red = await member('red')
    blue = await member('blue')
    await red(`PUT /v1/devices/${THEIRS}`, 200, device(port))
    await blue('PUT /v1/devices/blue-tv', 200, device(port))
  }, 60_000)
  afterAll(async () => {
    await running.stop()
    gateway.close()
  })

  const untouched = async (): Promise<unknown> => {
    const { body } = await red<Record<string, unknown>>(`GET /v1/devices/${THEIRS}`, 200)
    return { ...body, updatedAt: null }
  }

  it('is none: in no route, no lock and no actor, word for word', async () => {
    const before = await untouched()
    const lines = (id: string): [line: string, body?: object][] => [
      [`GET /v1/devices/${id}`],
      [`GET /v1/devices/${id}/picture`],
      [`POST /v1/devices/${id}/maintenance`, { on: true, reason: 'x' }],
      [`POST /v1/devices/${id}/kick`, { reason: 'x' }],
      [`POST /v1/devices/${id}/vouch`, {}],
      [`GET /v1/actors/device/${id}`],
      [`GET /v1/actors/device/${id}/history`],
      [`GET /v1/actors/device/${id}/why`],
      [`POST /v1/actors/device/${id}/events`, { type: 'OFFLINE' }],
      [`POST /v1/actors/device/${id}/fork?at=1`, {}],
    ]
    const theirs = lines(THEIRS)
    const none = lines(NONE)
    for (const [at, [line, body]] of theirs.entries()) {
      const withBody = body === undefined ? {} : { body }
      const { body: one } = await blue<Problem>(line, 404, withBody)
      const { body: other } = await blue<Problem>(none[at]?.[0] ?? '', 404, withBody)
      expect([line, one.code, one.detail.replaceAll(THEIRS, NONE)]).toEqual([line, other.code, other.detail])
    }
    await blue(`PUT /v1/devices/${THEIRS}`, 404, device(port))
    expect(await untouched()).toEqual(before)
  })

  it('is given out by no lock of another team, and taken away by none', async () => {
    const { body: held } = await red<{ ticket: string }>('POST /v1/tickets', 201, {
      body: { pool: 'paris', wants: { devices: [THEIRS] } },
    })
    const refusals = await Promise.all(
      [THEIRS, NONE].map(
        async (id) =>
          (await blue<Problem>('POST /v1/tickets', 422, { body: { pool: 'paris', wants: { devices: [id] } } })).body,
      ),
    )
    expect(refusals[0]?.detail.replaceAll(THEIRS, NONE)).toBe(refusals[1]?.detail)
    // The lock of a pool with the same name is another one, and knows only its own devices.
    await blue('POST /v1/actors/lock/blue:paris/events?wait=5s', 200, {
      body: { type: 'KICK', device: THEIRS, reason: 'mine now' },
    })
    await blue(`POST /v1/actors/lock/red:paris/events`, 404, { body: { type: 'KICK', device: THEIRS, reason: 'x' } })
    const ticket = encodeURIComponent(held.ticket)
    await blue(`GET /v1/tickets/${ticket}`, 404)
    await blue(`POST /v1/tickets/${ticket}/renew`, 404, { body: {} })
    await blue(`DELETE /v1/tickets/${ticket}`, 404)
    const { body: still } = await red<{ state: string }>(`GET /v1/tickets/${ticket}`, 200)
    expect(still.state).toBe('granted')
    await red(`DELETE /v1/tickets/${ticket}`, 204)
  })

  it('is driven by no agent of another team, whatever its events name', async () => {
    await blue('POST /v1/agents?publish=true', 201, {
      body: {
        metadata: { id: 'reach', name: 'Reach', version: '1.0.0' },
        triggers: [{ on: 'reach.out' }],
        device: { acquire: '${event.subject}', mode: 'control', ttl: '60s', max_hold: '10m' },
        skills: ['device.press'],
        permissions: { devices: ['read', 'take_control'] },
        playbook: { steps: [{ uses: 'device.press', with: { key: 'HOME' } }] },
      },
    })
    await eventually('the agent to listen', async () => {
      const { body } = await blue<{ status: string }>('POST /v1/events', 202, {
        body: { type: 'reach.out', subject: 'blue-tv' },
      })
      return body.status === 'routed'
    })
    for (const subject of [THEIRS, NONE]) {
      const { body } = await blue<{ status: string }>('POST /v1/events', 202, { body: { type: 'reach.out', subject } })
      expect([subject, body.status]).toEqual([subject, 'unhandled'])
    }
    await eventually('its own device to be driven', () => asked.some((line) => line.includes('/devices/blue-tv/press')))
    // Its own lock has it cleaned, and nobody else has it do anything.
    expect(asked.filter((line) => line.includes(THEIRS) && !line.endsWith('/cleanup'))).toEqual([])
  })
})
