import { describe, expect, it } from 'vitest'
import { prometheusAlerts } from '../../sources/prometheus-alerts.ts'
import { request, thrownBy } from './requests.ts'

const alert = { labels: { alertname: 'DeviceOffline', device: 'stb-8' }, startsAt: '2026-03-01T11:00:00Z' }
const parse = (body: unknown) => prometheusAlerts.parse(request(body)).events

describe('an alert straight from Prometheus', () => {
  it('fires while its end lies ahead or is not given', () => {
    const events = parse([
      alert,
      { ...alert, endsAt: '2026-03-01T12:04:00Z' },
      { ...alert, endsAt: '0001-01-01T00:00:00Z' },
    ])
    expect(events.map((event) => event.type)).toEqual(Array(3).fill('alert.device_offline.firing'))
    expect(new Set(events.map((event) => event.id)).size).toBe(1)
    expect(events[1]?.data).not.toHaveProperty('endsAt')
  })

  it('has ended when its end has passed', () => {
    expect(parse([{ ...alert, endsAt: '2026-03-01T12:00:00Z' }])).toMatchObject([
      { type: 'alert.device_offline.resolved', source: '/prometheus', data: { endsAt: '2026-03-01T12:00:00.000Z' } },
    ])
  })

  it('is one condition whichever replica of Prometheus noticed it', () => {
    const [a, b] = parse(
      ['a', 'b'].map((replica) => ({ ...alert, labels: { ...alert.labels, prometheus_replica: replica } })),
    )
    expect(a?.id).toBe(b?.id)
  })

  it('is refused without labels, and outside an array', () => {
    expect(thrownBy(() => parse([{ labels: {} }]))).toMatchObject({
      code: 'source.malformed',
      details: { path: '[0].labels' },
    })
    expect(thrownBy(() => parse(alert))).toMatchObject({ code: 'source.malformed' })
  })
})
