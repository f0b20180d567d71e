/** Counts what was asked and how long it took, by route and status. Routes are our own names, so the set is bounded. */
export interface Meter {
  count(route: string, status: number, durationMs: number): void
  /** Prometheus text. */
  lines(): string[]
}

export function createMeter(): Meter {
  const counts = new Map<string, { total: number; seconds: number }>()
  return {
    count(route, status, durationMs) {
      const labels = `route="${route}",status="${status}"`
      const counted = counts.get(labels) ?? { total: 0, seconds: 0 }
      counted.total += 1
      counted.seconds += durationMs / 1000
      counts.set(labels, counted)
    },
    lines() {
      const entries = [...counts]
      return [
        '# TYPE troupe_http_requests_total counter',
        ...entries.map(([labels, { total }]) => `troupe_http_requests_total{${labels}} ${total}`),
        '# TYPE troupe_http_request_seconds_total counter',
        ...entries.map(([labels, { seconds }]) => `troupe_http_request_seconds_total{${labels}} ${seconds.toFixed(6)}`),
      ]
    },
  }
}
