import { z } from 'zod'
import type { Principal } from '../../core/principal.ts'
import type { Deps } from '../route/deps.ts'
import { type Route, route } from '../route/route.ts'
import { Id, Text } from '../wire/words.ts'

const SIGNATURES = [
  { type: 'image/png', bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { type: 'image/jpeg', bytes: [0xff, 0xd8, 0xff] },
] as const

/**
 * What a device shows at this moment, from its gateway. It goes through here, since a page may talk to no host but its
 * own; and only what begins like a picture is passed on, since a gateway is somebody else's program.
 */
export function devicePictureRoutes({ platform: { devices } }: Deps): Route[] {
  /** Whoever asks while a picture is on its way gets that one: ten walls cost the gateway as much as one. */
  const underWay = new Map<string, Promise<Uint8Array | undefined>>()

  function picture(by: Principal, id: string): Promise<Uint8Array | undefined> {
    const name = `${by.team} ${id}`
    const known = underWay.get(name)
    if (known) return known
    const asked = devices.picture(by, id).finally(() => underWay.delete(name))
    underWay.set(name, asked)
    return asked
  }

  return [
    route('GET /v1/devices/:id/picture', {
      tag: 'devices',
      summary: 'What it shows now, as its gateway sees it',
      params: z.strictObject({ id: Id }),
      query: z.strictObject({ n: Text.optional().describe('Any word: an address that a browser does not remember') }),
      answers: {
        200: { type: 'image/png', description: 'PNG or JPEG' },
        204: 'It shows nothing: offline, or its gateway does not answer with a picture',
      },
      async handle({ by, params }) {
        const bytes = await picture(by, params.id)
        const type = bytes && SIGNATURES.find((one) => one.bytes.every((byte, at) => bytes[at] === byte))?.type
        if (!bytes || !type) return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
        const headers = { 'content-type': type, 'content-disposition': 'inline', 'cache-control': 'no-store' }
        return new Response(new Uint8Array(bytes), { headers })
      },
    }),
  ]
}
