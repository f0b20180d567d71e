import type { Env, Hono } from 'hono'
import { openAPIRouteHandler } from 'hono-openapi'
import { API_HEADERS } from './door/guard.ts'
import { createFiles } from './wire/files.ts'

/** Swagger UI styles its elements in place; it runs nothing that is not a file of ours. */
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Troupe API</title><link rel="icon" href="/favicon.svg"><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="api"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>
`
const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true })\n`

/** The API description at `/openapi.json`, and its page at `/docs`; both need nothing from outside. */
export function serveDocs<E extends Env>(app: Hono<E>): void {
  app.get(
    '/openapi.json',
    openAPIRouteHandler(app, {
      excludeStaticFile: false,
      documentation: {
        openapi: '3.1.0',
        info: {
          title: 'Troupe',
          version: '1',
          description:
            'Durable actors and autonomous agents for device labs. Errors are RFC 9457 problems with a `code`.',
        },
        components: { securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'trp_…' } } },
        security: [{ key: [] }],
      },
    }),
  )
  const folder = new URL('.', import.meta.resolve('swagger-ui-dist/package.json'))
  const files = createFiles(folder, ['swagger-ui.css', 'swagger-ui-bundle.js'])
  for (const name of files.names) app.get(`/docs/${name}`, (c) => files.respond(name, c.req.raw, POLICY))
  app.get('/docs/start.js', () => page(START, 'text/javascript; charset=utf-8'))
  app.get('/docs', () => page(PAGE, 'text/html; charset=utf-8'))
}

function page(body: string, type: string): Response {
  return new Response(body, {
    headers: { ...API_HEADERS, 'content-type': type, 'content-security-policy': POLICY },
  })
}
