import { describe, expect, it } from 'vitest'
import { paths } from './corpus/paths.ts'
import { rightly, SIGNING, signatures } from './corpus/signatures.ts'
import { streams, webhooks } from './corpus/streams.ts'
import { type RawItem, sockets, wire } from './corpus/wire.ts'
import { problemFault } from './judge.ts'
import { sendRaw } from './send.ts'
import { openYard } from './yard.ts'

const ROOM = 300_000

describe('the door', () => {
  const yard = openYard()

  it('answers bytes that are no request with a problem, and hangs up', { timeout: ROOM }, async () => {
    expect(await shootRaw([...wire(yard.keyLine), ...sockets(yard.keyLine)])).toEqual([])
  })

  it('finds nothing behind paths and ids that are not what they seem, nor what another team has', {
    timeout: ROOM,
  }, async () => {
    expect(await yard.shoot(await paths())).toEqual([])
  })

  it('opens no stream that it could not follow', { timeout: ROOM }, async () => {
    expect(await yard.shoot(streams())).toEqual([])
  })

  it('takes no webhook on its own word', { timeout: ROOM }, async () => {
    expect(await yard.shoot(webhooks())).toEqual([])
  })

  it('takes no signature that is almost right, and the one that is', { timeout: ROOM }, async () => {
    expect(await yard.shoot(signatures())).toEqual([])
    for (const { scheme } of SIGNING) expect([scheme, (await yard.send(rightly(scheme))).status]).toEqual([scheme, 202])
  })

  async function shootRaw(items: readonly RawItem[]): Promise<string[]> {
    const told = await Promise.all(
      items.map(async (item) => `class ${item.class}, ${item.name}: ${await faultOfRaw(item)}`),
    )
    const faults = told.filter((line) => !line.endsWith(': '))
    const ready = await yard.send({ method: 'GET', path: '/readyz' })
    return ready.status === 200 ? faults : [...faults, `afterwards /readyz says ${ready.status}`]
  }

  async function faultOfRaw({ pieces, expect: right, halfClose, bare }: RawItem): Promise<string> {
    try {
      const [answer] = await sendRaw(yard.url, pieces, halfClose)
      const status = answer?.status ?? 0
      if (!right.includes(status)) return `answered ${status} ${answer?.body.slice(0, 200)}`
      return (answer && status >= 400 && !bare && problemFault(answer)) || ''
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
})
