import { describe, expect, it } from 'vitest'
import { nativeAlert } from '../../sources/native-alert.ts'
import { request, thrownBy } from './requests.ts'

const blackscreen = {
  kind: 'blackscreen',
  device: 'stb-8',
  host: 'paris',
  severity: 'critical',
  startsAt: '2026-03-01T11:59:00Z',
}
const parse = (body: unknown) => nativeAlert.parse(request(body)).events
const [first] = parse(blackscreen)

describe('a native alert', () => {
  it('becomes an event about the device, from its lab', () => {
    expect(first).toMatchObject({
      type: 'alert.blackscreen.firing',
      source: '/lab/paris',
      subject: 'stb-8',
      severity: 'critical',
      time: '2026-03-01T11:59:00.000Z',
      data: { kind: 'blackscreen', status: 'firing', device: 'stb-8', host: 'paris', severity: 'critical', labels: {} },
      alert: { kind: 'blackscreen', status: 'firing', startsAt: '2026-03-01T11:59:00.000Z' },
    })
  })

  it('has the same id when it is sent again, in another time zone or with other measurements', () => {
    const again = {
      ...blackscreen,
      startsAt: '2026-03-01T12:59:00+01:00',
      annotations: { frames: '812' },
      severity: 'high',
    }
    expect(parse(again)[0]?.id).toBe(first?.id)
    expect(first?.id).toBe(`${first?.alert?.fingerprint}:2026-03-01T11:59:00.000Z:firing`)
  })

  it('leaves the id to ingest when nobody says when it began', () => {
    const { startsAt: _, ...open } = blackscreen
    expect(parse(open)[0]).toMatchObject({ id: undefined, data: { startsAt: null } })
    expect(parse(open)[0]?.alert?.fingerprint).toBe(first?.alert?.fingerprint)
  })

  it('keeps the fingerprint of its beginning when it ends, and gets an id of its own', () => {
    const [end] = parse({ ...blackscreen, status: 'resolved', endsAt: '2026-03-01T12:00:00Z' })
    expect(end).toMatchObject({ type: 'alert.blackscreen.resolved', time: '2026-03-01T12:00:00.000Z' })
    expect(end?.alert?.fingerprint).toBe(first?.alert?.fingerprint)
    expect(end?.id).not.toBe(first?.id)
  })

  it('is told apart from its end even when the sender gives both the same id', () => {
    const ids = ['firing', 'resolved'].map((status) => parse({ ...blackscreen, id: 'row-7', status })[0]?.id)
    expect(ids).toEqual(['row-7', 'row-7:resolved'])
  })

  it.each([
    ['kind', { kind: 'freeze' }],
    ['device', { device: 'stb-9' }],
    ['host', { host: 'lyon' }],
    ['identifying label', { labels: { app: 'epg' } }],
  ])('is another condition with another %s', (_what, other) => {
    expect(parse({ ...blackscreen, ...other })[0]?.alert?.fingerprint).not.toBe(first?.alert?.fingerprint)
  })

  it('keeps a fingerprint that the sender gives', () => {
    expect(parse({ ...blackscreen, fingerprint: 'f1' })[0]).toMatchObject({
      id: 'f1:2026-03-01T11:59:00.000Z:firing',
      alert: { fingerprint: 'f1' },
    })
  })

  it('flags a severity that nobody knows and treats it as a warning', () => {
    expect(parse({ ...blackscreen, severity: 'P1' })[0]?.severity).toBe('critical')
    expect(parse({ ...blackscreen, severity: 'constructor' })[0]).toMatchObject({
      severity: 'warning',
      data: { severity: 'warning', severityGiven: 'constructor' },
    })
  })

  it('shows its own facts to rules, but lets none of them pass for the alert', () => {
    const own = { durationS: 42, status: 'resolved', endsAt: 'never', severityGiven: 'x' }
    const [event] = parse({ ...blackscreen, data: own })
    expect(event?.data).toMatchObject({ durationS: 42, status: 'firing', data: own })
    expect(event?.data).not.toHaveProperty('endsAt')
    expect(event?.data).not.toHaveProperty('severityGiven')
  })

  it('comes alone, in an array, or under alerts', () => {
    const three = [blackscreen, { ...blackscreen, device: 'stb-9' }, { ...blackscreen, device: 'tv-1' }]
    const subjects = ['stb-8', 'stb-9', 'tv-1']
    expect(parse(three).map((event) => event.subject)).toEqual(subjects)
    expect(parse({ alerts: three, 'x-sender': 1 }).map((event) => event.subject)).toEqual(subjects)
    expect(parse([])).toEqual([])
  })

  it('refuses an unknown key and says which one was meant, but leaves x- keys to the sender', () => {
    expect(thrownBy(() => parse({ ...blackscreen, sevrity: 'high' }))).toMatchObject({
      code: 'source.malformed',
      message: 'sevrity: unknown key (did you mean "severity"?)',
      details: { path: 'sevrity' },
    })
    expect(thrownBy(() => parse({ ...blackscreen, device_id: 'stb-8' }))).toMatchObject({
      message: 'device_id: unknown key (did you mean "device"?)',
    })
    expect(parse({ ...blackscreen, 'x-rack': { row: 4 } })).toHaveLength(1)
  })

  it('takes the good alerts of a batch and names the place in the bad one', () => {
    const { events, rejected } = nativeAlert.parse(
      request({ alerts: [blackscreen, { ...blackscreen, labels: { port: 4 } }] }),
    )
    expect(events).toHaveLength(1)
    expect(rejected).toMatchObject([{ index: 1, path: 'alerts[1].labels.port' }])
    expect(rejected[0]?.message).toMatch(/^alerts\[1\]\.labels\.port: .*expected string/)
  })

  it('throws when not one alert of a batch is good', () => {
    expect(thrownBy(() => parse([{}, { kind: '' }, 3]))).toMatchObject({
      code: 'source.malformed',
      message: expect.stringMatching(/^\[0\]\.kind: .* \(and 2 more\)$/),
    })
  })

  it('gives up on a sender that makes more than 100 mistakes, and soon', () => {
    const mistakes = (count: number) => [
      blackscreen,
      ...Array<unknown>(count).fill({ kind: 'freeze', sevrity: 'high' }),
    ]
    expect(nativeAlert.parse(request(mistakes(100))).rejected).toHaveLength(100)
    expect(thrownBy(() => parse(mistakes(101)))).toMatchObject({
      code: 'source.malformed',
      details: { path: '[1].sevrity' },
    })
    expect(thrownBy(() => parse(mistakes(4_000)))).toMatchObject({
      message: expect.stringMatching(/ \(and 100 more\)$/),
    })
  })

  it.each([
    ['no kind', { device: 'stb-8' }, 'kind'],
    ['a kind without a letter', { kind: '***' }, 'kind'],
    ['a third status', { kind: 'freeze', status: 'acknowledged' }, 'status'],
    ['a date without a time', { kind: 'freeze', startsAt: '2026-03-01' }, 'startsAt'],
    ['a day that does not exist', { kind: 'freeze', startsAt: '2026-02-30T00:00:00Z' }, 'startsAt'],
    ['a year before the first', { kind: 'freeze', startsAt: '0001-01-01T00:00:00+05:00' }, 'startsAt'],
    ['a year after the last', { kind: 'freeze', startsAt: '9999-12-31T23:59:59-05:00' }, 'startsAt'],
    ['a key beside alerts', { alerts: [], alert: 1 }, 'alert'],
  ])('with %s is refused at its place', (_what, body, path) => {
    expect(thrownBy(() => parse(body))).toMatchObject({ code: 'source.malformed', details: { path } })
  })

  it('never carries a NUL or half a character to the database', () => {
    const [event] = parse('{"kind":"fre\\u0000eze","device":"stb\\ud800","labels":{"a\\u0000":"\\u0000"}}')
    expect(event).toMatchObject({ type: 'alert.freeze.firing', subject: 'stb\ufffd', data: { labels: { a: '' } } })
  })
})
