import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { type Client, createClient } from './client.ts'

let running: TestPlatform
let ask: Client
const box = {
  kind: 'stb',
  pool: 'paris',
  host: 'paris-1',
  labels: { platform: 'stb' },
  gateway: 'http://127.0.0.1:9',
  connectivity: 'online',
}
beforeAll(async () => {
  running = await startPlatform()
  ask = createClient(running)
  for (const id of ['stb-1', 'stb-2', 'stb-3']) await ask(`PUT /v1/devices/${id}`, 200, { body: box })
})
afterAll(() => running.stop())

interface Ticket {
  ticket: string
  state: string
  position: number | null
  devices: { device: string; token: number }[]
}
const wanting = (device: string, key: string) => ({
  body: { pool: 'paris', wants: { devices: [device] }, reason: 'by hand' },
  headers: { 'idempotency-key': key },
})

describe('devices', () => {
  it('are registered, and reported again without a change', async () => {
    const { body } = await ask<{ items: { id: string; holder: null; queue: number }[] }>('GET /v1/devices', 200)
    expect(body.items.map(({ id }) => id)).toEqual(['stb-1', 'stb-2', 'stb-3'])
    const { body: again } = await ask('PUT /v1/devices/stb-1', 200, { body: box })
    expect(again).toMatchObject({ id: 'stb-1', connectivity: 'online', holder: null })
    await ask('GET /v1/devices/stb-9', 404)
    await ask('PUT /v1/devices/stb-1', 400, { body: { ...box, gateway: 'file:///etc/passwd' } })
    await ask('PUT /v1/devices/stb-1', 400, { body: { ...box, team: 'other' } })
  })

  it('are kept from being given out during maintenance', async () => {
    const { body } = await ask<{ maintenance: unknown }>('POST /v1/devices/stb-2/maintenance', 200, {
      body: { on: true, reason: 'cable' },
    })
    expect(JSON.stringify(body.maintenance)).toContain('cable')
    const { body: back } = await ask<{ maintenance: unknown }>('POST /v1/devices/stb-2/maintenance', 200, {
      body: { on: false },
    })
    expect(back.maintenance).toBeNull()
  })
})

describe('a device in doubt', () => {
  interface Doubted {
    id: string
    health: string
    doubt: { reason: string | null; by: string | null; since: string } | null
    queue: number
    holder: { ticket: string } | null
  }
  const inbox = async (): Promise<Doubted[]> => (await ask<{ devices: Doubted[] }>('GET /v1/inbox', 200)).body.devices
  const doubt = (id: string, reason: string) =>
    running.platform.runtime.ask(`device/${id}`, { type: 'SUSPECT', reason }, { sender: 'test', timeoutMs: 10_000 })

  it('is in the inbox with reason, time and queue, until a person vouches for it by name', async () => {
    await ask('PUT /v1/devices/stb-8', 200, { body: { ...box, pool: 'doubted' } })
    expect((await ask<Doubted>('GET /v1/devices/stb-8', 200)).body.doubt).toBeNull()
    expect(await inbox()).toEqual([])
    await doubt('stb-8', 'the cleanup of token 7 failed')
    const { body: ticket } = await ask<Ticket>('POST /v1/tickets', 202, {
      body: { pool: 'doubted', wants: { devices: ['stb-8'] } },
    })
    expect(ticket.state).toBe('waiting')
    const [listed, ...more] = await inbox()
    expect(more).toEqual([])
    expect(listed).toMatchObject({ id: 'stb-8', health: 'suspect', queue: 1, holder: null })
    expect(listed?.doubt).toMatchObject({ reason: 'the cleanup of token 7 failed', by: null })
    const { body: past } = await ask<{ items: { at: string; event: { type: string } }[] }>(
      'GET /v1/actors/device/stb-8/history',
      200,
    )
    const since = past.items.find(({ event }) => event.type === 'SUSPECT')?.at
    expect(listed?.doubt?.since).toBe(since)
    // Heard of again, and seen elsewhere meanwhile: it has been in doubt since the first word.
    await ask('PUT /v1/devices/stb-8', 200, { body: { ...box, pool: 'doubted', connectivity: 'offline' } })
    await ask('PUT /v1/devices/stb-8', 200, { body: { ...box, pool: 'doubted' } })
    await doubt('stb-8', 'and it is warm')
    const { body: still } = await ask<Doubted>('GET /v1/devices/stb-8', 200)
    expect(still.doubt).toEqual({ reason: 'and it is warm', by: null, since })

    const { body: vouched } = await ask<Doubted>('POST /v1/devices/stb-8/vouch', 200, { body: { reason: 'new cable' } })
    expect(vouched).toMatchObject({ health: 'good', doubt: null })
    expect(await inbox()).toEqual([])
    const { body: given } = await ask<Ticket>(`GET /v1/tickets/${ticket.ticket}?wait=10s`, 200)
    expect(given).toMatchObject({ state: 'granted', devices: [{ device: 'stb-8' }] })
    const { body: audit } = await ask<{ items: object[] }>('GET /v1/audit?target=stb-8&action=device.vouch', 200)
    expect(audit.items).toMatchObject([
      { principal: 'local', details: { reason: 'new cable', was: { health: 'suspect', reason: 'and it is warm' } } },
    ])
    await ask(`DELETE /v1/tickets/${ticket.ticket}`, 204)
  })

  it('can be vouched for only while it is in doubt', async () => {
    const { body } = await ask<{ code: string }>('POST /v1/devices/stb-1/vouch', 409, { body: {} })
    expect(body.code).toBe('event.refused')
    await ask('POST /v1/devices/stb-77/vouch', 404, { body: {} })
  })
})

