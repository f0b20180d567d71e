import type { Result } from './result.ts'
export function renderChart(result: Result): string {
  return String(result.at)
}
