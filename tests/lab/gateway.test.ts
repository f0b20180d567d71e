import { pino } from 'pino'
import { PNG } from 'pngjs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { parseConfig } from '../../examples/lab/config.ts'
import { type Lab, startLab } from '../../examples/lab/lab.ts'
import { createManualClock } from './manual-clock.ts'

const clock = createManualClock()
let lab: Lab

beforeAll(async () => {
  const config = parseConfig({ LAB_PORT: '0' })
  lab = await startLab({ config, clock, log: pino({ level: 'silent' }) })
})
afterAll(() => lab.stop())

const Json = z.record(z.string(), z.unknown())

interface Answer {
  status: number
  headers: Headers
  body: Record<string, unknown>
}

async function call(
  method: string,
  path: string,
  init: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const body = init.body === undefined ? null : JSON.stringify(init.body)
  const response = await fetch(`${lab.url}${path}`, { method, body, headers: init.headers ?? {} })
  return { status: response.status, headers: response.headers, body: Json.parse(await response.json()) }
}

const fenced = (device: string, token: number, key?: string): Record<string, string> => ({
  'lab-fence': `${device}:${token}`,
  ...(key === undefined ? {} : { 'idempotency-key': key }),
})

async function screenshot(device: string): Promise<{ frame: string | null; pixels: Buffer }> {
  const response = await fetch(`${lab.url}/devices/${device}/screenshot`)
  expect(response.headers.get('content-type')).toBe('image/png')
  const png = PNG.sync.read(Buffer.from(await response.arrayBuffer()))
  return { frame: response.headers.get('x-frame'), pixels: png.data }
}

