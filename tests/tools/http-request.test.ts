import type { RequestListener } from 'node:http'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../core/errors.ts'
import type { Tool } from '../../core/tool.ts'
import { createToolCatalog, createTools } from '../../tools/catalog.ts'
import { serve } from './servers.ts'
import { toolCall, use } from './tool-call.ts'

type Names = (name: string) => Promise<string[]>
const noNames: Names = async (name) => Promise.reject(new Error(`${name} was looked up`))

function tool(id: string, allowedHosts: string[], resolve: Names = noNames): Tool {
  const found = createToolCatalog(createTools({ allowedHosts, resolve })).find(id)
  if (!found) throw new Error(`there is no ${id}`)
  return found
}
const get = async (url: string, allowedHosts: string[], resolve?: Names) =>
  use(tool('http.get', allowedHosts, resolve), { url }, toolCall())

const hello: RequestListener = (_request, response) => response.end('hello')
const redirectTo =
  (location: string, status = 302): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { location }).end()
  }

describe('http.get', () => {
  it('reads JSON as JSON and anything else as text', async () => {
    const server = await serve(({ url }, response) => {
      if (url === '/json')
        response.setHeader('content-type', 'application/problem+json; charset=utf-8').end('{"a":[1]}')
      else if (url === '/broken') response.setHeader('content-type', 'application/json').end('{"a":')
      else response.writeHead(404, { 'content-type': 'text/plain', 'set-cookie': 'secret=1' }).end('no\0thing')
    })
    const host = `127.0.0.1:${server.port}`
    expect(await get(`${server.url}/json`, [host])).toEqual({
      status: 200,
      headers: { 'content-type': 'application/problem+json; charset=utf-8' },
      body: { a: [1] },
    })
    expect(await get(`${server.url}/broken`, [host])).toMatchObject({ body: '{"a":' })
    expect(await get(server.url, [host])).toEqual({
      status: 404,
      headers: { 'content-type': 'text/plain' },
      body: 'nothing',
    })
  })

  it('cannot write', () => {
    expect(tool('http.get', []).input.safeParse({ url: 'http://x/', method: 'POST' }).success).toBe(false)
    expect(tool('http.get', []).safety).toBe('pure')
  })
})

describe('http.request', () => {
  it('sends JSON, text and headers, and a key by which the other side can know a repeat', async () => {
    const server = await serve(hello)
    const request = tool('http.request', [`127.0.0.1:${server.port}`])
    await use(request, { url: server.url, method: 'POST', body: { a: 1 }, headers: { 'X-Lab': 'paris' } }, toolCall())
    await use(request, { url: server.url, method: 'PUT', body: 'text' }, toolCall())
    await use(request, { url: server.url, method: 'DELETE' }, toolCall())
    expect(server.requests).toMatchObject([
      {
        body: '{"a":1}',
        headers: { 'content-type': 'application/json', 'x-lab': 'paris', 'idempotency-key': 'run-1:look' },
      },
      { body: 'text', headers: { 'content-type': 'text/plain; charset=utf-8' } },
      { method: 'DELETE', body: '' },
    ])
    expect(request.safety).toBe('unsafe')
  })

  it.each(['Host', 'content-length', 'Transfer-Encoding', 'connection', 'Proxy-Authorization', 'a b', 'x\r\ny'])(
    'leaves no say in the header %j',
    (name) => {
      expect(tool('http.request', []).input.safeParse({ url: 'http://x/', headers: { [name]: 'x' } }).success).toBe(
        false,
      )
    },
  )

  it('refuses a header value that starts another header', () => {
    const input = { url: 'http://x/', headers: { 'x-a': 'b\r\nhost: evil' } }
    expect(tool('http.request', []).input.safeParse(input).success).toBe(false)
  })

  it('keeps secrets from the origin it is redirected to', async () => {
    const other = await serve(hello)
    const server = await serve(redirectTo(`${other.url}/`, 307))
    const request = tool('http.request', [`127.0.0.1:${server.port}`, `127.0.0.1:${other.port}`])
    const headers = { authorization: 'Bearer secret', 'x-api-key': 'secret', accept: 'text/plain' }
    await use(request, { url: server.url, method: 'POST', body: { a: 1 }, headers }, toolCall())
    expect(server.requests[0]?.headers).toMatchObject(headers)
    expect(JSON.stringify(other.requests[0]?.headers)).not.toContain('secret')
    expect(other.requests[0]).toMatchObject({ method: 'POST', body: '{"a":1}', headers: { accept: 'text/plain' } })
  })

  it('follows a 303 with a GET without a body', async () => {
    const server = await serve((request, response) =>
      (request.url === '/' ? redirectTo('/done', 303) : hello)(request, response),
    )
    await use(
      tool('http.request', [`127.0.0.1:${server.port}`]),
      { url: server.url, method: 'POST', body: { a: 1 } },
      toolCall(),
    )
    expect(server.requests[1]).toMatchObject({ method: 'GET', path: '/done', body: '' })
    expect(server.requests[1]?.headers).not.toHaveProperty('content-type')
  })
})

