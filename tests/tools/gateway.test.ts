import { describe, expect, it } from 'vitest'
import { deviceCleanup } from '../../tools/device-cleanup.ts'
import { deviceInfo } from '../../tools/device-info.ts'
import { devicePowerCycle } from '../../tools/device-power-cycle.ts'
import { devicePress } from '../../tools/device-press.ts'
import { deviceScreenshot } from '../../tools/device-screenshot.ts'
import { fakeGateway, picture } from './fake-gateway.ts'
import { serve } from './servers.ts'
import { toolCall, use } from './tool-call.ts'

const problem = (status: number, code?: string) => ({
  status,
  type: 'application/problem+json',
  body: { status, code, detail: 'because' },
})

describe('a device tool', () => {
  it.each([
    [devicePress, { key: 'HOME' }, '/devices/stb-8/press', '{"key":"HOME"}', { accepted: true, channel: 1 }],
    [devicePowerCycle, {}, '/devices/stb-8/power_cycle', '{}', { accepted: true, readyInMs: 4000 }],
    [deviceCleanup, {}, '/devices/stb-8/cleanup', '{}', { accepted: true, channel: 1 }],
  ])('$id commands with the fence and the key of its step', async (tool, input, path, body, output) => {
    const gateway = await fakeGateway()
    expect(await use(tool, input, toolCall({ device: gateway.device }))).toEqual(output)
    expect(gateway.requests).toMatchObject([
      { method: 'POST', path, body, headers: { 'lab-fence': 'stb-8:7', 'idempotency-key': 'run-1:look' } },
    ])
    expect(tool.safety).toBe('idempotent')
  })

  it('reads without a fence: looking needs no lock', async () => {
    const gateway = await fakeGateway()
    expect(await use(deviceInfo, {}, toolCall({ device: gateway.device }))).toEqual({
      id: 'stb-8',
      online: true,
      channel: 3,
    })
    expect(gateway.requests[0]?.headers).not.toHaveProperty('lab-fence')
  })

  it('keeps a screenshot as evidence', async () => {
    const screen = picture(6, 4, () => [1, 2, 3])
    const gateway = await fakeGateway({ screens: [screen] })
    const call = toolCall({ device: gateway.device })
    expect(await use(deviceScreenshot, {}, call)).toEqual({
      image: { evidence: 'evidence-1', mediaType: 'image/png', width: 6, height: 4 },
    })
    expect(Buffer.from(call.evidence.get('evidence-1')?.bytes ?? []).equals(screen)).toBe(true)
  })

  it.each([
    [problem(412, 'stale_fence'), 'lock.stale_token', false],
    [problem(503, 'device_offline'), 'device.offline', true],
    [problem(404, 'device_not_found'), 'device.not_found', false],
    [problem(412, 'wrong_device'), 'tool.failed', false],
    [problem(422, 'idempotency_key_reused'), 'tool.failed', false],
    [problem(500, 'internal'), 'tool.unavailable', true],
    [{ status: 412, type: 'text/html', body: '<h1>no</h1>' }, 'lock.stale_token', false],
    [{ status: 502, type: 'text/html', body: '<h1>no</h1>' }, 'tool.unavailable', true],
    [{ status: 429, body: '' }, 'tool.unavailable', true],
    [{ body: '{"accepted":' }, 'tool.bad_output', false],
    [{ body: { accepted: 'yes' } }, 'tool.bad_output', false],
    [{ body: '['.repeat(200_000) }, 'tool.bad_output', false],
    [{ body: `"${'x'.repeat(1024 * 1024)}"` }, 'tool.bad_output', false],
  ])('says what the gateway meant by %o', async (answer, code, retryable) => {
    const gateway = await fakeGateway({ answer })
    const press = use(devicePress, { key: 'OK' }, toolCall({ device: gateway.device }))
    await expect(press).rejects.toMatchObject({ code, retryable })
  })

  it('never takes its fence elsewhere', async () => {
    const thief = await serve((_request, response) => response.end('{"accepted":true}'))
    const gateway = await fakeGateway({ answer: { status: 307, headers: { location: `${thief.url}/` } } })
    await expect(use(devicePress, { key: 'OK' }, toolCall({ device: gateway.device }))).rejects.toMatchObject({
      code: 'tool.unavailable',
    })
    expect(thief.connections).toBe(0)
  })

  it('refuses a picture that is none', async () => {
    const gateway = await fakeGateway({ screens: [Buffer.from('<html>no camera</html>')] })
    const call = toolCall({ device: gateway.device })
    await expect(use(deviceScreenshot, {}, call)).rejects.toMatchObject({ code: 'tool.bad_output' })
    expect(call.evidence.size).toBe(0)
  })

  it('may be tried again when nobody answers', async () => {
    const gateway = await fakeGateway()
    const device = { ...gateway.device, gateway: 'http://127.0.0.1:1' }
    await expect(use(devicePress, { key: 'OK' }, toolCall({ device }))).rejects.toMatchObject({
      code: 'tool.unavailable',
      retryable: true,
    })
  })

  it('stops at once when the run stops', async () => {
    const stopping = new AbortController()
    const silent = await serve(() => stopping.abort())
    const device = { id: 'stb-8', kind: 'stb', gateway: silent.url, token: 7 }
    const press = use(devicePress, { key: 'OK' }, toolCall({ device, signal: stopping.signal }))
    await expect(press).rejects.toMatchObject({ code: 'tool.aborted', retryable: false })
  })

  it('needs a device', async () => {
    await expect(use(devicePress, { key: 'OK' }, toolCall())).rejects.toMatchObject({ code: 'tool.bad_input' })
  })
})
