import { describe, expect, it } from 'vitest'
import { ACCESS } from '../../http/door/access.ts'
import { call, jsonInit, KEYS, stubApp, stubPlatform } from '../http/stub.ts'

const app = stubApp(stubPlatform({}, { keys: true }))
/** What a form on any page can send without asking, as the HTML standard lists them. */
const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/plain']
const changing = Object.keys(ACCESS).filter((name) => /^(POST|PUT|DELETE) /.test(name))

async function logIn(): Promise<string> {
  const { response } = await call(app, 'POST /v1/session', jsonInit({ key: KEYS.admin }))
  return (response.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? ''
}

describe('a page of another site', () => {
  it('changes nothing with a form, even where a browser would send the cookie along and no origin', async () => {
    const cookie = await logIn()
    expect(changing.length).toBeGreaterThan(35)
    for (const name of changing) {
      // Of these two the body may be of any type, as CloudEvents allows, and the origin has to do.
      if (/^POST \/v1\/(events|ingest|agents$|agents\/validate)/.test(name)) continue
      const line = name.replaceAll(/:[a-z]+/g, '1')
      for (const type of FORM_TYPES) {
        for (const body of name.startsWith('DELETE') ? [null] : [null, 'type=PAUSE', '{"type":"PAUSE"}']) {
          const { response } = await call(app, line, { headers: { cookie, 'content-type': type }, body })
          expect([line, type, response.status]).toEqual([line, type, expect.toBeOneOf([400, 404, 415])])
          if (response.status !== 415)
            expect((await call(app, line, { headers: { cookie } })).response.status).toBe(400)
        }
      }
    }
  })

  it('is refused by its origin, and a sibling domain by what the browser says of it', async () => {
    const cookie = await logIn()
    for (const name of Object.keys(ACCESS)) {
      const line = name.replaceAll(/:[a-z]+/g, '1')
      for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'same-site' }]) {
        const { response, body } = await call(app, line, { headers: { cookie, ...headers } })
        expect([line, response.status, body.code]).toEqual([line, 403, 'auth.foreign_origin'])
      }
    }
  })
})

describe('logging in', () => {
  it('is slowed down after thirty wrong keys a minute from one place, and not for anybody else', async () => {
    const tried = []
    const guess = async (key: string, remoteAddress: string): Promise<number> => {
      const { headers = {}, body = null } = jsonInit({ key })
      const request = new Request('http://localhost/v1/session', { method: 'POST', headers, body })
      return (await app.fetch(request, { incoming: { socket: { remoteAddress } } })).status
    }
    for (let count = 0; count < 32; count++) tried.push(await guess(`trp_wrong-key-${count}`, '2001:db8::1'))
    expect(tried).toEqual([...Array(30).fill(401), 429, 429])
    expect(await guess('trp_wrong-key-x', '2001:db8::2')).toBe(429)
    expect(await guess('trp_wrong-key-x', '2001:db8:0:1::1')).toBe(401)
    expect(await guess(KEYS.viewer, '2001:db8::1')).toBe(200)
  })
})

describe('the cookie', () => {
  it('goes over TLS only once it came over TLS', async () => {
    const login = async (url: string, config = {}, headers = {}) => {
      const { headers: json = {}, body = null } = jsonInit({ key: KEYS.admin }, headers)
      const server = stubApp(stubPlatform({}, { keys: true }), config)
      const request = new Request(url, { method: 'POST', headers: json, body })
      const response = await server.fetch(request, { incoming: { socket: { remoteAddress: '10.0.0.1' } } })
      return [
        response.headers.get('set-cookie')?.includes('; Secure'),
        response.headers.has('strict-transport-security'),
      ]
    }
    const proto = { 'x-forwarded-proto': 'https' }
    expect(await login('http://troupe/v1/session')).toEqual([false, false])
    expect(await login('http://troupe/v1/session', {}, proto)).toEqual([false, false])
    expect(await login('http://troupe/v1/session', { trustedProxies: ['10.0.0.1'] }, proto)).toEqual([true, true])
    expect(await login('https://troupe/v1/session')).toEqual([true, true])
  })
})
