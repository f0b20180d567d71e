import { describe, expect, it } from 'vitest'
import type { Platform } from '../../actors/agents/api.ts'
import { ACCESS } from '../../http/door/access.ts'
import { call, jsonInit, KEYS, stubApp, stubPlatform } from './stub.ts'

const devices = { list: async () => [] } as unknown as Platform['devices']
const open = stubApp(stubPlatform({ devices }))
const closed = stubApp(stubPlatform({ devices }, { keys: true }))

async function status(app: typeof open, url: string, headers: Record<string, string> = {}): Promise<number> {
  return (await app.fetch(new Request(url, { headers }))).status
}

describe('a server without keys', () => {
  it('answers whoever calls it by a local name', async () => {
    for (const host of ['localhost', 'localhost:3000', '127.0.0.1:8080', '[::1]', '[::1]:9', 'LOCALHOST:1']) {
      expect([host, await status(open, 'http://x/v1/devices', { host })]).toEqual([host, 200])
    }
  })

  it('refuses a name that was made to point at it', async () => {
    for (const host of [
      'evil.example',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'localhost:',
      '192.168.1.4',
      '127.0.0.1@evil',
      'a\tlocalhost',
    ]) {
      expect([host, await status(open, 'http://x/v1/devices', { host })]).toEqual([host, 403])
    }
  })

  it('is local only: bound elsewhere, it asks for a key', async () => {
    const public_ = stubApp(stubPlatform({ devices }), { loopbackOnly: false })
    expect(await status(public_, 'http://localhost/v1/devices')).toBe(401)
  })

  it('still refuses a wrong key, rather than take its bearer for local', async () => {
    expect(await status(open, 'http://localhost/v1/devices', { authorization: 'Bearer trp_wrong-key' })).toBe(401)
  })
})

describe('a server with keys', () => {
  it('takes a key from the header or the session, under any host', async () => {
    const bearer = { authorization: `Bearer ${KEYS.viewer}` }
    expect(await status(closed, 'http://lab.example/v1/devices', bearer)).toBe(200)
    const login = await call(closed, 'POST /v1/session', jsonInit({ key: KEYS.viewer }))
    const session = (login.response.headers.get('set-cookie') ?? '').split(';', 1)[0]
    expect(await status(closed, 'http://lab.example/v1/devices', { cookie: `a=b; ${session}` })).toBe(200)
  })

  it('says 401 to keys that are none, whatever they look like', async () => {
    for (const authorization of [
      'Bearer',
      'Bearer ',
      'Basic abc',
      'Bearer trp_',
      "Bearer trp_' or 1=1",
      `Bearer ${'x'.repeat(5000)}`,
      KEYS.viewer,
      'Bearer trp_unknown-key',
    ]) {
      const { response, body } = await call(closed, 'GET /v1/devices', { headers: { authorization } })
      expect([authorization.slice(0, 30), response.status]).toEqual([authorization.slice(0, 30), 401])
      expect(response.headers.get('www-authenticate')).toContain('Bearer')
      expect(JSON.stringify(body)).not.toContain('unknown-key')
    }
  })

  it('tells a peer that keeps guessing to wait, but lets a right key from there pass', async () => {
    const app = stubApp(stubPlatform({ devices }, { keys: true }))
    const incoming = { socket: { remoteAddress: '10.1.1.1' } }
    const guess = async (key: string, peer = incoming): Promise<number> => {
      const request = new Request('http://localhost/v1/devices', { headers: { authorization: `Bearer ${key}` } })
      return (await app.fetch(request, { incoming: peer })).status
    }
    const seen = []
    for (let tried = 0; tried < 40; tried++) seen.push(await guess(`trp_guess-${tried}-xx`))
    expect(seen.slice(0, 30)).toEqual(Array(30).fill(401))
    expect(seen.slice(30)).toEqual(Array(10).fill(429))
    expect(await guess(KEYS.viewer)).toBe(200)
    expect(await guess('trp_another-guess', { socket: { remoteAddress: '10.1.1.2' } })).toBe(401)
  })

  it('gives a session that no script reads and no other site sends, and takes it back', async () => {
    const login = await call(closed, 'POST /v1/session', jsonInit({ key: KEYS.operator }))
    expect(login.body).toEqual({ name: 'operator', team: 'default', role: 'operator' })
    const set = login.response.headers.get('set-cookie') ?? ''
    for (const word of ['HttpOnly', 'SameSite=Strict', 'Path=/']) expect(set).toContain(word)
    const cookie = set.split(';', 1)[0] ?? ''
    expect(await status(closed, 'http://localhost/v1/session', { cookie })).toBe(200)
    expect(set).not.toContain(KEYS.operator)
    const logout = await call(closed, 'DELETE /v1/session', { headers: { cookie } })
    expect([logout.response.status, logout.response.headers.get('set-cookie')]).toEqual([
      204,
      expect.stringContaining('Max-Age=0'),
    ])
    expect(await status(closed, 'http://localhost/v1/session', { cookie })).toBe(401)
    const wrong = await call(closed, 'POST /v1/session', jsonInit({ key: 'trp_wrong-key' }))
    expect([wrong.response.status, wrong.response.headers.get('set-cookie')]).toEqual([401, null])
  })
})

