import { createHmac } from 'node:crypto'
import { SCHEMES, type Scheme } from '../../../sources/signature.ts'
import { type Ask, type Item, post } from '../item.ts'

/** The sources that sign, as the yard has them: one of each scheme, and what each signs with. */
export const SIGNING: readonly { id: string; scheme: Scheme; secret: string }[] = SCHEMES.map((scheme) => ({
  id: `signs-${scheme}`,
  scheme,
  secret:
    scheme === 'standard-webhooks' ? `whsec_${Buffer.alloc(32, 9).toString('base64')}` : `the-secret-of-${scheme}-yard`,
}))

const BODY = '{"type":"yard.signed"}'
type Headers = Record<string, string | string[]>

/** What its sender would send: the only request here that is to be taken. */
export function rightly(scheme: Scheme, name = 'right'): Ask {
  const { id, secret } = SIGNING.find((one) => one.scheme === scheme) ?? { id: '', secret: '' }
  return to(id, { ...right(scheme, secret), ...(scheme === 'github' ? { 'x-github-delivery': name } : {}) })
}

/** Class 13: at the doors of sources that sign, every signature that is almost one. */
export function signatures(): Item[] {
  return SIGNING.flatMap(({ id, scheme, secret }) => {
    const good = right(scheme, secret)
    const misses: [name: string, headers: Headers][] = [
      ['no header', {}],
      ...SCHEMES.filter((other) => other !== scheme).map((other): [string, Headers] => [
        `as ${other} signs, with this secret`,
        right(other, secret),
      ]),
      ...(scheme === 'bearer'
        ? []
        : [['the secret as a key', { authorization: `Bearer ${secret}` }] as [string, Headers]]),
      ...Object.entries(good).flatMap(([name, value]) =>
        almost(scheme, name, value).map(([what, one]): [string, Headers] => [
          `${name} ${what}`,
          { ...good, [name]: one },
        ]),
      ),
      ...Object.keys(good)
        .filter((name) => needed(scheme, name))
        .map((name): [string, Headers] => [
          `without ${name}`,
          Object.fromEntries(Object.entries(good).filter(([one]) => one !== name)),
        ]),
    ]
    return misses.map(
      ([name, headers]): Item => ({
        class: 13,
        surface: 'S2',
        name: `${scheme}: ${name}`,
        ask: to(id, headers),
        expect: [401],
      }),
    )
  })
}

function to(id: string, headers: Headers): Ask {
  return { ...post(`/v1/ingest/${id}`, BODY), headers: { 'content-type': 'application/json', ...headers } }
}

function right(scheme: Scheme, secret: string, at = Math.floor(Date.now() / 1000)): Record<string, string> {
  const hex = createHmac('sha256', secret).update(BODY).digest('hex')
  switch (scheme) {
    case 'standard-webhooks': {
      const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
      const signed = createHmac('sha256', key).update(`m1.${at}.${BODY}`).digest('base64')
      return { 'webhook-id': 'm1', 'webhook-timestamp': String(at), 'webhook-signature': `v1,${signed}` }
    }
    case 'github':
      return { 'x-hub-signature-256': `sha256=${hex}` }
    case 'gitlab':
      return { 'x-gitlab-token': secret }
    case 'grafana':
      return { 'x-grafana-alerting-signature': hex }
    case 'bearer':
      return { authorization: `Bearer ${secret}` }
  }
}

function needed(scheme: Scheme, name: string): boolean {
  return scheme === 'standard-webhooks' || name !== 'webhook-id'
}

