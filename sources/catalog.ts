import { alertmanager } from './alertmanager.ts'
import { cloudevents } from './cloudevents.ts'
import { github } from './github.ts'
import { gitlab } from './gitlab.ts'
import { manual } from './manual.ts'
import { nativeAlert } from './native-alert.ts'
import { prometheusAlerts } from './prometheus-alerts.ts'
import type { IncomingRequest, Source } from './source.ts'

/** Every kind of sender, in the order of detection: headers before bodies, the particular before the general. */
export const SOURCES: readonly Source[] = [
  cloudevents,
  github,
  gitlab,
  alertmanager,
  prometheusAlerts,
  nativeAlert,
  manual,
]

/** The source of this kind, for a configuration or a route that names it. */
export function sourceFor(kind: string): Source | undefined {
  return SOURCES.find((source) => source.kind === kind)
}

/** Who sent this, for a source of kind `auto`; `undefined` when it looks like nobody we know. */
export function detectSource(request: IncomingRequest): Source | undefined {
  return SOURCES.find((source) => source.detect(request))
}
