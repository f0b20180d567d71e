import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLog } from '../../core/log.ts'
import { scrub, withoutSecrets } from '../../core/secrets.ts'

const CANARY = 'cAnArY5up3rS3cr3t'
const logged = (write: (log: ReturnType<typeof createLog>) => void, known: string[] = []): string => {
  const lines: string[] = []
  write(createLog('trace', { write: (line) => lines.push(line) }, known))
  expect(lines).toHaveLength(1)
  for (const line of lines) JSON.parse(line)
  return lines.join('')
}

/** The places where path-based redaction lets them through, and some more. */
const places: [string, (log: ReturnType<typeof createLog>) => void][] = [
  ['under its name', (log) => log.info({ password: CANARY }, 'x')],
  ['three levels down', (log) => log.info({ a: { b: { c: { secret: CANARY } } } }, 'x')],
  ['in an array', (log) => log.info({ list: [{ apiKey: CANARY }] }, 'x')],
  ['in a header of any spelling', (log) => log.info({ headers: { AUTHORIZATION: CANARY, 'X-Api-Key': CANARY } }, 'x')],
  ['in a list under its name', (log) => log.info({ tokens: [CANARY, { a: CANARY }] }, 'x')],
  ['in the message of an error', (log) => log.error({ err: new Error(`Bearer ${CANARY} refused`) }, 'x')],
  [
    'in the cause of an error',
    (log) => log.error({ error: new Error('x', { cause: new Error(`?token=${CANARY}`) }) }, 'x'),
  ],
  ['in a URL', (log) => log.info({ url: `postgres://user:${CANARY}@host/db` }, 'x')],
  ['in a query', (log) => log.info({ url: `https://x/?a=1&access_token=${CANARY}&b=2` }, 'x')],
  ['in the text of the line', (log) => log.info(`login with password=${CANARY} failed`)],
  [
    'in JSON inside a text',
    (log) => log.info({ body: JSON.stringify({ body: JSON.stringify({ token: CANARY }) }) }, 'x'),
  ],
  ['in camel case', (log) => log.info({ clientSecret: CANARY, refreshToken: CANARY }, 'x')],
  ['in what a child logger always says', (log) => log.child({ credential: CANARY }).info('x')],
  ['as one of our keys', (log) => log.info({ text: `trp_${CANARY}, trs_${CANARY}, whsec_${CANARY}` }, 'x')],
]

describe('a secret in the log', () => {
  it.each(places)('is cut %s', (_where, write) => {
    expect(logged(write)).not.toContain(CANARY)
  })

  it('is cut wherever it stands when it is a known one', () => {
    expect(logged((log) => log.info({ innocent: `x${CANARY}y` }, CANARY), [CANARY])).not.toContain(CANARY)
  })

  it('takes nothing else along', () => {
    const facts = {
      token: 42,
      device: 'stb-1',
      url: 'http://pi-1:9000/press?key2=1',
      path: '/v1/keys',
      bytes: Buffer.from('ab'),
    }
    const line: unknown = JSON.parse(logged((log) => log.info(facts, 'lease granted')))
    expect(line).toMatchObject({
      token: 42,
      device: 'stb-1',
      path: '/v1/keys',
      bytes: '[2 bytes]',
      msg: 'lease granted',
    })
  })
})

describe('JSON to be looked at', () => {
  it('is what it was, but for secrets', () => {
    const value = { type: 'A', token: 7, data: { password: CANARY, url: `https://u:${CANARY}@x/`, note: 'token: 5' } }
    expect(JSON.parse(withoutSecrets(JSON.stringify(value)))).toEqual({
      type: 'A',
      token: 7,
      data: { password: '[cut]', url: 'https://[cut]x/', note: 'token: 5' },
    })
  })

  it('stays JSON of the same shape whatever it holds, in a time that grows with its length only', () => {
    const tricky = fc.constantFrom(
      '"',
      '\\',
      'token',
      'password=',
      '//',
      '@',
      ':',
      '\\"token\\":\\"',
      'Bearer ',
      '?key=',
      'a',
    )
    const text = fc.array(fc.oneof(tricky, fc.string()), { maxLength: 30 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(fc.jsonValue(), text, text, (value, key, inner) => {
        const json = JSON.stringify({ value, [`k${key}`]: inner })
        expect(Object.keys(JSON.parse(withoutSecrets(json)) as object)).toEqual(Object.keys(JSON.parse(json) as object))
      }),
    )
    for (const part of ['//a', '"token', 'token', '?token', '\\"', 'Bearer ', 'password=', 'a-']) {
      expect(scrub(part.repeat(50_000)).length).toBeGreaterThan(0)
    }
  })
})