describe('bounds', () => {
  it('reads no more than 1 MiB', async () => {
    const endless = await serve((_request, response) => {
      const chunk = Buffer.alloc(64 * 1024)
      const more = (): void =>
        void (response.writable && (response.write(chunk) ? setImmediate(more) : response.once('drain', more)))
      more()
    })
    await expect(get(endless.url, [`127.0.0.1:${endless.port}`])).rejects.toMatchObject({ code: 'tool.bad_output' })
  })

  it.each(['before the answer', 'in the middle of it'])('stops %s when the run stops', async (when) => {
    const stopping = new AbortController()
    const server = await serve((_request, response) => {
      if (when === 'in the middle of it') response.write('half')
      setImmediate(() => stopping.abort())
    })
    const call = toolCall({ signal: stopping.signal })
    const answer = use(tool('http.get', [`127.0.0.1:${server.port}`]), { url: server.url }, call)
    await expect(answer).rejects.toMatchObject({ code: 'tool.aborted' })
  })

  it('does not wait for a name server when the run stops', async () => {
    const stopping = new AbortController()
    const never: Names = async () => {
      stopping.abort()
      return new Promise(() => undefined)
    }
    const answer = use(
      tool('http.get', ['slow.test'], never),
      { url: 'http://slow.test/' },
      toolCall({ signal: stopping.signal }),
    )
    await expect(answer).rejects.toMatchObject({ code: 'tool.aborted' })
  })

  it('may be tried again when nobody answers or the name is unknown', async () => {
    await expect(get('http://127.0.0.1:1/', ['127.0.0.1:1'])).rejects.toMatchObject({
      code: 'tool.unavailable',
      retryable: true,
    })
    await expect(get('http://gone.test/', ['gone.test'])).rejects.toMatchObject({
      code: 'tool.unavailable',
      retryable: true,
    })
  })
})

