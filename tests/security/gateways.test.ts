import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isNeighbour } from '../../tools/addresses.ts'
import { parseGateways } from '../../tools/allowed-hosts.ts'
import { deviceInfo } from '../../tools/device-info.ts'
import { devicePress } from '../../tools/device-press.ts'
import { sendToNeighbour } from '../../tools/http-client.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { toolCall, use } from '../tools/tool-call.ts'

/** Where clouds tell credentials, and what else is no machine of a lab, in the spellings that URLs allow. */
const NOWHERE = [
  '169.254.169.254 169.254.170.2 0xA9FEA9FE 2852039166 0251.0376.0251.0376 169.254.43518 100.100.100.200 0.0.0.0 0',
  '224.0.0.1 255.255.255.255 [fe80::1] [ff02::1] [::] [fd00:ec2::254] [::ffff:169.254.169.254] [::ffff:a9fe:a9fe]',
  '[64:ff9b::a9fe:a9fe] [2002:a9fe:a9fe::1]',
].flatMap((line) => line.split(' '))

/** What would make of a base address another one. */
const BENT = [
  'http://10.0.0.9/latest/meta-data/iam/security-credentials/role?',
  'http://10.0.0.9/x?y=',
  'http://10.0.0.9/#',
  'http://10.0.0.9/devices/theirs/screenshot?x=',
  'http://user:secret@10.0.0.9/',
  'http://user@10.0.0.9',
  'file:///etc/passwd',
  'gopher://10.0.0.9:6379/_FLUSHALL',
]

const refused = { code: 'tool.address_refused' }

describe('the gateway of a device', () => {
  let running: TestPlatform
  const hits: string[] = []
  const listener: RequestListener = ({ method, url }, response) => {
    hits.push(`${method} ${url}`)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"secret":"of the neighbour"}')
  }
  const inside = createServer(listener)
  let port: number
  beforeAll(async () => {
    await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve))
    port = (inside.address() as AddressInfo).port
    running = await startPlatform({ gateways: [`127.0.0.1:${port}`] })
  })
  afterAll(async () => {
    await running.stop()
    inside.close()
  })

  const register = (id: string, gateway: string): Promise<Response> =>
    running.request('PUT', `/v1/devices/${id}`, {
      kind: 'stb',
      pool: 'lab',
      host: 'h',
      connectivity: 'online',
      gateway,
    })

  it('is nowhere where clouds tell secrets, in no spelling', () => {
    const admit = parseGateways([])
    for (const host of NOWHERE) expect(() => admit(`http://${host}/`), host).toThrow(/network of a lab/)
    for (const gateway of BENT) expect(() => admit(gateway), gateway).toThrow(/./)
    for (const host of ['10.1.2.3', '192.168.0.9', '127.0.0.1', 'lab-4', '[fd12::1]', '[::1]', '93.184.216.34'])
      expect(() => admit(`http://${host}:4000/lab/`), host).not.toThrow()
    for (const text of ['', 'lab', '::ffff:169.254.169.254', '::ffff:0.0.0.0']) expect(isNeighbour(text)).toBe(false)
  })

  it('is judged again by its address when it is asked, whatever a name server says by then', async () => {
    const query = { method: 'GET', url: 'http://lab.example/devices/stb-1', headers: {}, body: undefined }
    const options = { signal: AbortSignal.timeout(5_000), maxBytes: 1_000 }
    for (const answers of [
      ['169.254.169.254'],
      ['127.0.0.1', '169.254.169.254'],
      ['fe80::1'],
      ['::ffff:169.254.169.254'],
    ])
      await expect(sendToNeighbour(query, { ...options, resolve: async () => answers })).rejects.toMatchObject(refused)
    // One look-up, and the connection goes to what was judged.
    let asked = 0
    const rebinding = async (): Promise<string[]> => (asked++ === 0 ? ['127.0.0.1'] : ['169.254.169.254'])
    const { status } = await sendToNeighbour(
      { ...query, url: `http://lab.example:${port}/devices/stb-1` },
      { ...options, resolve: rebinding },
    )
    expect([status, asked]).toEqual([200, 1])
  })

  it('cannot be bent into another address by what stands behind its host, not even where it was stored before', async () => {
    hits.length = 0
    for (const end of ['/secret?', '/secret#', '/secret?x=', '?']) {
      const device = { id: 'stb-1', kind: 'stb', gateway: `http://127.0.0.1:${port}${end}`, token: 1 }
      await expect(use(deviceInfo, {}, toolCall({ device }))).rejects.toMatchObject(refused)
      await expect(use(devicePress, { key: 'OK' }, toolCall({ device }))).rejects.toMatchObject(refused)
      expect((await register('bent', device.gateway)).status).toBe(403)
    }
    expect(hits).toEqual([])
  })

  it('is where TROUPE_GATEWAYS says, and nobody registers or reaches another', async () => {
    for (const gateway of [
      ...BENT,
      'http://10.0.0.9:4000/',
      `http://localhost:${port}/`,
      'http://127.0.0.1:5432/',
      'http://169.254.169.254/',
    ])
      expect([gateway, (await register('other', gateway)).status]).toEqual([gateway, expect.toBeOneOf([400, 403])])
    expect((await running.request('GET', '/v1/devices/other')).status).toBe(404)
    expect((await register('ours', `http://127.0.0.1:${port}/`)).status).toBe(200)
    hits.length = 0
    expect((await running.request('GET', '/v1/devices/ours/picture')).status).toBe(204)
    expect(hits).toEqual(['GET /devices/ours/screenshot'])

    // As if the list had been another one when it was registered.
    await running.platform.runtime.sql`update devices set gateway = 'http://127.0.0.1:5432/' where id = 'ours'`
    const response = await running.request('GET', '/v1/devices/ours/picture')
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([403, refused.code])
  })
})
