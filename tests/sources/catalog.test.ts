import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../core/errors.ts'
import { NewEvent } from '../../core/event.ts'
import { detectSource, SOURCES, sourceFor } from '../../sources/catalog.ts'
import { request, thrownBy } from './requests.ts'

const am = { version: '4', groupKey: 'g', alerts: [] }

describe('detection', () => {
  it.each([
    ['a batch of CloudEvents', request('', { 'content-type': 'application/cloudevents-batch+json' }), 'cloudevents'],
    ['a structured CloudEvent', request(am, { 'content-type': 'Application/CloudEvents+json' }), 'cloudevents'],
    [
      'a binary CloudEvent',
      request(am, { 'ce-specversion': '', 'ce-id': '', 'ce-source': '', 'ce-type': '' }),
      'cloudevents',
    ],
    ['three of its four headers', request(am, { 'ce-specversion': '', 'ce-id': '', 'ce-source': '' }), 'alertmanager'],
    ['an Alertmanager group', request(am), 'alertmanager'],
    ['an array with labels', request([{ labels: { a: 'b' } }]), 'prometheus-alerts'],
    ['a native alert', request({ kind: 'freeze' }), 'native-alert'],
    ['a native alert with labels', request([{ kind: 'freeze', labels: {} }]), 'native-alert'],
    ['native alerts under alerts', request({ alerts: [{ kind: 'freeze' }] }), 'native-alert'],
    ['a native event', request({ type: 'a.b' }), 'manual'],
    ['something else', request({ hello: 'world' }), undefined],
    ['no JSON', request('<xml/>'), undefined],
  ])('knows %s', (_what, incoming, kind) => {
    expect(detectSource(incoming)?.kind).toBe(kind)
  })

  it('finds each source by its kind, and only by its kind', () => {
    for (const source of SOURCES) expect(sourceFor(source.kind)).toBe(source)
    expect(sourceFor('constructor')).toBeUndefined()
  })
})

const word = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', ''),
)
const scalar = fc.oneof(word, fc.integer(), fc.double(), fc.boolean(), fc.constant(null))
const time = fc.oneof(
  word,
  fc.constantFrom(
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59-23:59',
    '2026-02-29T00:00:00Z',
    '2026-03-01T12:00:00.123456789+05:30',
  ),
)
const labels = fc.oneof(
  fc.dictionary(fc.oneof(word, fc.constantFrom('alertname', 'device', 'host', 'severity')), word),
  scalar,
)
const member = fc.oneof(scalar, time, labels, fc.jsonValue())
const item = fc.record(
  {
    ...{
      kind: word,
      status: fc.constantFrom('firing', 'resolved'),
      labels,
      annotations: labels,
      fingerprint: word,
      startsAt: time,
    },
    ...{
      endsAt: time,
      type: fc.oneof(word, fc.constant('a.b')),
      specversion: fc.constant('1.0'),
      id: word,
      source: word,
      data: member,
    },
    ...{ host: word, device: word, severity: word, subject: word, priority: scalar, time, correlationid: member },
  },
  { requiredKeys: [] },
)
const group = fc.record({
  version: fc.constant('4'),
  groupKey: word,
  receiver: word,
  alerts: fc.array(fc.oneof(item, scalar)),
})
const document = fc.oneof(fc.jsonValue(), item, fc.array(item), group, fc.record({ alerts: fc.array(item) }))
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  document.map((value) => Buffer.from(JSON.stringify(value))),
  fc.tuple(document, fc.nat(400)).map(([value, cut]) => Buffer.from(JSON.stringify(value)).subarray(0, cut)),
)
const headers = fc.oneof(
  fc.constantFrom<Record<string, string>>(
    {},
    { 'content-type': 'application/cloudevents+json' },
    { 'content-type': 'application/cloudevents-batch+json' },
  ),
  fc.dictionary(
    fc.constantFrom('ce-id', 'ce-type', 'ce-source', 'ce-specversion', 'ce-time', 'ce-x', 'content-type'),
    word,
  ),
)

describe.each(SOURCES.map((source) => [source.kind, source] as const))('whatever the bytes, %s', (_kind, source) => {
  it('throws nothing but an AppError, and gives only events that the log takes', () => {
    fc.assert(
      fc.property(bytes, headers, (body, head) => {
        const incoming = request(body, head)
        expect(typeof source.detect(incoming)).toBe('boolean')
        try {
          for (const event of source.parse(incoming).events) {
            NewEvent.parse(event)
            expect(JSON.stringify(event)).not.toMatch(/\\u0000|\\ud[89a-f]/)
          }
        } catch (error) {
          if (!(error instanceof AppError)) throw error
          expect(error.status).toBeLessThan(500)
        }
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['200,000 brackets', '['.repeat(200_000)],
    ['200,000 brackets, closed', '['.repeat(200_000) + ']'.repeat(200_000)],
    ['deep objects', '{"data":'.repeat(50_000) + '1' + '}'.repeat(50_000)],
    ['half a string', '{"a:'],
    ['a number beyond all numbers', '{"kind":"a","type":"a","data":1e400}'],
    ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['nothing', ''],
  ])('refuses %s within 250 ms', (_what, body) => {
    const startedAt = performance.now()
    const incoming = request(body, { 'content-type': 'application/cloudevents+json' })
    expect(thrownBy(() => source.parse(incoming))).toMatchObject({ code: 'source.malformed', status: 400 })
    expect(source.detect(incoming)).toBe(source.kind === 'cloudevents')
    expect(performance.now() - startedAt).toBeLessThan(250)
  })

  it('is not polluted by prototype keys', () => {
    const body =
      '{"__proto__":{"polluted":1},"kind":"a","type":"a.b","data":{"__proto__":{"polluted":1},"constructor":{"prototype":1}}}'
    thrownBy(() => source.parse(request(body)))
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})
