import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../examples/lab/clock.ts'
import { parseConfig } from '../../examples/lab/config.ts'
import { type Lab, startLab } from '../../examples/lab/lab.ts'
import { type FakePlatform, type Received, startFakePlatform } from './fake-platform.ts'

// A hundred times faster than real time: what takes thirty seconds in a lab takes 0.3 s here, on the real clock.
const SPEED = '100'
let platform: FakePlatform
let lab: Lab | undefined

beforeEach(async () => {
  platform = await startFakePlatform()
})
afterEach(async () => {
  await lab?.stop()
  await platform.stop()
})

async function start(): Promise<Lab> {
  const config = parseConfig({ LAB_PORT: '0', LAB_SPEED: SPEED, TROUPE_URL: platform.url, TROUPE_KEY: 'trp_test' })
  lab = await startLab({ config, clock: systemClock, log: pino({ level: 'silent' }) })
  return lab
}

const breakDevice = (url: string, device: string, kind: string): Promise<Response> =>
  fetch(`${url}/devices/${device}/faults`, { method: 'POST', body: JSON.stringify({ kind }) })
const mend = (url: string, device: string): Promise<Response> =>
  fetch(`${url}/devices/${device}/faults`, { method: 'DELETE' })
const alert =
  (device: string, kind: string, status: string) =>
  (message: Received): boolean =>
    message.path === '/v1/alerts' &&
    message.body['device'] === device &&
    message.body['kind'] === kind &&
    message.body['status'] === status
const registration =
  (device: string, connectivity: string) =>
  (message: Received): boolean =>
    message.path === `/v1/devices/${device}` && message.body['connectivity'] === connectivity

describe('the lab and the platform', () => {
  it('registers every device under its own address, with the key, and tries again until it is heard', async () => {
    platform.failNext(503, 500, 404)
    const { url } = await start()
    const message = await platform.message(registration('stb-1', 'online'))
    expect(message).toEqual({
      method: 'PUT',
      path: '/v1/devices/stb-1',
      authorization: 'Bearer trp_test',
      body: {
        kind: 'stb',
        pool: 'lab',
        host: 'paris-1',
        labels: { platform: 'stb', model: 'Vega 4K', os: 'rdk', location: 'paris, rack A1' },
        name: 'Set-top box 1',
        gateway: url,
        connectivity: 'online',
      },
    })
    await platform.message(registration('web-2', 'online'))
  })

  it('alerts a black screen from its pixels, and its end, even when the platform fails in between', async () => {
    const { url } = await start()
    await platform.message(registration('stb-1', 'online'))
    await breakDevice(url, 'stb-1', 'blackscreen')
    const firing = await platform.message(alert('stb-1', 'blackscreen', 'firing'))
    expect(firing.body).toEqual({
      kind: 'blackscreen',
      status: 'firing',
      device: 'stb-1',
      host: 'paris-1',
      severity: 'critical',
      startsAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      labels: { platform: 'stb', host: 'paris-1', pool: 'lab' },
      data: { durationS: expect.any(Number), frame: expect.any(Number), blackRatio: 1, changedRatio: 0 },
    })
    platform.failNext(503, 503)
    await mend(url, 'stb-1')
    const resolved = await platform.message(alert('stb-1', 'blackscreen', 'resolved'))
    expect(resolved.body).toMatchObject({ startsAt: firing.body['startsAt'], endsAt: expect.any(String) })
    expect(platform.received.filter(alert('stb-1', 'blackscreen', 'firing'))).toHaveLength(1)
  })

  it('tells at once that a device went offline and came back, and alerts it after its time', async () => {
    const { url } = await start()
    await platform.message(registration('phone-1', 'online'))
    await breakDevice(url, 'phone-1', 'offline')
    await platform.message(alert('phone-1', 'device_offline', 'firing'))
    await mend(url, 'phone-1')
    await platform.message(alert('phone-1', 'device_offline', 'resolved'))
    const order = platform.received.filter(
      ({ path, body }) => path === '/v1/devices/phone-1' || body['device'] === 'phone-1',
    )
    expect(order.map(({ body }) => body['connectivity'] ?? body['status'])).toEqual([
      'online',
      'offline',
      'firing',
      'online',
      'resolved',
    ])
  })

  it('stops when the platform is gone', async () => {
    await platform.stop()
    const running = await start()
    lab = undefined
    await expect(running.stop()).resolves.toBeUndefined()
    platform = await startFakePlatform()
  })
})
