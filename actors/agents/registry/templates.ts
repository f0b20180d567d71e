import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../../core/errors.ts'
import type { Log } from '../../../core/log.ts'
import { PLATFORM } from '../../../core/principal.ts'
import { type ParsedDefinition, parseDefinition } from '../format/definition-file.ts'
import { contentHash } from '../format/versions.ts'
import type { ReadTree } from '../format/yaml-thread.ts'
import type { AgentsApi, VersionView } from './agents-api.ts'

/**
 * Brings the definitions of a folder into the registry and publishes them, once each: a version that is there already
 * stays as it is, whatever the file says now. An agent that delegates comes after those it delegates to. What does not
 * fit is told in the log and leaves the others alone. Safe when several processes start at once.
 */
export async function publishTemplates(agents: AgentsApi, folder: string, read: ReadTree, log: Log): Promise<void> {
  let waiting = await readNew(agents, folder, read, log)
  while (waiting.length > 0) {
    const ids = new Set(waiting.map(({ definition }) => definition.metadata.id))
    const ready = waiting.filter(({ definition }) => definition.subagents.every(({ id }) => !ids.has(id)))
    // Those that wait for each other in a circle have their turn too, and are refused with the reason.
    const next = ready.length > 0 ? ready : waiting
    for (const template of next) await logged(template.source.file, log, () => publish(agents, template, log))
    waiting = waiting.filter((template) => !next.includes(template))
  }
}

/** Only what the registry has not settled yet is read: reading takes a thread. */
async function readNew(agents: AgentsApi, folder: string, read: ReadTree, log: Log): Promise<ParsedDefinition[]> {
  const settled = new Set<string>()
  for (const { id } of await agents.list(PLATFORM)) {
    for (const one of await agents.versions(PLATFORM, id)) if (one.status !== 'draft') settled.add(one.contentHash)
  }
  const parsed: ParsedDefinition[] = []
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort()) {
    const text = await readFile(join(folder, name), 'utf8')
    if (settled.has(contentHash(text))) continue
    await logged(name, log, async () => void parsed.push(await parseDefinition(text, name, read)))
  }
  return parsed
}

async function publish(agents: AgentsApi, { definition, text, source }: ParsedDefinition, log: Log): Promise<void> {
  const { id, version } = definition.metadata
  const stored = await find(agents, id, version)
  if (stored && stored.contentHash !== contentHash(text)) {
    const facts = { file: source.file, agent: id, version, status: stored.status }
    return log.warn(facts, 'agent template changed without a new version, the stored one stays')
  }
  await agents.import(PLATFORM, text, source.file)
  await agents.publish(PLATFORM, id, version)
}

async function find(agents: AgentsApi, id: string, version: string): Promise<VersionView | undefined> {
  try {
    return await agents.version(PLATFORM, id, version)
  } catch (error) {
    if (error instanceof AppError && error.code === 'agent.not_found') return undefined
    throw error
  }
}

async function logged(file: string, log: Log, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof AppError) || error.retryable) throw error
    log.warn({ file, error }, 'agent template refused')
  }
}