describe('requests from other sites', () => {
  it('are refused on every route, before anything is looked at', async () => {
    for (const name of Object.keys(ACCESS)) {
      const line = name.replaceAll(/:[a-z]+/g, '1')
      for (const headers of [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { 'sec-fetch-site': 'cross-site' },
      ]) {
        const { response, body } = await call(open, line, {
          headers: { ...headers, cookie: `troupe_session=${KEYS.admin}` },
        })
        expect([line, response.status, body.code]).toEqual([line, 403, 'auth.foreign_origin'])
      }
    }
  })

  it('are not those of our own pages', async () => {
    const own = { host: 'localhost:3000', origin: 'http://localhost:3000', 'sec-fetch-site': 'same-origin' }
    expect(await status(open, 'http://x/v1/devices', own)).toBe(200)
    expect(await status(open, 'http://x/v1/devices', { ...own, origin: 'http://localhost:3001' })).toBe(403)
  })
})

describe('headers', () => {
  it('forbid sniffing, framing, referrers and keeping, on every route and on errors', async () => {
    for (const line of [...Object.keys(ACCESS), 'GET /nothing', 'PATCH /v1/devices']) {
      const { response } = await call(open, line.replaceAll(/:[a-z]+/g, '1'))
      const { headers } = response
      expect([line, headers.get('x-content-type-options')]).toEqual([line, 'nosniff'])
      expect([line, headers.get('referrer-policy')]).toEqual([line, 'no-referrer'])
      expect([line, headers.get('cache-control')]).toEqual([line, 'no-store'])
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  it('let pages load their own files only, and run nothing inline', async () => {
    for (const path of ['/', '/docs']) {
      const policy = (await call(open, `GET ${path}`)).response.headers.get('content-security-policy') ?? ''
      expect(policy).toContain("default-src 'self'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toMatch(/script-src|unsafe-eval/)
      expect(policy.split(';').filter((part) => part.includes('unsafe-inline') && !part.includes('style-src'))).toEqual(
        [],
      )
    }
  })
})

describe('pages', () => {
  it('hold nothing inline and load nothing from elsewhere', async () => {
    for (const path of ['/', '/docs']) {
      const response = await open.fetch(new Request(`http://localhost${path}`))
      const html = await response.text()
      expect(response.headers.get('content-type')).toContain('text/html')
      expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|\son[a-z]+=|https?:\/\//)
      for (const [, file] of html.matchAll(/(?:src|href)="([^"#]+)"/g)) {
        const loaded = await open.fetch(new Request(new URL(file ?? '', `http://localhost${path}`)))
        expect([file, loaded.status]).toEqual([file, 200])
        await loaded.body?.cancel()
      }
    }
  })

  it('cannot be left by any spelling of a path', async () => {
    for (const path of [
      '/../package.json',
      '/..%2fpackage.json',
      '/%2e%2e/package.json',
      '//etc/passwd',
      '/docs/../../package.json',
      '/docs/..%2fpackage.json',
      '/app.js%00',
      '/./.git/config',
      '/docs/package.json',
    ]) {
      expect([path, await status(open, `http://localhost${path}`)]).toEqual([path, 404])
    }
  })
})