describe('the gateway', () => {
  it('lists at least eight devices of four kinds', async () => {
    const { body } = await call('GET', '/devices')
    const devices = body['devices'] as { id: string; kind: string }[]
    expect(devices.length).toBeGreaterThanOrEqual(8)
    expect(new Set(devices.map(({ kind }) => kind))).toEqual(new Set(['stb', 'phone', 'tv', 'web']))
    const ids = devices.map(({ id }) => id)
    expect(ids).toEqual(expect.arrayContaining(['stb-1', 'stb-4', 'phone-1', 'phone-2', 'tv-1', 'web-1']))
  })

  it('describes one device', async () => {
    const { body } = await call('GET', '/devices/phone-2')
    expect(body).toEqual({
      id: 'phone-2',
      name: 'Phone 2',
      kind: 'phone',
      pool: 'lab',
      host: 'paris-2',
      labels: { platform: 'phone', model: 'Nova 9', os: 'android', location: 'paris, shelf B' },
      power: 'on',
      online: true,
      channel: 12,
      fault: null,
      fence: 0,
    })
  })

  it('answers a moving picture', async () => {
    const [first, second] = [await screenshot('tv-1'), await screenshot('tv-1')]
    expect(Number(second.frame)).toBeGreaterThan(Number(first.frame))
    expect(second.pixels.equals(first.pixels)).toBe(false)
  })

  it('answers the same picture and frame number while the screen is frozen', async () => {
    await call('POST', '/devices/tv-2/faults', { body: { kind: 'freeze' } })
    const [first, second] = [await screenshot('tv-2'), await screenshot('tv-2')]
    expect(second.frame).toBe(first.frame)
    expect(second.pixels.equals(first.pixels)).toBe(true)
  })

  it('answers device_offline for a picture or a key press of a device that is gone', async () => {
    await call('POST', '/devices/web-1/faults', { body: { kind: 'offline' } })
    const picture = await call('GET', '/devices/web-1/screenshot')
    expect(picture).toMatchObject({ status: 503, body: { code: 'device_offline', status: 503 } })
    expect(picture.headers.get('content-type')).toBe('application/problem+json')
    const request = { body: { key: 'HOME' }, headers: fenced('web-1', 1, 'k') }
    expect(await call('POST', '/devices/web-1/press', request)).toMatchObject({ status: 503 })
    await call('DELETE', '/devices/web-1/faults')
    expect(await call('POST', '/devices/web-1/press', request)).toMatchObject({ status: 200 })
  })

  it('refuses a command without a fence, with a lower one than it has seen, or with another device’s', async () => {
    const press = (headers: Record<string, string>): Promise<Answer> =>
      call('POST', '/devices/stb-1/press', { body: { key: 'CHANNEL_UP' }, headers })
    expect(await press({})).toMatchObject({ status: 428, body: { code: 'fence_required' } })
    expect(await press(fenced('stb-1', 7))).toMatchObject({ status: 200, body: { accepted: true, channel: 2 } })
    expect(await press(fenced('stb-1', 6))).toMatchObject({
      status: 412,
      body: { code: 'stale_fence', highestFence: 7 },
    })
    expect(await press(fenced('stb-2', 8))).toMatchObject({ status: 412, body: { code: 'wrong_device' } })
    expect(await press({ 'lab-fence': 'seven' })).toMatchObject({ status: 400, body: { code: 'invalid_fence' } })
    expect(await press(fenced('stb-1', 7))).toMatchObject({ status: 200, body: { channel: 3 } })
    expect((await call('GET', '/devices/stb-1')).body).toMatchObject({ fence: 7, channel: 3 })
  })

  it('acts once for one idempotency key, however many copies arrive together', async () => {
    const request = { body: { key: 'CHANNEL_UP' }, headers: fenced('stb-2', 1, 'run-1:step-1') }
    const answers = await Promise.all(Array.from({ length: 10 }, () => call('POST', '/devices/stb-2/press', request)))
    expect(answers.map(({ body }) => body)).toEqual(
      answers.map(() => ({ accepted: true, key: 'CHANNEL_UP', channel: 3 })),
    )
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === null)).toHaveLength(1)
    const journal = await call('GET', '/devices/stb-2/commands')
    expect(journal.body).toEqual({
      commands: [
        {
          at: new Date(clock.now()).toISOString(),
          command: 'press',
          args: { key: 'CHANNEL_UP' },
          fence: 1,
          idempotencyKey: 'run-1:step-1',
        },
      ],
    })
  })

  it('answers a repeat to the next holder of the device, and refuses the late one', async () => {
    await call('POST', '/devices/phone-1/power_cycle', { headers: fenced('phone-1', 1, 'k') })
    const next = await call('POST', '/devices/phone-1/power_cycle', { headers: fenced('phone-1', 2, 'k') })
    expect(next).toMatchObject({ status: 200, body: { accepted: true, readyInMs: 4000 } })
    expect(await call('POST', '/devices/phone-1/power_cycle', { headers: fenced('phone-1', 1, 'k') })).toMatchObject({
      status: 412,
    })
    expect((await call('GET', '/devices/phone-1/commands')).body['commands']).toHaveLength(1)
  })

  it('refuses one idempotency key for two different commands', async () => {
    await call('POST', '/devices/stb-3/press', { body: { key: 'HOME' }, headers: fenced('stb-3', 1, 'k') })
    const other = await call('POST', '/devices/stb-3/press', {
      body: { key: 'BACK' },
      headers: fenced('stb-3', 1, 'k'),
    })
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
  })

  it('power-cycles a black device back to life', async () => {
    await call('POST', '/devices/stb-4/faults', { body: { kind: 'blackscreen' } })
    const colours = new Set((await screenshot('stb-4')).pixels.filter((_, index) => index % 4 !== 3))
    expect(Math.max(...colours)).toBeLessThanOrEqual(10)
    const { status, body } = await call('POST', '/devices/stb-4/power_cycle', { headers: fenced('stb-4', 1) })
    expect({ status, body }).toEqual({ status: 200, body: { accepted: true, readyInMs: 4000 } })
    expect((await call('GET', '/devices/stb-4')).body).toMatchObject({ power: 'booting', fault: null })
    clock.advance(4000)
    expect((await call('GET', '/devices/stb-4')).body).toMatchObject({ power: 'on', fault: null })
    const cleaned = await call('POST', '/devices/stb-4/cleanup', { headers: fenced('stb-4', 1) })
    expect(cleaned).toMatchObject({ status: 200, body: { accepted: true, channel: 4 } })
  })

  it.each([
    ['an unknown key', '/devices/web-2/press', '{"key":"EJECT"}'],
    ['no body where one is needed', '/devices/web-2/press', null],
    ['a member it does not know', '/devices/web-2/press', '{"key":"HOME","times":3}'],
    ['an unknown fault', '/devices/web-2/faults', '{"kind":"fire"}'],
    ['what is not JSON', '/devices/web-2/faults', '{'],
  ])('refuses %s', async (_, path, body) => {
    const response = await fetch(`${lab.url}${path}`, { method: 'POST', body, headers: fenced('web-2', 1) })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'invalid_body' })
    expect((await call('GET', '/devices/web-2/commands')).body).toEqual({ commands: [] })
  })

  it('says what it does not have', async () => {
    expect(await call('GET', '/devices/toaster')).toMatchObject({ status: 404, body: { code: 'device_not_found' } })
    expect(await call('GET', '/nothing')).toMatchObject({ status: 404, body: { code: 'route_not_found' } })
  })

  it('has a page and a health answer', async () => {
    expect(await (await fetch(lab.url)).text()).toContain('<title>Simulated device lab</title>')
    expect(await call('GET', '/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } })
  })
})
