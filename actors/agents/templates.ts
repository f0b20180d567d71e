import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { PLATFORM } from '../../core/principal.ts'
import type { AgentsApi, VersionView } from './api.ts'
import { parseDefinition } from './definition-file.ts'
import { contentHash } from './versions.ts'

interface Template {
  name: string
  text: string
}

/**
 * Brings the definitions of a folder into the registry and publishes them, once each: a version that is there already
 * stays as it is, whatever the file says now. An agent that delegates comes after those it delegates to, so what is
 * refused is tried again as long as others get in. Safe when several processes start at once.
 */
export async function publishTemplates(agents: AgentsApi, folder: string, log: Log): Promise<void> {
  let waiting = await readTemplates(folder)
  for (;;) {
    const refused: { template: Template; error: AppError }[] = []
    for (const template of waiting) {
      const error = await publish(agents, template, log)
      if (error) refused.push({ template, error })
    }
    if (refused.length === 0) return
    if (refused.length === waiting.length) {
      for (const { template, error } of refused) log.warn({ file: template.name, error }, 'agent template refused')
      return
    }
    waiting = refused.map(({ template }) => template)
  }
}

async function readTemplates(folder: string): Promise<Template[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort()
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(join(folder, name), 'utf8') })))
}

/** The refusal, when the definition does not fit what is there. */
async function publish(agents: AgentsApi, { name, text }: Template, log: Log): Promise<AppError | undefined> {
  try {
    const { id, version } = (await parseDefinition(text, name)).definition.metadata
    const stored = await find(agents, id, version)
    if (stored && stored.contentHash !== contentHash(text)) {
      log.warn(
        { file: name, agent: id, version, status: stored.status },
        'agent template changed without a new version, the stored one stays',
      )
      return undefined
    }
    if (stored && stored.status !== 'draft') return undefined
    await agents.import(PLATFORM, text, name)
    await agents.publish(PLATFORM, id, version)
    return undefined
  } catch (error) {
    if (error instanceof AppError && error.code === 'agent.bad_definition') return error
    throw error
  }
}

async function find(agents: AgentsApi, id: string, version: string): Promise<VersionView | undefined> {
  try {
    return await agents.version(PLATFORM, id, version)
  } catch (error) {
    if (error instanceof AppError && error.code === 'agent.not_found') return undefined
    throw error
  }
}
