import { describe, expect, it } from 'vitest'
import { cloudevents } from '../../sources/cloudevents.ts'
import { request, thrownBy } from './requests.ts'

const STRUCTURED = { 'content-type': 'application/cloudevents+json; charset=utf-8' }
const BATCH = { 'content-type': 'application/cloudevents-batch+json' }
const event = { specversion: '1.0', id: 'a-1', source: '/ci/main', type: 'build.deployed' }
const binary = { 'ce-specversion': '1.0', 'ce-id': 'a-1', 'ce-source': '/ci/main', 'ce-type': 'build.deployed' }

const structured = (more: Record<string, unknown>) =>
  cloudevents.parse(request({ ...event, ...more }, STRUCTURED)).events[0]
const binaryOf = (headers: Record<string, string>, body: string | Uint8Array = '') =>
  cloudevents.parse(request(body, { ...binary, ...headers })).events[0]

describe('a structured CloudEvent', () => {
  it('keeps its id, source, type, subject, data, and the extensions that mean something here', () => {
    const sent = {
      subject: 'stb-8',
      time: '2026-03-01T12:00:00.5+01:00',
      data: { build: 7 },
      correlationid: 'c',
      causationid: 'p',
      severitytext: 'ERROR',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      sequence: 4,
    }
    expect(structured(sent)).toEqual({
      id: 'a-1',
      source: '/ci/main',
      type: 'build.deployed',
      subject: 'stb-8',
      time: '2026-03-01T11:00:00.500Z',
      data: { build: 7 },
      correlationid: 'c',
      causationid: 'p',
      severity: 'high',
    })
  })

  it('takes null attributes for unset', () => {
    expect(structured({ subject: null, time: null, comexample: null })).toMatchObject({
      subject: undefined,
      time: undefined,
    })
    expect(thrownBy(() => structured({ id: null }))).toMatchObject({
      code: 'source.malformed',
      details: { path: 'id' },
    })
  })

  it('never parses string data again', () => {
    expect(structured({ data: '{"a":1}', datacontenttype: 'application/json' })?.data).toBe('{"a":1}')
  })

  it('reads data_base64 by its content type', () => {
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    expect(structured({ data_base64: base64('{"a":1}') })?.data).toEqual({ a: 1 })
    expect(structured({ data_base64: base64('hé'), datacontenttype: 'text/plain' })?.data).toBe('hé')
    expect(structured({ data_base64: 'AP8=', datacontenttype: 'image/png' })?.data).toEqual({
      contentType: 'image/png',
      base64: 'AP8=',
    })
  })

  it('maps the severity number when there is no word', () => {
    const severities = [1, 9, 13, 17, 21, 24].map((severitynumber) => structured({ severitynumber })?.severity)
    expect(severities).toEqual(['low', 'info', 'warning', 'high', 'critical', 'critical'])
  })

  it.each([
    ['both kinds of data', { data: 1, data_base64: 'AA==' }, 'data_base64'],
    ['data that is not base64', { data_base64: '%%%%' }, 'data_base64'],
    ['another version', { specversion: '0.3' }, 'specversion'],
    ['a version that is a number', { specversion: 1 }, 'specversion'],
    ['an empty source', { source: '' }, 'source'],
    ['a source with a space', { source: 'my lab' }, 'source'],
    ['a type that cannot be routed', { type: 'build deployed' }, 'type'],
    ['a time that is not one', { time: 'yesterday' }, 'time'],
    ['an upper-case attribute', { traceParent: 'x' }, 'traceParent'],
    ['an attribute name of 21 letters', { abcdefghijklmnopqrstu: 'x' }, 'abcdefghijklmnopqrstu'],
    ['an object for an attribute', { sequence: { a: 1 } }, 'sequence'],
    ['an integer of 33 bits', { sequence: 2 ** 31 }, 'sequence'],
    ['a fraction', { sequence: 1.5 }, 'sequence'],
  ])('with %s is refused at its place', (_what, more, path) => {
    expect(thrownBy(() => structured(more))).toMatchObject({ code: 'source.malformed', details: { path } })
  })

  it.each(['xstate.done.actor.approve', 'xstate.after.1000.run', '*'])(
    'may not pretend to be the runtime: %s',
    (type) => {
      expect(thrownBy(() => structured({ type }))).toMatchObject({
        code: 'event.reserved_type',
        details: { path: 'type' },
      })
    },
  )
})

describe('a binary CloudEvent', () => {
  it('is made of headers and a body', () => {
    expect(binaryOf({ 'content-type': 'application/json', 'ce-subject': 'stb-8' }, '{"build":7}')).toMatchObject({
      id: 'a-1',
      source: '/ci/main',
      type: 'build.deployed',
      subject: 'stb-8',
      data: { build: 7 },
    })
    expect(binaryOf({})?.data).toBeNull()
  })

  it('takes quotes off first and then percent-decodes once', () => {
    expect(binaryOf({ 'ce-subject': '"Euro %E2%82%AC \\"box\\""' })?.subject).toBe('Euro € "box"')
    expect(binaryOf({ 'ce-subject': 'a%2520b' })?.subject).toBe('a%20b')
  })

  it('keeps other bytes as they are', () => {
    const data = binaryOf({ 'content-type': 'application/octet-stream' }, new Uint8Array([0, 255]))?.data
    expect(data).toEqual({ contentType: 'application/octet-stream', base64: 'AP8=' })
  })

  it.each([
    ['a header that is not UTF-8', { 'ce-subject': '%FF%FE' }, 'ce-subject'],
    ['ce-datacontenttype', { 'ce-datacontenttype': 'text/plain' }, 'ce-datacontenttype'],
    ['a dash in a name', { 'ce-my-thing': 'x' }, 'my-thing'],
    ['an attribute named data', { 'ce-data': 'x' }, 'data'],
  ])('with %s is refused', (_what, headers, path) => {
    expect(thrownBy(() => binaryOf(headers))).toMatchObject({ code: 'source.malformed', details: { path } })
  })
})

describe('a batch of CloudEvents', () => {
  const batch = (items: unknown) => cloudevents.parse(request(items, BATCH))

  it('may be empty', () => {
    expect(batch([])).toEqual({ events: [], rejected: [] })
  })

  it('is answered item by item', () => {
    const { events, rejected } = batch([
      event,
      { ...event, id: '' },
      { ...event, id: 'a-3' },
      { ...event, type: 'xstate.stop' },
      4,
    ])
    expect(events.map(({ id }) => id)).toEqual(['a-1', 'a-3'])
    expect(rejected.map(({ index, path }) => [index, path])).toEqual([
      [1, '[1].id'],
      [3, '[3].type'],
      [4, '[4]'],
    ])
  })

  it('of too many items is refused before any work', () => {
    expect(thrownBy(() => batch(Array(5_001).fill(0)))).toMatchObject({ code: 'request.too_large' })
  })
})

it.each(['application/cloudevents+avro', 'application/cloudevents', 'application/cloudevents-batch+xml'])(
  'a CloudEvent as %s is an unsupported media type',
  (type) => {
    const call = () => cloudevents.parse(request(event, { 'content-type': type }))
    expect(thrownBy(call)).toMatchObject({ code: 'request.unsupported_media_type', status: 415 })
  },
)
