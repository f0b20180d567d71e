import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { SCHEMES, type Scheme, verifySignature } from '../../sources/signature.ts'

const NOW = 1_614_265_330_000
const WHSEC = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

function verify(scheme: Scheme, secrets: string | string[], body: string | Uint8Array, head: object, at = NOW) {
  const request = { headers: new Map(Object.entries(head) as [string, string][]), body: Buffer.from(body) }
  return verifySignature(scheme, [secrets].flat(), request, at)
}
const refused = { code: 'auth.bad_signature', status: 401 }
const hex = (secret: string, ...parts: (string | Uint8Array)[]): string => {
  const hmac = createHmac('sha256', secret)
  for (const part of parts) hmac.update(part)
  return hmac.digest('hex')
}
/** What a sender of each scheme puts into the headers of a body. */
const sign: Record<Scheme, (secret: string, body: Uint8Array, at?: number) => Record<string, string>> = {
  'standard-webhooks': (secret, body, at = NOW) => {
    const signed = createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
      .update(`m1.${at / 1000}.`)
      .update(body)
    return {
      'webhook-id': 'm1',
      'webhook-timestamp': String(at / 1000),
      'webhook-signature': `v1,${signed.digest('base64')}`,
    }
  },
  github: (secret, body) => ({ 'x-hub-signature-256': `sha256=${hex(secret, body)}`, 'x-github-delivery': 'm1' }),
  gitlab: (secret) => ({ 'x-gitlab-token': secret, 'idempotency-key': 'm1' }),
  grafana: (secret, body) => ({ 'x-grafana-alerting-signature': hex(secret, body) }),
  bearer: (secret) => ({ authorization: `Bearer ${secret}` }),
}
const secretOf = (scheme: Scheme): string => (scheme === 'standard-webhooks' ? WHSEC : 'a-secret-of-some-length')

describe('signatures as the specifications give them', () => {
  it('of Standard Webhooks', () => {
    const head = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    }
    expect(verify('standard-webhooks', WHSEC, '{"test": 2432232314}', head)).toBe(head['webhook-id'])
  })

  it('of GitHub', () => {
    const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17'
    const head = { 'x-hub-signature-256': signature, 'x-github-delivery': 'a-b-c' }
    expect(verify('github', "It's a Secret to Everybody", 'Hello, World!', head)).toBe('a-b-c')
    const compact = 'sha256=4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3'
    expect(verify('github', 'mysecret', '{"foo":"bar"}', { 'x-hub-signature-256': compact })).toBeUndefined()
  })

  it('of Grafana, with and without a time', () => {
    const head = {
      'x-grafana-alerting-signature': '3bcebf43c85d20bba6e3b6ba278af1d2ba3ab0d57de271b0ad30b833e851c5a6',
    }
    expect(verify('grafana', 'secret', 'test message', head)).toBeUndefined()
    const timed = {
      'x-grafana-alerting-signature': 'ac18a483a582b60a883e974541afe25aa1026136163e94665649743324183ef1',
      'x-grafana-alerting-timestamp': '0',
    }
    expect(verify('grafana', 'secret', 'test message', timed, 0)).toBeUndefined()
    expect(() => verify('grafana', 'secret', 'test message', timed, NOW)).toThrow(expect.objectContaining(refused))
  })

  it('of the library of Standard Webhooks, made now', () => {
    const body = JSON.stringify({ type: 'test.happened', data: { ü: '☃' } })
    const at = new Date()
    const head = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(WHSEC).sign('msg_1', at, body),
    }
    expect(verify('standard-webhooks', WHSEC, body, head, at.getTime())).toBe('msg_1')
  })
})