/** A value that is right but for something. */
function almost(scheme: Scheme, name: string, value: string): [what: string, value: string | string[]][] {
  if (name === 'webhook-timestamp') return times(Number(value))
  if (name === 'webhook-id') return IDS.map((id) => [`is ${id.slice(0, 12)}`, id])
  const [, head = '', text = value] = /^(v1,|sha256=|Bearer )?(.*)$/s.exec(value) ?? []
  const other = value.at(-2) === '0' ? '1' : '0'
  const forms: [string, string | string[]][] = [
    ['is empty', ''],
    ['is its beginning only', head.trim()],
    ['lacks its last letter', value.slice(0, -1)],
    ['ends in another letter', value.slice(0, -2) + other + value.slice(-1)],
    ['has a letter more', `${value}0`],
    ['is twice in a row', value + value],
    ['is twice with a comma', `${value},${value}`],
    ['stands in quotes', `"${value}"`],
    ['is followed by a semicolon', `${value};`],
    ['has a dot before it', `.${value}`],
    ['is zeros', head + '0'.repeat(text.length)],
    ['is JSON', JSON.stringify({ signature: value })],
    ['is a query', `signature=${value}`],
    ['is percent-encoded', encodeURIComponent(`${value} `)],
    ['is eight thousand letters', head + text.repeat(200).slice(0, 8_000)],
    ['has latin letters beyond ASCII', `${head}\u00e9${text.slice(1)}`],
    ['is null', 'null'],
    ['is [object Object]', '[object Object]'],
    ['is of __proto__', '__proto__'],
  ]
  if (head !== '')
    forms.push(
      ['has no beginning', text],
      ['is of SHA-1', `sha1=${text.slice(0, 40)}`],
      ['is of SHA-512', `sha512=${text}${text}`],
    )
  if (head === 'v1,')
    forms.push(
      ['is of version 2', `v2,${text}`],
      ['is asymmetric', `v1a,${text}`],
      ['is of no version', `,${text}`],
      ['has a space in it', `v1, ${text}`],
      ['is base64 for URLs', `v1,${Buffer.from(text, 'base64').toString('base64url')}`],
      ['comes ninth', `${'v1,AAAA '.repeat(8)}${value}`],
      [
        'has bits that mean nothing',
        `v1,${text.slice(0, -2)}${String.fromCodePoint((text.codePointAt(text.length - 2) ?? 65) + 1)}=`,
      ],
    )
  if (/^[0-9a-f]{64}$/.test(text)) {
    const mixed = text.replace(/[a-f]/, (letter) => letter.toUpperCase())
    forms.push(
      ['is in capitals', head + (mixed === text ? `${text}A` : text.toUpperCase())],
      ['has one capital', head + (mixed === text ? `${text}A` : mixed)],
      ['is base64', head + Buffer.from(text, 'hex').toString('base64')],
      ['is 0x', `${head}0x${text}`],
    )
  }
  if (scheme === 'bearer')
    forms.push(
      ['is of Basic', `Basic ${text}`],
      ['is of Token', `Token ${text}`],
      ['is in other letters', `Bearer ${text.toUpperCase()}`],
    )
  if (scheme === 'gitlab') forms.push(['is in other letters', text.toUpperCase()])
  return forms
}

function times(now: number): [what: string, value: string][] {
  const values = [
    ['is empty', ''],
    ['is five minutes and a second old', now - 301],
    ['is a minute ahead of what is allowed', now + 361],
    ['is in milliseconds', now * 1000],
    ['is the beginning of time', 0],
    ['is before it', -now],
    ['has a fraction', `${now}.0`],
    ['has a plus', `+${now}`],
    ['has an exponent', '1e9'],
    ['is hexadecimal', `0x${now.toString(16)}`],
    ['begins with a zero', `0${now}`],
    ['has a unit', `${now}s`],
    ['is a date', new Date(now * 1000).toISOString()],
    ['is huge', '9'.repeat(400)],
    ['is NaN', 'NaN'],
    ['is two', `${now},${now}`],
    ['was signed for another second', now - 1],
  ] as const
  return values.map(([what, value]) => [what, String(value)])
}

const IDS = ['', 'm2', 'M1', 'm1.', 'm1, m1', `m${'1'.repeat(400)}`, '"m1"', '../m1', '%6d1', 'm\u00e91', '__proto__']
