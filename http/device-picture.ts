import { z } from 'zod'
import type { Deps } from './deps.ts'
import { type Route, route } from './route.ts'
import { Id, Text } from './words.ts'

const LIMIT_MS = 5_000
const MAX_BYTES = 8 * 1024 * 1024
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
  const underWay = new Map<string, Promise<Picture | undefined>>()

  function picture(url: string): Promise<Picture | undefined> {
    const known = underWay.get(url)
    if (known) return known
    const asked = fetchPicture(url).finally(() => underWay.delete(url))
    underWay.set(url, asked)
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
        const { id, gateway } = await devices.reach(by, params.id)
        const shown = await picture(`${gateway.replace(/\/+$/, '')}/devices/${encodeURIComponent(id)}/screenshot`)
        if (!shown) return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
        const headers = { 'content-type': shown.type, 'content-disposition': 'inline', 'cache-control': 'no-store' }
        return new Response(shown.bytes, { headers })
      },
    }),
  ]
}

interface Picture {
  type: string
  bytes: Uint8Array<ArrayBuffer>
}

async function fetchPicture(url: string): Promise<Picture | undefined> {
  try {
    // A gateway has no reason to send us elsewhere.
    const signal = AbortSignal.timeout(LIMIT_MS)
    const response = await fetch(url, { redirect: 'error', signal, headers: { accept: 'image/png, image/jpeg' } })
    const chunks: Uint8Array[] = []
    let size = 0
    for await (const chunk of response.ok && response.body ? response.body : []) {
      size += chunk.byteLength
      if (size > MAX_BYTES) return undefined
      chunks.push(chunk)
    }
    const bytes = new Uint8Array(Buffer.concat(chunks))
    const known = SIGNATURES.find((one) => one.bytes.every((byte, index) => bytes[index] === byte))
    return known && { type: known.type, bytes }
  } catch {
    // A device that is off and a gateway that is away look alike from here, and neither is this program's fault.
    return undefined
  }
}
