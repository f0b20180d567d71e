import { describe, expect, it } from 'vitest'
import { alertmanager } from '../../sources/alertmanager.ts'
import { request, thrownBy } from './requests.ts'

const blackscreen = {
  status: 'firing',
  labels: { alertname: 'BlackScreen', device: 'stb-8', host: 'paris', severity: 'critical' },
  annotations: { summary: 'No picture' },
  startsAt: '2026-03-01T11:59:00.123456789Z',
  endsAt: '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus/graph?g0.expr=x',
  fingerprint: 'd9e1f0a2b3c4d5e6',
}
const group = {
  version: '4',
  groupKey: '{}:{alertname="BlackScreen"}',
  truncatedAlerts: 0,
  status: 'firing',
  receiver: 'web\\.hook',
  groupLabels: { alertname: 'BlackScreen' },
  commonLabels: {},
  commonAnnotations: {},
  externalURL: 'http://alertmanager:9093',
  notification_reason: 'first notification',
  alerts: [blackscreen],
}
const parse = (body: unknown) => alertmanager.parse(request(body)).events

describe('the Alertmanager webhook', () => {
  it('becomes one event an alert', () => {
    expect(parse(group)).toMatchObject([
      {
        id: 'd9e1f0a2b3c4d5e6:2026-03-01T11:59:00.123Z:firing',
        source: '/alertmanager/web.hook',
        type: 'alert.blackscreen.firing',
        subject: 'stb-8',
        severity: 'critical',
        data: {
          host: 'paris',
          annotations: { summary: 'No picture' },
          data: { generatorURL: blackscreen.generatorURL, group: { key: group.groupKey } },
        },
        alert: { fingerprint: 'd9e1f0a2b3c4d5e6', kind: 'blackscreen', status: 'firing' },
      },
    ])
  })

  it('has no end while it fires, whatever endsAt says', () => {
    expect(parse(group)[0]?.data).not.toHaveProperty('endsAt')
    const guess = { ...group, alerts: [{ ...blackscreen, endsAt: '2026-03-01T12:05:00Z' }] }
    expect(parse(guess)[0]?.data).not.toHaveProperty('endsAt')
  })

  it('reads the status of each alert, not of its group', () => {
    const ended = {
      ...blackscreen,
      status: 'resolved',
      endsAt: '2026-03-01T12:01:00Z',
      fingerprint: '1111111111111111',
    }
    const events = parse({ ...group, alerts: [blackscreen, ended] })
    expect(events.map((event) => event.type)).toEqual(['alert.blackscreen.firing', 'alert.blackscreen.resolved'])
    expect(events[1]).toMatchObject({ time: '2026-03-01T12:01:00.000Z', data: { endsAt: '2026-03-01T12:01:00.000Z' } })
  })

  it('gives the unchanged alerts of a changed group the ids they had', () => {
    const grown = {
      ...group,
      alerts: [blackscreen, { ...blackscreen, fingerprint: '2222222222222222' }],
      groupKey: 'other',
    }
    expect(parse(grown)[0]?.id).toBe(parse(group)[0]?.id)
  })

  it('computes the fingerprint that Alertmanager before 0.19 does not send, over labels in any order', () => {
    const { fingerprint: _, ...old } = blackscreen
    const turned = { ...old, labels: Object.fromEntries(Object.entries(old.labels).reverse()) }
    const [one, other] = parse({ ...group, alerts: [old, turned] })
    expect(one?.alert?.fingerprint).toMatch(/^[0-9a-f]{64}$/)
    expect(other?.alert?.fingerprint).toBe(one?.alert?.fingerprint)
  })

  it('says on every alert that others of its group are missing', () => {
    expect(parse({ ...group, truncatedAlerts: 3 })[0]?.data).toMatchObject({
      data: { group: { incomplete: true, missing: 3 } },
    })
    expect(parse(group)[0]?.data).not.toMatchObject({ data: { group: { incomplete: true } } })
  })

  it.each([
    [{ device_id: 'stb-1', instance: 'x:1' }, 'stb-1'],
    [{ device: ' ', dut: 'stb-2' }, 'stb-2'],
    [{ instance: 'stb-3:9100' }, 'stb-3'],
    [{}, undefined],
  ])('finds the device in the labels %j', (labels, device) => {
    expect(parse({ ...group, alerts: [{ ...blackscreen, labels }] })[0]?.subject).toBe(device)
  })

  it('names an alert without a name unknown, and one without a severity a warning', () => {
    expect(parse({ ...group, alerts: [{ status: 'firing', labels: { toString: 'x' } }] })[0]).toMatchObject({
      id: undefined,
      type: 'alert.unknown.firing',
      severity: 'warning',
    })
  })

  it('loses only the alert that is malformed', () => {
    const { events, rejected } = alertmanager.parse(
      request({ ...group, alerts: [{ ...blackscreen, status: 'open' }, blackscreen] }),
    )
    expect(events).toHaveLength(1)
    expect(rejected).toMatchObject([{ index: 0, path: 'alerts[0].status' }])
  })

  it.each([
    ['another version', { ...group, version: '3' }, 'version'],
    ['no alerts', { version: '4', groupKey: 'x' }, 'alerts'],
  ])('with %s is refused', (_what, body, path) => {
    expect(thrownBy(() => parse(body))).toMatchObject({ code: 'source.malformed', details: { path } })
  })
})