describe('tickets', () => {
  it('are granted at once when a device is free, once for a key, and given back', async () => {
    const { body: ticket, headers } = await ask<Ticket>('POST /v1/tickets', 201, wanting('stb-1', 'mine'))
    expect(headers.get('location')).toBe(`/v1/tickets/${encodeURIComponent(ticket.ticket)}`)
    expect(ticket.devices).toEqual([expect.objectContaining({ device: 'stb-1', token: expect.any(Number) })])
    expect((await ask<Ticket>('POST /v1/tickets', 201, wanting('stb-1', 'mine'))).body).toEqual(ticket)
    const { body: held } = await ask<{ items: { id: string; holder: { ticket: string } }[] }>('GET /v1/locks', 200)
    expect(held.items).toEqual([
      expect.objectContaining({ id: 'stb-1', holder: expect.objectContaining({ ticket: ticket.ticket }) }),
    ])
    const { body: renewed } = await ask<Ticket>(`POST /v1/tickets/${ticket.ticket}/renew`, 200)
    expect(renewed.devices[0]?.token).toBe(ticket.devices[0]?.token)
    await ask(`DELETE /v1/tickets/${ticket.ticket}`, 204)
    await ask(`GET /v1/tickets/${ticket.ticket}`, 404)
    expect((await ask<{ items: object[] }>('GET /v1/locks', 200)).body.items).toEqual([])
  })

  it('that nobody could ever meet are refused with the reasons', async () => {
    const { body } = await ask<{ code: string; reasons: string[] }>('POST /v1/tickets', 422, wanting('stb-9', 'never'))
    expect(body.code).toBe('lock.unsatisfiable')
    expect(body.reasons.length).toBeGreaterThan(0)
    await ask('POST /v1/tickets', 404, { body: { pool: 'nowhere', wants: {} } })
    await ask('POST /v1/tickets', 400, { body: { pool: 'paris', wants: { device: 'stb-1' } } })
    await ask('GET /v1/pools/nowhere/queue', 404)
  })

  it('may be waited for no longer than a proxy would', async () => {
    const { body: ticket } = await ask<Ticket>('POST /v1/tickets', 201, wanting('stb-2', 'wait'))
    expect((await ask<Ticket>(`GET /v1/tickets/${ticket.ticket}?wait=50ms`, 200)).body.state).toBe('granted')
    await ask(`GET /v1/tickets/${ticket.ticket}?wait=2h`, 400)
    await ask(`GET /v1/tickets/${ticket.ticket}?wait=soon`, 400)
    expect((await ask<{ items: object[] }>('GET /v1/pools/paris/queue', 200)).body.items).toBeInstanceOf(Array)
  })

  it('end when their device is taken away, with a reason', async () => {
    const { body: ticket } = await ask<Ticket>('POST /v1/tickets', 201, wanting('stb-3', 'kicked'))
    await ask('POST /v1/devices/stb-3/kick', 400, { body: {} })
    await ask('POST /v1/devices/stb-3/kick', 200, { body: { reason: 'needed now' } })
    const { body: gone } = await ask<{ code: string }>(`GET /v1/tickets/${ticket.ticket}`, 404)
    expect(gone.code).toBe('lock.ticket_not_found')
  })
})
