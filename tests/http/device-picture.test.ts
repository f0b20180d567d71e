import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

const PNG = [0x89, 0x50, 0x4e, 0x47]

describe('the picture of a device', () => {
  let running: TestPlatform
  beforeAll(async () => {
    running = await startPlatform({ labSpeed: 20 })
  })
  afterAll(() => running.stop())

  const picture = (id: string): Promise<Response> => fetch(`${running.url}/v1/devices/${id}/picture`)

  it('is what its gateway sees at this moment', async () => {
    const response = await picture('stb-1')
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/png'])
    expect(response.headers.get('cache-control')).toBe('no-store')
    const bytes = new Uint8Array(await response.arrayBuffer())
    expect(Array.from(bytes.subarray(0, 4))).toEqual(PNG)
  })

  it('is nothing where the gateway answers something else, or not at all', async () => {
    const box = { kind: 'stb', pool: 'lab', host: 'paris-9', connectivity: 'online' }
    // A page that is no picture: nobody gets it from here.
    await register('odd-1', { ...box, gateway: `${running.url}/nobody/there` })
    await register('odd-2', { ...box, gateway: 'http://127.0.0.1:9' })
    expect((await picture('odd-1')).status).toBe(204)
    expect((await picture('odd-2')).status).toBe(204)
    expect((await picture('odd-3')).status).toBe(404)
  })

  it('is black when somebody breaks a device of the simulated lab, and comes back when it is mended', async () => {
    expect((await running.request('POST', '/v1/devices/stb-2/fault', { kind: 'blackscreen' })).status).toBe(404)
    running.platform.setLab(running.lab)
    const faultOf = async (id: string): Promise<unknown> => {
      const told = (await (await fetch(`${running.lab}/devices/${id}`)).json()) as { fault: { kind: string } | null }
      return told.fault?.kind ?? null
    }
    expect((await running.request('POST', '/v1/devices/stb-2/fault', { kind: 'blackscreen' })).status).toBe(204)
    expect(await faultOf('stb-2')).toBe('blackscreen')
    expect((await running.request('POST', '/v1/devices/stb-2/fault', { kind: null })).status).toBe(204)
    expect(await faultOf('stb-2')).toBeNull()
    expect((await running.request('POST', '/v1/devices/odd-2/fault', { kind: 'freeze' })).status).toBe(404)
  })

  async function register(id: string, body: object): Promise<void> {
    const response = await running.request('PUT', `/v1/devices/${id}`, body)
    expect(response.status).toBe(200)
  }
})