describe('a forged address', () => {
  const withPort = String.raw`http://127.1:P http://0x7f000001:P http://2130706433:P http://0177.0.0.1:P http://127.0.0.1.:P
    http://localhost:P http://LOCALHOST.:P http://0:P http://0.0.0.0:P http://[::1]:P http://[::]:P http://[::ffff:127.0.0.1]:P
    http://[::ffff:7f00:1]:P http://①②⑦.⓪.⓪.①:P http://127。0。0。1:P http://in.lab.test:P http://user@127.0.0.1:P
    http://allowed.test@127.0.0.1:P http://allowed.test:P\@127.0.0.1 //127.0.0.1:P 127.0.0.1:P gopher://127.0.0.1:P/_x
    ftp://127.0.0.1:P/ https://127.0.0.1:P/ ws://127.0.0.1:P/`
  const others = `http://169.254.169.254/latest/meta-data/ http://[::ffff:169.254.169.254]/ http://[fd00:ec2::254]/
    http://100.100.100.200/ http://127.0.0.1/ http://[::1]/ http://0.0.0.0/ http://%31%32%37.0.0.1/ http://127.0.0.1:6379/
    http://127.0.0.1:5432/ file:///etc/passwd file://127.0.0.1/etc/passwd data:,x blob:x javascript:1 http:// http://[`
  const spellings = (port: number) => `${withPort.replaceAll(':P', `:${port}`)} ${others} \0`.split(/\s+/)
  const loopback: Names = async () => ['127.0.0.1']

  it('reaches nothing, however loopback is spelled', async () => {
    const server = await serve(hello)
    // Wide rules: whole address families without a port, and a wildcard with the very port. None of them lists host and port.
    const wide = '127.0.0.1 localhost [::1] 0.0.0.0 169.254.169.254 [::ffff:a9fe:a9fe] allowed.test'.split(' ')
    const hosts = [...wide, `*.lab.test:${server.port}`]
    const outcomes = await Promise.all(
      spellings(server.port).map(async (url) => [url, await codeOf(get(url, hosts, loopback))]),
    )
    const harmless = ['tool.address_refused', 'tool.bad_input']
    expect(outcomes.filter(([, code]) => !harmless.includes(code ?? ''))).toEqual([])
    expect(outcomes.length).toBeGreaterThan(40)
    expect(server.connections).toBe(0)
  })

  it('reaches a private server only when this host and port are listed', async () => {
    const server = await serve(hello)
    expect(await get(server.url, [`127.0.0.1:${server.port}`])).toMatchObject({ body: 'hello' })
    expect(await get(`http://gateway.test:${server.port}`, [`gateway.test:${server.port}`], loopback)).toMatchObject({
      body: 'hello',
    })
    expect(server.connections).toBe(2)
  })

  it('is refused when one of its addresses is private', async () => {
    const server = await serve(hello)
    const mixed: Names = async () => ['1.1.1.1', '127.0.0.1']
    const answer = get(`http://a.lab.test:${server.port}/`, [`*.lab.test:${server.port}`], mixed)
    await expect(answer).rejects.toMatchObject({ code: 'tool.address_refused' })
    expect(server.connections).toBe(0)
  })

  it('cannot change between the check and the connection', async () => {
    const judged = await serve(hello)
    const rebound = await serve(hello, '127.0.0.2')
    const answers = [['127.0.0.1'], ['127.0.0.2']]
    let lookups = 0
    const rebinding: Names = async () => answers[lookups++] ?? []
    const host = `rebind.test:${judged.port}`
    expect(await get(`http://${host}/`, [host], rebinding)).toMatchObject({ body: 'hello' })
    expect({ lookups, judged: judged.connections, rebound: rebound.connections }).toEqual({
      lookups: 1,
      judged: 1,
      rebound: 0,
    })
    expect(judged.requests[0]?.headers.host).toBe(host)
  })
})

describe('a redirect', () => {
  it.each([
    ['another port', (port: number) => `http://127.0.0.1:${port}/`],
    ['another name of it', (port: number) => `http://2130706433:${port}/`],
    ['cloud metadata', () => 'http://169.254.169.254/latest/'],
    ['a file', () => 'file:///etc/passwd'],
    ['a URL with a password', (port: number) => `http://a:b@127.0.0.1:${port}/`],
  ])('to %s passes the same gate', async (_what, target) => {
    const secret = await serve(hello)
    const server = await serve(redirectTo(target(secret.port)))
    await expect(get(server.url, [`127.0.0.1:${server.port}`])).rejects.toMatchObject({ code: 'tool.address_refused' })
    expect(secret.connections).toBe(0)
    expect(server.connections).toBe(1)
  })

  it('is followed three times, not four', async () => {
    const server = await serve(({ url = '' }, response) => {
      const left = Number(url.slice(1))
      if (left === 0) response.end('there')
      else response.writeHead(302, { location: `/${left - 1}` }).end()
    })
    const hosts = [`127.0.0.1:${server.port}`]
    expect(await get(`${server.url}/3`, hosts)).toMatchObject({ status: 200, body: 'there' })
    await expect(get(`${server.url}/4`, hosts)).rejects.toMatchObject({ code: 'tool.failed' })
  })

  it('is looked up and judged again at every step', async () => {
    const server = await serve(redirectTo('http://b.lab.test/'))
    const names: Names = async (name) => (name === 'b.lab.test' ? ['10.0.0.1'] : ['127.0.0.1'])
    const hosts = [`a.lab.test:${server.port}`, 'b.lab.test']
    await expect(get(`http://${hosts[0]}/`, hosts, names)).rejects.toMatchObject({
      code: 'tool.address_refused',
      message: 'b.lab.test lies in a private network',
    })
  })
})

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    return `answered ${JSON.stringify(await call)}`
  } catch (error) {
    return error instanceof AppError ? error.code : String(error)
  }
}
