import { AppError } from '../core/errors.ts'
import type { Tool } from '../core/tool.ts'
import { parseAllowedHosts } from './allowed-hosts.ts'
import { deviceCleanup } from './device-cleanup.ts'
import { deviceInfo } from './device-info.ts'
import { devicePowerCycle } from './device-power-cycle.ts'
import { devicePress } from './device-press.ts'
import { deviceScreenshot } from './device-screenshot.ts'
import { eventPublish } from './event-publish.ts'
import { type Resolve, resolveByDns } from './http-client.ts'
import { createHttpTools } from './http-request.ts'
import { noteAdd } from './note-add.ts'
import { screenAnalyse } from './screen-analyse.ts'
import { wait } from './wait.ts'

export interface ToolConfig {
  /** Where `http.get` and `http.request` may go: `host`, `host:port`, `*.suffix`. Private addresses need `host:port`. */
  allowedHosts: readonly string[]
  /** Looks names up; absent: the system's resolver. */
  resolve?: Resolve
}

/** Every built-in tool. Throws `config.invalid` for a rule that is no host. */
export function createTools({ allowedHosts, resolve = resolveByDns }: ToolConfig): Tool[] {
  const device = [deviceInfo, deviceScreenshot, devicePress, devicePowerCycle, deviceCleanup, screenAnalyse]
  const http = createHttpTools({ allowed: parseAllowedHosts(allowedHosts), resolve })
  return [...device, ...http, eventPublish, noteAdd, wait]
}

/** The tools of a process, by id. */
export interface ToolCatalog {
  find(id: string): Tool | undefined
  /** The tools that a skill names: an id, or a pattern in which `*` stands for anything, dots too (`device.*`). */
  match(pattern: string): Tool[]
  /** All, ordered by id. */
  list(): Tool[]
}

/** Throws `config.invalid` when two tools share an id. */
export function createToolCatalog(tools: readonly Tool[]): ToolCatalog {
  const byId = new Map<string, Tool>()
  for (const tool of tools) {
    if (byId.has(tool.id)) throw new AppError('config.invalid', `Two tools are called ${tool.id}`)
    byId.set(tool.id, tool)
  }
  const ordered = [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  return {
    find: (id) => byId.get(id),
    match: (pattern) => ordered.filter((tool) => matchesGlob(pattern, tool.id)),
    list: () => [...ordered],
  }
}

/** Takes the parts between the stars from left to right, each at its first place: no pattern makes it slow. */
function matchesGlob(pattern: string, id: string): boolean {
  const parts = pattern.split('*')
  const [head = ''] = parts
  if (parts.length === 1) return id === pattern
  const tail = parts.at(-1) ?? ''
  if (!id.startsWith(head) || !id.endsWith(tail) || id.length < head.length + tail.length) return false
  let at = head.length
  for (const part of parts.slice(1, -1)) {
    const found = id.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= id.length - tail.length
}
