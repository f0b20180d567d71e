import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { publishTemplates } from '../../actors/agents/registry/templates.ts'
import { createLog } from '../../core/log.ts'
import { moveVersion, readStates } from '../../db/registry.ts'
import { readRules } from '../../db/rules.ts'
import { openFacade, principal } from './facade.ts'

const anna = principal('anna')
const stranger = principal('zoe', 'other')
const SHIPPED = new URL('../../agent-templates/', import.meta.url).pathname

const text = (id: string, version: string, rest = ''): string =>
  `# kept: ${id}\nmetadata:\n  id: ${id}\n  name: The ${id}\n  version: ${version}   # and this\n${rest}`

describe('the registry', () => {
  const open = openFacade()
  const revision = async (): Promise<number> => (await readRules(open.runtime.sql)).revision
  const publish = async (id: string, version: string, rest = '') => {
    await open.agents.import(anna, text(id, version, rest), 'a.yaml')
    return open.agents.publish(anna, id, version)
  }

  it('takes a definition as a draft, which changes nothing that runs', async () => {
    await publish('drafted', '1.0.0')
    const [before, told] = [await revision(), open.heard.rulesChanges]
    const { version, created } = await open.agents.import(anna, text('drafted', '2.0.0'), 'a.yaml')
    expect([version.status, created]).toEqual(['draft', true])
    expect(await open.agents.get(anna, 'drafted')).toMatchObject({
      current: '1.0.0',
      latest: '2.0.0',
      status: 'published',
    })
    expect([await revision(), open.heard.rulesChanges]).toEqual([before, told])
  })

  it('finds the same bytes again, and lets a draft be replaced by others', async () => {
    const first = await open.agents.import(anna, text('replaced', '1.0.0'), 'a.yaml')
    const again = await open.agents.import(anna, text('replaced', '1.0.0'), 'a.yaml')
    expect(again).toEqual({ version: first.version, created: false })
    const other = await open.agents.import(anna, `${text('replaced', '1.0.0')}# more\n`, 'a.yaml')
    expect(other.created).toBe(true)
    expect(other.version.contentHash).not.toBe(first.version.contentHash)
  })

  it('never changes a version that was published, nor one that was deprecated', async () => {
    await publish('fixed', '1.0.0')
    const taken = { code: 'agent.version_exists', status: 409 }
    const other = `${text('fixed', '1.0.0')}# other\n`
    await expect(open.agents.import(anna, other, 'a.yaml')).rejects.toMatchObject(taken)
    expect(await open.agents.import(anna, text('fixed', '1.0.0'), 'a.yaml')).toMatchObject({
      created: false,
      version: { status: 'published' },
    })
    await open.agents.deprecate(anna, 'fixed', '1.0.0')
    await expect(open.agents.import(anna, other, 'a.yaml')).rejects.toMatchObject(taken)
    await expect(open.agents.publish(anna, 'fixed', '1.0.0')).rejects.toMatchObject({
      code: 'agent.version_deprecated',
    })
    expect(await open.agents.source(anna, 'fixed', '1.0.0')).toBe(text('fixed', '1.0.0'))
  })

  it.each([
    ['comments and spaces', text('bytes', '1.0.0', '\n\n# the end   ')],
    ['Windows line ends', text('bytes', '1.0.1').replaceAll('\n', '\r\n')],
    ['a byte order mark', `\uFEFF${text('bytes', '1.0.2')}`],
    ['letters of all scripts', text('bytes', '1.0.3', '\n# Übung 録画 🎬 e\u0301\n')],
    ['JSON', '{ "metadata": { "version": "1.0.4",\t"id": "bytes", "name": "B" } }'],
  ])('gives back the very bytes that came, here and after an import elsewhere: %s', async (_what, source) => {
    const { version } = (await open.agents.import(anna, source, 'a.yaml')).version
    const exported = await open.agents.source(anna, 'bytes', version)
    expect(exported).toBe(source)
    await open.agents.import(stranger, exported, 'b.yaml')
    expect(await open.agents.source(stranger, 'bytes', version)).toBe(source)
  })

  it('points at the highest published version, not at the newest', async () => {
    await publish('highest', '1.10.0')
    await publish('highest', '1.9.0')
    await publish('highest', '2.0.0-beta.2')
    expect(await open.agents.get(anna, 'highest')).toMatchObject({ current: '2.0.0-beta.2' })
    await publish('highest', '2.0.0')
    expect(await open.agents.get(anna, 'highest')).toMatchObject({ current: '2.0.0' })
    for (const [gone, left] of [
      ['2.0.0', '2.0.0-beta.2'],
      ['2.0.0-beta.2', '1.10.0'],
      ['1.10.0', '1.9.0'],
      ['1.9.0', null],
    ] as const) {
      await open.agents.deprecate(anna, 'highest', gone)
      expect((await open.agents.get(anna, 'highest')).current).toBe(left)
    }
    expect((await open.agents.versions(anna, 'highest')).map(({ version }) => version)).toEqual([
      '2.0.0',
      '2.0.0-beta.2',
      '1.10.0',
      '1.9.0',
    ])
  })

  it('points at the highest version also when many are published at the same time', async () => {
    const versions = Array.from({ length: 8 }, (_, index) => `1.${index}.0`)
    for (const version of versions) await open.agents.import(anna, text('raced', version), 'a.yaml')
    const before = await revision()
    await Promise.all(versions.toReversed().map((version) => open.agents.publish(anna, 'raced', version)))
    expect((await open.agents.get(anna, 'raced')).current).toBe('1.7.0')
    expect(await revision()).toBe(before + versions.length)
  })

  it('moves no version by what was read before the rules moved, or before the draft was replaced', async () => {
    const { sql } = open.runtime
    await open.agents.import(anna, text('stale', '1.0.0'), 'a.yaml')
    const { revision: read, versions } = await readStates(sql, 'default', 'stale')
    const { contentHash } = versions[0]!
    const move = {
      team: 'default',
      id: 'stale',
      version: '1.0.0',
      contentHash,
      to: 'published',
      current: '1.0.0',
    } as const
    expect(await moveVersion(sql, { ...move, revision: read - 1 })).toBe(false)
    expect(await moveVersion(sql, { ...move, contentHash: 'another', revision: read })).toBe(false)
    expect(await open.agents.get(anna, 'stale')).toMatchObject({ status: 'draft', current: null })
    expect(await moveVersion(sql, { ...move, revision: await revision() })).toBe(true)
    expect(await open.agents.get(anna, 'stale')).toMatchObject({ status: 'published', current: '1.0.0' })
  })

  it('moves the rules and tells the router with each change that routing depends on, and with no other', async () => {
    await open.agents.import(anna, text('told', '1.0.0'), 'a.yaml')
    const moves = async (work: () => Promise<unknown>): Promise<number[]> => {
      const [before, told] = [await revision(), open.heard.rulesChanges]
      await work()
      return [(await revision()) - before, open.heard.rulesChanges - told]
    }
    expect(await moves(() => open.agents.publish(anna, 'told', '1.0.0'))).toEqual([1, 1])
    expect(await moves(() => open.agents.publish(anna, 'told', '1.0.0'))).toEqual([0, 0])
    expect(await moves(() => open.agents.setEnabled(anna, 'told', false))).toEqual([1, 1])
    expect(await moves(() => open.agents.deprecate(anna, 'told', '1.0.0'))).toEqual([1, 1])
    expect(await moves(() => open.agents.import(anna, text('told', '2.0.0'), 'a.yaml'))).toEqual([0, 0])
    expect(await moves(() => open.agents.remove(anna, 'told', '2.0.0'))).toEqual([0, 0])
  })

  it('starts an agent as its definition says, and then leaves the switch to people', async () => {
    await publish('switch', '1.0.0', 'config: { enabled: false }\n')
    expect((await open.agents.get(anna, 'switch')).enabled).toBe(false)
    expect((await open.agents.setEnabled(anna, 'switch', true)).enabled).toBe(true)
    await publish('switch', '1.1.0', 'config: { enabled: false }\n')
    expect((await open.agents.get(anna, 'switch')).enabled).toBe(true)
  })

  it('removes drafts only', async () => {
    await publish('removed', '1.0.0')
    await expect(open.agents.remove(anna, 'removed', '1.0.0')).rejects.toMatchObject({ code: 'agent.version_in_use' })
    await open.agents.import(anna, text('removed', '2.0.0'), 'a.yaml')
    await expect(open.agents.deprecate(anna, 'removed', '2.0.0')).rejects.toMatchObject({ code: 'agent.not_published' })
    await open.agents.remove(anna, 'removed', '2.0.0')
    await expect(open.agents.version(anna, 'removed', '2.0.0')).rejects.toMatchObject({ code: 'agent.not_found' })
    expect((await open.agents.get(anna, 'removed')).latest).toBe('1.0.0')
  })

  it('forgets an agent with its last draft, its switch too', async () => {
    await open.agents.import(anna, text('forgotten', '1.0.0'), 'a.yaml')
    await open.agents.setEnabled(anna, 'forgotten', false)
    await open.agents.remove(anna, 'forgotten', '1.0.0')
    await expect(open.agents.get(anna, 'forgotten')).rejects.toMatchObject({ code: 'agent.not_found' })
    await publish('forgotten', '1.0.0')
    expect((await open.agents.get(anna, 'forgotten')).enabled).toBe(true)
  })

  it('says where and why a definition does not fit what is there', async () => {
    const delegating = text(
      'delegating',
      '1.0.0',
      'subagents: [{ id: helper, version: ">=1.2.0" }]\nskills: [device.presss]\n',
    )
    await publish('helper', '1.1.0')
    const problems = open.agents
      .validate(anna, delegating, 'd.yaml')
      .catch((error: { details: unknown }) => error.details)
    expect(await problems).toMatchObject({
      problems: [
        { file: 'd.yaml', line: 6, path: 'subagents[0]', message: 'no published version of helper fits >=1.2.0' },
        { file: 'd.yaml', line: 7, path: 'skills[0]', suggestion: 'device.press' },
      ],
    })
    await publish('helper', '1.2.0')
    const fitting = delegating.replace('skills: [device.presss]', '')
    expect(await open.agents.validate(anna, fitting, 'd.yaml')).toMatchObject({ id: 'delegating', version: '1.0.0' })
    await open.agents.import(anna, fitting, 'd.yaml')
    await open.agents.deprecate(anna, 'helper', '1.2.0')
    await expect(open.agents.publish(anna, 'delegating', '1.0.0')).rejects.toMatchObject({
      code: 'agent.bad_definition',
    })
  })

  it('shows an agent as its current version does', async () => {
    await publish('shown', '1.0.0')
    await open.agents.import(anna, text('shown', '2.0.0').replace('The shown', 'The next'), 'a.yaml')
    expect(await open.agents.list(anna)).toContainEqual({
      id: 'shown',
      name: 'The shown',
      nickname: null,
      description: '',
      tags: [],
      current: '1.0.0',
      latest: '2.0.0',
      status: 'published',
      enabled: true,
    })
  })

  it('keeps the agents of teams apart', async () => {
    await publish('private', '1.0.0')
    const missing = { code: 'agent.not_found', status: 404 }
    await expect(open.agents.get(stranger, 'private')).rejects.toMatchObject(missing)
    await expect(open.agents.versions(stranger, 'private')).rejects.toMatchObject(missing)
    await expect(open.agents.source(stranger, 'private', '1.0.0')).rejects.toMatchObject(missing)
    await expect(open.agents.publish(stranger, 'private', '1.0.0')).rejects.toMatchObject(missing)
    await expect(open.agents.deprecate(stranger, 'private', '1.0.0')).rejects.toMatchObject(missing)
    await expect(open.agents.remove(stranger, 'private', '1.0.0')).rejects.toMatchObject(missing)
    await expect(open.agents.setEnabled(stranger, 'private', false)).rejects.toMatchObject(missing)
    const own = `${text('private', '1.0.0')}# theirs\n`
    expect((await open.agents.import(stranger, own, 'a.yaml')).created).toBe(true)
    expect(await open.agents.source(anna, 'private', '1.0.0')).toBe(text('private', '1.0.0'))
    expect(await open.agents.get(anna, 'private')).toMatchObject({ status: 'published', enabled: true })
  })

  it('notes who published what', async () => {
    await publish('noted', '1.0.0')
    const { items } = await open.audit.list(anna, { limit: 2 })
    expect(items).toMatchObject([
      { principal: 'anna', action: 'agent.publish', target: 'noted@1.0.0' },
      { principal: 'anna', action: 'agent.import', target: 'noted@1.0.0' },
    ])
    expect((await open.audit.list(stranger, {})).items.map(({ target }) => target)).not.toContain('noted@1.0.0')
  })
})

