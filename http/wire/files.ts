import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { etagOf, isCurrent } from './etag.ts'

const TYPES = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.ico', 'image/x-icon'],
])

/** The files of one folder that a browser may have. */
export interface Files {
  readonly names: readonly string[]
  /** Answers one of `names`. */
  respond(name: string, request: Request, policy: string): Promise<Response>
}

/**
 * Lists a folder once: only what is in that list can be asked for, so no path can lead out of it. Files are read anew
 * each time, so that an edited page shows. `only` narrows the list.
 */
export function createFiles(folder: URL, only?: readonly string[]): Files {
  const names = readdirSync(folder).filter((name) => TYPES.has(extname(name)) && (only?.includes(name) ?? true))
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
