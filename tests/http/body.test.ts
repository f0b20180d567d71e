import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Platform } from '../../actors/agents/api.ts'
import { call, jsonInit, stubApp, stubPlatform } from './stub.ts'

const events = {
  ingest: async (_by: unknown, list: readonly { id?: string; type: string }[]) =>
    list.map(({ id, type }) => ({ id: id ?? 'new', type, status: 'unhandled', deliveries: [] })),
} as unknown as Platform['events']
const app = stubApp(stubPlatform({ events }))

describe('JSON that is none', () => {
  const corpus: Record<string, string | Uint8Array> = {
    'cut off': '{"a:',
    empty: '',
    blank: '  \n',
    'trailing comma': '{"a":1,}',
    comment: '{"a":1} // no',
    'two values': '{} {}',
    'not a number': '{"a":NaN}',
    infinity: '{"a":Infinity}',
    'single quotes': "{'a':1}",
    'a number too large': '{"type":"a.b","data":1e400}',
    'deep arrays': '['.repeat(200_000),
    'deep objects': '{"a":'.repeat(50_000),
    'deep but closed': `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
    'not UTF-8': new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
    'overlong UTF-8': new Uint8Array([0x22, 0xc0, 0xaf, 0x22]),
    'control character in text': '{"a":"\u0001"}',
  }
  for (const [name, body] of Object.entries(corpus)) {
    it(`is refused with 400: ${name}`, async () => {
      for (const line of [
        'POST /v1/events',
        'POST /v1/alerts',
        'POST /v1/ingest/auto',
        'POST /api/v2/alerts',
        'POST /v1/instances',
        'POST /v1/tickets',
      ]) {
        const { response, body: problem } = await call(app, line, {
          headers: { 'content-type': 'application/json' },
          body,
        })
        expect([line, response.status]).toEqual([line, 400])
        expect(problem.code).toMatch(/^(request\.bad_json|request\.invalid|source\.malformed)$/)
        expect(JSON.stringify(problem)).not.toMatch(/at .*\.ts|node_modules|call stack/i)
      }
    })
  }

  it('never breaks the server, whatever the bytes are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        const init = { headers: { 'content-type': 'application/json' }, body: bytes }
        for (const line of ['POST /v1/events', 'POST /v1/ingest/auto', 'POST /v1/devices/x/kick', 'POST /v1/tickets']) {
          const { response } = await call(app, line, init)
          // Nothing that short and random is an event, a reason or a wish for a device.
          expect([line, response.status]).toEqual([line, 400])
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('fields that nobody asked for', () => {
  it('are named, with the one that was meant', async () => {
    const { response, body } = await call(app, 'POST /v1/instances', jsonInit({ agent: 'qa', verson: '1.0.0' }))
    expect([response.status, body.code]).toEqual([400, 'request.invalid'])
    expect(body.problems).toEqual([{ path: 'body.verson', message: 'unknown field (did you mean "version"?)' }])
  })

  it('are refused in queries too, and so is a parameter given twice', async () => {
    const unknown = await call(app, 'GET /v1/runs?agnt=x')
    expect(unknown.body.problems).toEqual([
      { path: 'query.agnt', message: 'unknown parameter (did you mean "agent"?)' },
    ])
    const twice = await call(app, 'GET /v1/runs?limit=1&limit=2')
    expect(twice.response.status).toBe(400)
  })

  it('pollute nothing when they are called __proto__ or constructor', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const { response } = await call(app, 'POST /v1/instances', jsonInit(`{"agent":"qa","${name}":{"polluted":true}}`))
      // The parser drops __proto__; then the stub is reached.
      expect([name, response.status]).toEqual([name, name === '__proto__' ? 500 : 400])
      const query = await call(app, `GET /v1/runs?${name}=1`)
      expect([name, query.response.status]).toEqual([name, 400])
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})

describe('parameters of the path', () => {
  it('are refused with 400 or 404 when they are no ids, and never reach further', async () => {
    const ids = [
      '..%2fadmin',
      '%00',
      'a%00b',
      '%ff',
      '%E0%A4%A',
      'a%2fb',
      'x'.repeat(4096),
      '%0d%0aSet-Cookie:x',
      ' ',
      '%20',
      '*',
      "'",
      '%27%20or%201=1',
    ]
    for (const id of ids) {
      for (const path of ['/v1/instances/', '/v1/agents/', '/v1/devices/', '/v1/actors/agent/', '/v1/tickets/']) {
        const { response } = await call(app, `GET ${path}${id.replaceAll(' ', '%20')}`)
        expect([path, id.slice(0, 40), response.status]).toEqual([path, id.slice(0, 40), 400])
      }
    }
  })
})

describe('bodies that are too large', () => {
  it('are refused by their declared length, before they are read', async () => {
    const { response, body } = await call(app, 'POST /v1/events', jsonInit('{}', { 'content-length': '2000000' }))
    expect([response.status, body.code]).toEqual([413, 'request.too_large'])
  })

  it('are refused while they stream in, without being held', async () => {
    let sent = 0
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 64 * 1024
        controller.enqueue(new Uint8Array(64 * 1024).fill(32))
      },
    })
    const init = { headers: { 'content-type': 'application/json' }, body: stream, duplex: 'half' }
    const { response } = await call(app, 'POST /v1/events', init as RequestInit)
    expect(response.status).toBe(413)
    expect(sent).toBeLessThan(2 * 1024 * 1024)
  })

  it('are taken up to the limit', async () => {
    const text = 'x'.repeat(1024 * 1024 - 100)
    const { response } = await call(app, 'POST /v1/events', jsonInit({ type: 'a.b', data: text }))
    expect(response.status).toBe(202)
  })
})

describe('media types', () => {
  it('other than JSON are refused with 415, since a form on a foreign page could send them', async () => {
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonp',
      '',
    ]
    for (const type of types) {
      for (const line of [
        'POST /v1/events',
        'POST /v1/alerts',
        'POST /v1/ingest/auto',
        'POST /v1/instances',
        'POST /api/v2/alerts',
      ]) {
        const body = new Blob(['{"type":"a.b"}'])
        const { response } = await call(app, line, { headers: type === '' ? {} : { 'content-type': type }, body })
        expect([line, type, response.status]).toEqual([line, type, 415])
      }
    }
  })

  it('of unknown CloudEvents formats are refused with 415, and compressed bodies too', async () => {
    const avro = await call(app, 'POST /v1/events', {
      headers: { 'content-type': 'application/cloudevents+avro' },
      body: '{}',
    })
    expect(avro.response.status).toBe(415)
    const packed = await call(app, 'POST /v1/events', jsonInit('{}', { 'content-encoding': 'gzip' }))
    expect(packed.response.status).toBe(415)
  })
})
