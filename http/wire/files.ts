import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { etagOf, isCurrent } from './etag.ts'

const TYPES = new Map([
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
])

/** The files of one folder that a browser may have. */
export interface Files {
  readonly names: readonly string[]
  /** Answers one of `names`. */
  respond(name: string, request: Request, policy: string): Promise<Response>
}

/** Only what is in the list can be asked for, so no path can lead out of the folder. */
export function createFiles(folder: URL, names: readonly string[]): Files {
  return {
    names,
    async respond(name, request, policy) {
      const bytes = await readFile(new URL(name, folder))
      const headers = {
        'content-type': TYPES.get(extname(name)) ?? 'application/octet-stream',
        'content-security-policy': policy,
        'cache-control': 'no-cache',
        'cross-origin-opener-policy': 'same-origin',
        etag: etagOf(createHash('sha256').update(bytes).digest('base64url').slice(0, 27)),
      }
      if (isCurrent(request, headers.etag)) return new Response(null, { status: 304, headers })
      return new Response(bytes, { headers })
    },
  }
}
