import type { AgentSettings } from '../../../machines/agent-protocol.ts'
import { durationMs } from '../expressions/duration.ts'
import type { AgentDefinition } from '../format/definition.ts'

const TTL_MS = 60_000
const MAX_HOLD_MS = 2 * 3_600_000

/** What an instance's machine needs to know of its definition. */
export function settingsOf({ metadata, config, device }: AgentDefinition): AgentSettings {
  return {
    version: metadata.version,
    maxParallel: config.max_parallel_tasks,
    autoRetry: config.auto_retry,
    run: {
      timeoutMs: config.timeout_seconds * 1_000,
      ttlMs: device?.ttl === undefined ? TTL_MS : durationMs(device.ttl),
      maxHoldMs: device?.max_hold === undefined ? MAX_HOLD_MS : durationMs(device.max_hold),
    },
  }
}
