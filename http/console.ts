import type { Env, Hono } from 'hono'
import { createFiles } from './files.ts'
import { PAGE_POLICY } from './guard.ts'

/** The console at `/`: plain files, nothing inline, nothing from anywhere else. */
export function serveConsole<E extends Env>(app: Hono<E>, folder: URL): void {
  const files = createFiles(folder)
  for (const name of files.names) {
    app.get(`/${name}`, (c) => files.respond(name, c.req.raw, PAGE_POLICY))
  }
  if (files.names.includes('index.html')) {
    app.get('/', (c) => files.respond('index.html', c.req.raw, PAGE_POLICY))
  }
}
