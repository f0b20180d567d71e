import type { Alert } from './alert-event.ts'
import { alertKind } from './alert-kind.ts'
import { fingerprintOf } from './fingerprint.ts'

const DEVICE = ['device', 'device_id', 'deviceId', 'dut']
const HOST = ['host', 'host_name', 'hostname', 'node']
const SEVERITY = ['severity', 'priority', 'level']

type Labelled = Pick<Alert, 'status' | 'labels' | 'annotations' | 'startsAt' | 'endsAt' | 'data'> & {
  fingerprint: string | undefined
}

/** Reads from Prometheus labels what other senders say in members: kind, device, host and severity. */
export function alertOfLabels(alert: Labelled): Alert {
  const { labels } = alert
  return {
    ...alert,
    kind: alertKind(labels.alertname ?? '') ?? 'unknown',
    // An instance is the address that was scraped; without its port it is the nearest thing to a device.
    device: firstOf(labels, DEVICE) ?? firstOf(labels, ['instance'])?.replace(/:\d+$/, ''),
    host: firstOf(labels, HOST),
    severity: firstOf(labels, SEVERITY),
    fingerprint: alert.fingerprint ?? fingerprintOf(labels),
  }
}

/** The first of these labels that says something, cut to what an id may be. */
function firstOf(labels: Readonly<Record<string, string>>, names: readonly string[]): string | undefined {
  const name = names.find((candidate) => labels[candidate]?.trim())
  return name === undefined ? undefined : labels[name]?.trim().slice(0, 128).toWellFormed()
}
