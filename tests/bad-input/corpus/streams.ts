import { get, type Item, post } from '../item.ts'

const BAD_CURSORS = [
  '0 1 . 1. .1 1.1.1 -1.1 1.-1 a.b 1,1 1.1, ,1.1 1.1,1.1,1.1 1e3.1 0x1.1 1.1;x 1.1%0d%0aevent:%20x 1.1%00 %ff 1.1%20 null NaN',
  '99999999999999999999.1 18446744073709551616.1 1.9223372036854775808 1.9999999999999999999 1.1,99999999999999999999.1',
].flatMap((line) => line.split(' '))
const BAD_QUERIES = [
  'topics= topics=lizards topics=actors,lizards topics=, topics=ACTORS kinds= kinds=a%20b kinds=,, kinds=%00 address= address=x',
  'address=thing/ address=/one address=thing/one/two address=thing%2f%00 nobody=1 cursor= topics[]=actors',
].flatMap((line) => line.split(' '))

/** Class 14: streams that are asked for in a way that has no answer. */
export function streams(): Item[] {
  const item = (name: string, ask: Item['ask']): Item => ({ class: 14, surface: 'S7', name, ask })
  const many = Array.from({ length: 51 }, (_, at) => `k${at}`).join(',')
  return [
    ...BAD_CURSORS.map((cursor) => item(`cursor ${cursor}`, get(`/v1/live?cursor=${cursor}`))),
    ...BAD_CURSORS.filter((cursor) => !cursor.includes('%')).map((id) =>
      item(`Last-Event-ID ${id}`, get('/v1/live', { 'last-event-id': id })),
    ),
    ...BAD_QUERIES.map((query) => item(query, get(`/v1/live?${query}`))),
    item('51 kinds', get(`/v1/live?kinds=${many}`)),
    item('51 addresses', get(`/v1/live?address=${many.replaceAll('k', 'thing/')}`)),
    item('by POST', post('/v1/live', '{}')),
    item('a socket without an upgrade', get('/v1/live/ws')),
  ]
}

const SENDERS = ['auto', 'native-alert', 'alertmanager', 'prometheus', 'cloudevents', 'manual']
const SIGNATURES: readonly [name: string, headers: Record<string, string>][] = [
  ['nothing', {}],
  ['a wrong key', { authorization: `Bearer trp_${'x'.repeat(40)}` }],
  ['an empty key', { authorization: 'Bearer ' }],
  ['a key as a password', { authorization: `Basic ${Buffer.from(`x:trp_${'x'.repeat(40)}`).toString('base64')}` }],
  ['a key in a cookie', { cookie: `troupe_session=trp_${'x'.repeat(40)}` }],
  ['a signature of GitHub', { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}`, 'x-github-event': 'push' }],
  ['an old signature of GitHub', { 'x-hub-signature': `sha1=${'0'.repeat(40)}` }],
  ['a token of GitLab', { 'x-gitlab-token': 'secret' }],
  ['a standard webhook', { 'webhook-id': 'm', 'webhook-timestamp': '1', 'webhook-signature': 'v1,AAAA' }],
  ['two signatures', { 'webhook-id': 'm', 'webhook-timestamp': '1', 'webhook-signature': 'v1,AAAA v1a,BBBB' }],
  ['a signature without a text', { 'webhook-id': 'm', 'webhook-timestamp': '99999999999', 'webhook-signature': '' }],
  ['somebody else’s word', { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1', 'x-forwarded-user': 'admin' }],
  ['a host that says it is local', { host: 'localhost', 'x-forwarded-host': 'localhost' }],
  ['another method', { 'x-http-method-override': 'GET' }],
]

/** Class 13: at the doors of the webhooks, whatever stands in for a key does not. */
export function webhooks(): Item[] {
  return SENDERS.flatMap((sender) =>
    SIGNATURES.map(([name, headers]): Item => {
      const ask = post(`/v1/ingest/${sender}`, '{"type":"a.b","kind":"freeze","alerts":[]}', {
        'content-type': 'application/json',
        authorization: '',
        ...headers,
      })
      return { class: 13, surface: 'S2', name: `${name} for ${sender}`, ask, expect: [401, 429] }
    }),
  )
}
