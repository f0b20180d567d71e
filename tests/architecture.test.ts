import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { findBreaches } from './support/architecture/check.ts'
import { parseSource, readSources } from './support/architecture/imports.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

it('keeps every import, library and word in the rooms of ARCHITECTURE.md', async () => {
  const files = await readSources(root)
  expect(files.length).toBeGreaterThan(20)
  expect(findBreaches(files)).toEqual([])
})

/** What the checker says about a made-up tree. */
function breaches(tree: Record<string, string>): string[] {
  return findBreaches(Object.entries(tree).map(([path, text]) => parseSource(path, text)))
}

describe('the checker', () => {
  it('accepts imports that point down, and libraries at their door', () => {
    const tree = {
      'core/event.ts': `import { z } from 'zod'`,
      'machines/lock.ts': `import { setup } from 'xstate'\nimport { LabEvent } from '../core/event.ts'`,
      'db/leases.ts': `import postgres from 'postgres'\nconst rows = await sql\`select 1\``,
      'actors/turn.ts': `import { lock } from '../machines/lock.ts'\nimport { find } from '../db/leases.ts'`,
      'actors/agents/router.ts': `import { turn } from '../turn.ts'\nimport { parse } from 'yaml'`,
      'http/app.ts': `import { Hono } from 'hono'\nimport { route } from '../actors/agents/router.ts'`,
      'console/app.tsx': `import type { App } from '../http/app.ts'`,
      'main.ts': `import { serve } from '@hono/node-server'\nimport { app } from './http/app.ts'\nimport './db/leases.ts'`,
    }
    expect(breaches(tree)).toEqual([])
  })

  it.each([
    [
      'core/event.ts',
      `import { find } from '../db/leases.ts'`,
      'core/event.ts (core) must not import db/leases.ts (db)',
    ],
    ['sources/a.ts', `export { b } from '../tools/b.ts'`, 'sources/a.ts (sources) must not import tools/b.ts (tools)'],
    ['http/app.ts', `import type { Row } from '../db/a.ts'`, 'http/app.ts (http) must not import db/a.ts (db)'],
    ['http/app.ts', `const x = await import('../db/a.ts')`, 'http/app.ts (http) must not import db/a.ts (db)'],
    [
      'http/app.ts',
      `new Worker(new URL('../db/a.ts', import.meta.url))`,
      'http/app.ts (http) must not import db/a.ts (db)',
    ],
    [
      'actors/turn.ts',
      `import './agents/router.ts'`,
      'actors/turn.ts (runtime) must not import actors/agents/router.ts (agents)',
    ],
    [
      'actors/agents/a.ts',
      `import { b } from '../../http/b.ts'`,
      'actors/agents/a.ts (agents) must not import http/b.ts (http)',
    ],
    [
      'console/app.tsx',
      `import { app } from '../http/app.ts'`,
      'console/app.tsx (console) must not import http/app.ts (http)',
    ],
    [
      'examples/lab/a.ts',
      `import { b } from '../../core/b.ts'`,
      'examples/lab/a.ts (lab) must not import core/b.ts (core)',
    ],
    [
      'core/a.ts',
      `import {\n  b,\n  c,\n} from '../tests/b.ts'`,
      'core/a.ts (core) must not import tests/b.ts (no room)',
    ],
  ])('refuses in %s: %s', (path, text, breach) => {
    expect(breaches({ [path]: text })).toEqual([breach])
  })

  it.each([
    ['actors/turn.ts', `import postgres from 'postgres'`],
    ['actors/turn.ts', `import { Queue } from 'bullmq'`],
    ['db/jobs.ts', `import { Redis } from 'ioredis'`],
    ['actors/agents/run.ts', `import pg from 'pg'`],
    ['core/web.ts', `import { Hono } from 'hono'`],
    ['core/web.ts', `import { cors } from 'hono/cors'`],
    ['http/read.ts', `import { parse } from 'yaml'`],
  ])('keeps the door shut in %s: %s', (path, text) => {
    expect(breaches({ [path]: text })).toEqual([expect.stringMatching(/must not import .+, whose door is /)])
  })

  it.each([
    ['http/app.ts', 'const port = process.env.PORT', 'reads the environment'],
    ['machines/lock.ts', 'const at = Date.now()', 'has a clock'],
    ['machines/lock.ts', 'const x = async () => await go()', 'has a clock'],
    ['actors/turn.ts', 'const rows = sql<{ id: string }[]>`select id from actors`', 'holds SQL'],
    ['core/utils.ts', '', 'needs the name'],
    ['core/LabEvent.ts', '', 'kebab-case'],
    ['stray/a.ts', '', 'is in no room'],
  ])('refuses in %s: %s', (path, text, breach) => {
    expect(breaches({ [path]: text })).toEqual([expect.stringContaining(breach)])
  })

  it('finds circles, of types too, and names the way around', () => {
    const tree = {
      'core/a.ts': `import { b } from './b.ts'`,
      'core/b.ts': `import type { C } from './deep/c.ts'`,
      'core/deep/c.ts': `export * from '../a.ts'`,
      'core/self.ts': `import './self.ts'`,
    }
    expect(breaches(tree)).toEqual([
      'circle: core/a.ts → core/b.ts → core/deep/c.ts → core/a.ts',
      'circle: core/self.ts → core/self.ts',
    ])
  })

  it('finds circles of folders, but lets a folder use what stands in those that it is a part of', () => {
    const tree = {
      'actors/turn/a.ts': `import { b } from '../work/b.ts'`,
      'actors/work/b.ts': `import { c } from '../past/c.ts'\nimport type { Part } from '../part.ts'`,
      'actors/past/c.ts': `import type { D } from '../turn/d.ts'`,
      'actors/part.ts': `import { d } from './turn/d.ts'`,
      'actors/turn/d.ts': '',
    }
    expect(breaches(tree)).toEqual(['circle: actors/turn → actors/work → actors/past → actors/turn'])
  })

  it('is not misled by comments and addresses', () => {
    const text = `
      // import { db } from '../db/a.ts'
      /* await, process.env, import '../db/a.ts' */
      const page = new URL('https://example.test/db/a.ts')
      const other = new URL('./page.html', import.meta.url)`
    expect(breaches({ 'machines/lock.ts': text })).toEqual([])
  })
})
