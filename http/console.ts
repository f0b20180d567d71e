import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import type { Env, Hono } from 'hono'
import { PAGE_POLICY } from './door/guard.ts'
import { text } from './wire/reply.ts'

const TYPES = new Map([
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
])
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
const NOT_BUILT = 'The console is not built yet: run "npm run build". The API is there all the same, see /docs.\n'

/**
 * The console, from the folder that its build made: nothing inline, nothing from anywhere else. Every address that a
 * browser asks for as a page, and that is none of the API's, is the same page: the console finds its way from there.
 */
export function serveConsole<E extends Env>(app: Hono<E>, folder: URL): void {
  app.get('/favicon.svg', () => file(new URL('favicon.svg', folder), 'no-cache'))
  // Named by their content: whoever has one never needs to ask again.
  app.get('/assets/:name', async (c, next) => {
    const name = c.req.param('name')
    if (!NAME.test(name) || !TYPES.has(extname(name))) return next()
    return file(new URL(`assets/${name}`, folder), 'public, max-age=31536000, immutable')
  })
  app.get('*', async (c, next) => {
    if (/^\/(?:v1|api)(?:\/|$)/.test(c.req.path) || !wantsPage(c.req.raw)) return next()
    const page = await read(new URL('index.html', folder))
    if (page === undefined) return new Response(NOT_BUILT, { status: 503, headers: { 'content-type': 'text/plain' } })
    return text(page.toString('utf8'), 'text/html; charset=utf-8', {
      'content-security-policy': PAGE_POLICY,
      'cache-control': 'no-cache',
      'cross-origin-opener-policy': 'same-origin',
    })
  })
}

/** A person with a browser; programs ask for what they can read. `/` is answered to everybody. */
function wantsPage(request: Request): boolean {
  return new URL(request.url).pathname === '/' || (request.headers.get('accept') ?? '').includes('text/html')
}

async function file(path: URL, cache: string): Promise<Response> {
  const bytes = await read(path)
  // An older page asks for what its build made: it has to be loaded anew.
  if (bytes === undefined) return new Response('There is no such file in this build of the console\n', { status: 404 })
  return new Response(new Uint8Array(bytes), {
    headers: {
      'content-type': TYPES.get(extname(path.pathname)) ?? 'application/octet-stream',
      'cache-control': cache,
    },
  })
}

async function read(path: URL): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch {
    // Not built, or built anew since.
    return undefined
  }
}
