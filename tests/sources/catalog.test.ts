import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../core/errors.ts'
import { NewEvent, type NewEventInput } from '../../core/event.ts'
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
    ['a webhook of GitHub', request({}, { 'x-github-event': 'push' }), 'github'],
    ['a webhook of GitLab', request({}, { 'x-gitlab-event': 'Push Hook', 'webhook-id': 'x' }), 'gitlab'],
    ['a group of Grafana', request({ ...am, version: '1', orgId: 1 }), 'alertmanager'],
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

const prototypeKeys = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
const word = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '\0', '\ud800', ...prototypeKeys))
const name = word.map((text) => `n${text}`)
const instant = fc.oneof(
  fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom('0001-01-01T00:00:00Z', '2026-03-01T12:00:00.123456789+05:30', '2024-02-29T23:59:59-23:59'),
)
const status = fc.constantFrom('firing', 'resolved')
const labels = fc.dictionary(
  fc.oneof(word, fc.constantFrom('alertname', 'device', 'instance', 'host', 'severity')),
  word,
)
const data = fc.jsonValue()

/** For each source, requests of its shape with hostile values in them: most are taken. */
const shaped: Record<string, fc.Arbitrary<unknown>> = {
  cloudevents: fc.record(
    {
      specversion: fc.constant('1.0'),
      id: name,
      source: fc.webPath().map((path) => `/${path}`),
      type: fc.constant('a.b'),
      subject: name,
      time: instant,
      data,
    },
    { requiredKeys: ['specversion', 'id', 'source', 'type'] },
  ),
  alertmanager: fc.record({
    version: fc.constant('4'),
    groupKey: word,
    receiver: word,
    alerts: fc.array(
      fc.record(
        { status, labels, annotations: labels, startsAt: instant, endsAt: instant },
        { requiredKeys: ['status', 'labels'] },
      ),
    ),
  }),
  github: fc.record({ action: word, repository: fc.record({ full_name: name }), data }, { requiredKeys: [] }),
  gitlab: fc.record(
    {
      object_kind: name,
      build_status: word,
      object_attributes: fc.record({ status: word, action: word }),
      project: fc.record({ path_with_namespace: name }),
      data,
    },
    { requiredKeys: ['object_kind'] },
  ),
  'prometheus-alerts': fc.array(
    fc.record({ labels, annotations: labels, startsAt: instant, endsAt: instant }, { requiredKeys: ['labels'] }),
  ),
  'native-alert': fc.array(
    fc.record(
      {
        kind: name,
        status,
        labels,
        host: name,
        device: name,
        severity: word,
        startsAt: instant,
        endsAt: instant,
        data,
        id: name,
        fingerprint: name,
      },
      { requiredKeys: ['kind'] },
    ),
  ),
  manual: fc.array(
    fc.record(
      { type: fc.constant('a.b'), source: name, subject: name, id: name, priority: fc.nat(100), time: instant, data },
      { requiredKeys: ['type'] },
    ),
  ),
}
/** What a sender says in its headers, where that is needed to know it. */
const HEADERS = new Map<string, Record<string, string>>([
  ['cloudevents', { 'content-type': 'application/cloudevents+json' }],
  ['github', { 'x-github-event': 'workflow_run', 'x-github-delivery': 'a-b-c' }],
])
const document = fc.oneof(fc.jsonValue(), ...Object.values(shaped))
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

describe.each(SOURCES.map((source) => [source.kind, source] as const))('whatever the bytes, %s', (kind, source) => {
  it('throws nothing but an AppError', () => {
    fc.assert(
      fc.property(bytes, headers, (body, head) => {
        const incoming = request(body, head)
        expect(typeof source.detect(incoming)).toBe('boolean')
        expect(eventsOrRefusal(() => source.parse(incoming).events)).toBeInstanceOf(Array)
      }),
      { numRuns: 500 },
    )
  })

  it('gives only events that the log takes', () => {
    let taken = 0
    const head = HEADERS.get(kind) ?? {}
    fc.assert(
      fc.property(shaped[kind]!, (body) => {
        for (const event of eventsOrRefusal(() => source.parse(request(body, head)).events)) {
          const { id, alert } = NewEvent.parse(event)
          expect(JSON.stringify(event)).not.toMatch(/\\u0000|\\ud[89a-f]/)
          expect(id !== undefined || alert?.startsAt === undefined).toBe(true)
          taken += 1
        }
      }),
    )
    expect(taken).toBeGreaterThan(50)
  })

  it.each([
    ['200,000 brackets', '['.repeat(200_000)],
    ['200,000 brackets, closed', '['.repeat(200_000) + ']'.repeat(200_000)],
    ['deep objects', '{"data":'.repeat(50_000) + '1' + '}'.repeat(50_000)],
    ['half a string', '{"a:'],
    ['a number beyond all numbers', '{"kind":"a","type":"a","data":1e400}'],
    ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['nothing', ''],
  ])('refuses %s', (_what, body) => {
    const incoming = request(body, { 'content-type': 'application/cloudevents+json' })
    expect(thrownBy(() => source.parse(incoming))).toMatchObject({ code: 'source.malformed', status: 400 })
    expect(source.detect(incoming)).toBe(source.kind === 'cloudevents')
  })

  it('is not polluted by prototype keys', () => {
    const body =
      '{"__proto__":{"polluted":1},"kind":"a","type":"a.b","data":{"__proto__":{"polluted":1},"constructor":{"prototype":1}}}'
    thrownBy(() => source.parse(request(body)))
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})

/** The events, or none when they were refused as a caller's mistake; any other error comes through. */
function eventsOrRefusal(parse: () => NewEventInput[]): NewEventInput[] {
  try {
    return parse()
  } catch (error) {
    if (error instanceof AppError && error.status < 500) return []
    throw error
  }
}