describe.each(SCHEMES)('a request to a source of scheme %s', (scheme) => {
  const secret = secretOf(scheme)
  const other = scheme === 'standard-webhooks' ? `whsec_${Buffer.alloc(32, 7).toString('base64')}` : `${secret}x`
  const bodied = scheme !== 'gitlab' && scheme !== 'bearer'

  it('is taken with either of two secrets, and with no other', () => {
    const body = Buffer.from('{"a":1}')
    for (const one of [secret, other]) {
      expect(() => verify(scheme, [secret, other], body, sign[scheme](one, body))).not.toThrow()
    }
    expect(() => verify(scheme, secret, body, sign[scheme](other, body))).toThrow(expect.objectContaining(refused))
    expect(() => verify(scheme, [], body, sign[scheme](secret, body))).toThrow(expect.objectContaining(refused))
  })

  it.runIf(bodied)('is refused when a single byte of it changed, also in bytes that are no text', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 64 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (bytes, at, by) => {
          const head = sign[scheme](secret, bytes)
          expect(() => verify(scheme, secret, bytes, head)).not.toThrow()
          const changed = Uint8Array.from(bytes)
          const place = at % bytes.length
          changed[place] = (bytes[place] ?? 0) ^ by
          expect(() => verify(scheme, secret, changed, head)).toThrow(expect.objectContaining(refused))
        },
      ),
    )
  })

  it('is refused without headers, with those of another scheme, and whatever else they hold', () => {
    const body = Buffer.from('{"a":1}')
    const right = sign[scheme](secret, body)
    const wrong = [
      {},
      { 'x-hub-signature': `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`, 'x-github-delivery': 'm1' },
      ...SCHEMES.filter((one) => one !== scheme).map((one) => sign[one](secret, body)),
      ...Object.keys(right)
        .filter((name) => !/delivery|idempotency/.test(name))
        .flatMap((name) =>
          ['', ' ', 'x', 'null', 'undefined', 'sha256=', 'v1,', 'Bearer', `${right[name]}0`, right[name]?.slice(0, -1)]
            .filter((value) => value !== right[name])
            .map((value) => ({ ...right, [name]: value })),
        ),
    ]
    for (const head of wrong) {
      expect(() => verify(scheme, secret, body, head), JSON.stringify(head)).toThrow(expect.objectContaining(refused))
    }
  })
})

describe('a time that is signed', () => {
  it.each([
    ['now', 0, true],
    ['4 min 59 s ago', -299, true],
    ['4 min 59 s ahead', 299, true],
    ['5 min 1 s ago', -301, false],
    ['5 min 1 s ahead', 301, false],
  ])('%s', (_when, seconds, taken) => {
    const body = Buffer.from('{}')
    const head = sign['standard-webhooks'](WHSEC, body, NOW + seconds * 1000)
    const asked = (): unknown => verify('standard-webhooks', WHSEC, body, head)
    if (taken) expect(asked()).toBe('m1')
    else expect(asked).toThrow(expect.objectContaining(refused))
  })

  it('is a whole number of seconds and nothing else', () => {
    for (const time of ['', 'NaN', '1e9', '0x60', '-1', ' 1614265330', '1614265330 ', '1614265330.0', '9'.repeat(40)]) {
      const signed = createHmac('sha256', Buffer.from(WHSEC.slice(6), 'base64'))
        .update(`m1.${time}.{}`)
        .digest('base64')
      const head = { 'webhook-id': 'm1', 'webhook-timestamp': time, 'webhook-signature': `v1,${signed}` }
      expect(() => verify('standard-webhooks', WHSEC, '{}', head)).toThrow(expect.objectContaining(refused))
    }
  })

  it('may stand among signatures of other keys and versions, but not after too many', () => {
    const body = Buffer.from('{}')
    const head = sign['standard-webhooks'](WHSEC, body)
    const among = (before: number): object => ({
      ...head,
      'webhook-signature': `${'v1a,AAAA '.repeat(before)}${head['webhook-signature']}`,
    })
    expect(verify('standard-webhooks', WHSEC, body, among(3))).toBe('m1')
    expect(() => verify('standard-webhooks', WHSEC, body, among(1000))).toThrow(expect.objectContaining(refused))
  })
})