describe('templates', () => {
  const open = openFacade()
  const quiet = createLog('silent')

  it('are published at start, those that delegate too, and once only', async () => {
    await Promise.all([
      publishTemplates(open.agents, SHIPPED, open.read, quiet),
      publishTemplates(open.agents, SHIPPED, open.read, quiet),
    ])
    const agents = await open.agents.list(anna)
    expect(agents).toHaveLength(9)
    expect(agents.map(({ status }) => status)).toEqual(agents.map(() => 'published'))
    const told = open.heard.rulesChanges
    await publishTemplates(open.agents, SHIPPED, open.read, quiet)
    expect(open.heard.rulesChanges).toBe(told)
  })

  it('stay as they were stored, or withdrawn, whatever their file says under the same version', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'templates-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const lines: string[] = []
    const log = createLog('warn', { write: (line) => void lines.push(line) })
    for (const id of ['changed', 'withdrawn']) await writeFile(join(folder, `${id}.yaml`), text(id, '1.0.0'))
    await publishTemplates(open.agents, folder, open.read, log)
    await open.agents.deprecate(anna, 'withdrawn', '1.0.0')
    await writeFile(join(folder, 'changed.yaml'), `${text('changed', '1.0.0')}# changed\n`)
    await publishTemplates(open.agents, folder, open.read, log)
    expect(await open.agents.source(anna, 'changed', '1.0.0')).toBe(text('changed', '1.0.0'))
    expect((await open.agents.get(anna, 'withdrawn')).status).toBe('deprecated')
    expect(lines.map((line) => (JSON.parse(line) as { agent: string }).agent)).toEqual(['changed'])
  })

  it('that do not fit are told and leave the others alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'templates-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const lines: string[] = []
    const log = createLog('warn', { write: (line) => void lines.push(line) })
    await writeFile(join(folder, 'a-broken.yaml'), 'metadata: 7\n')
    await writeFile(join(folder, 'b-fine.yaml'), text('fine', '1.0.0'))
    await publishTemplates(open.agents, folder, open.read, log)
    expect((await open.agents.get(anna, 'fine')).current).toBe('1.0.0')
    expect(lines.map((line) => (JSON.parse(line) as { file: string }).file)).toEqual(['a-broken.yaml'])
  })
})
