import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { TEMP_PREFIX } from '../support/leftovers.ts'
import { backends } from '../support/redis.ts'
import { freePort, type Program, startLabProgram, startMain, troupe } from './programs.ts'
import { definition, type Instance, pause, type Run, type RunInFull } from './stage.ts'

const PRESSES = 6
const press = { uses: 'device.press', with: { key: 'CHANNEL_UP' } }

describe.each(await backends())('a platform that is killed in the middle of a run on $name', ({ redisUrl }) => {
  let folder: string
  let database: TestDatabase | undefined
  let env: Record<string, string>
  let main: Program
  let lab: Program

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), TEMP_PREFIX))
    // On Redis as it runs at scale, on Postgres as it runs out of the box: with a database of its own.
    database = redisUrl === undefined ? undefined : await createTestDatabase()
    const carried = database && redisUrl !== undefined ? { DATABASE_URL: database.url, REDIS_URL: redisUrl } : {}
    env = {
      PORT: String(await freePort()),
      TROUPE_DATA_DIR: join(folder, 'data'),
      DATABASE_URL: '',
      REDIS_URL: '',
      ...carried,
    }
    lab = await startLabProgram({ TROUPE_URL: `http://127.0.0.1:${env['PORT']}` })
    main = await startMain(env)
  })
  afterAll(async () => {
    await main?.kill()
    await lab?.kill()
    await database?.drop()
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 })
  })

  async function ask<Body>(path: string, body?: object): Promise<Body> {
    const posted = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    const response = await fetch(`${main.url}${path}`, body === undefined ? {} : posted)
    const text = await response.text()
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`)
    return JSON.parse(text) as Body
  }
  const commands = async (device: string): Promise<{ command: string; idempotencyKey: string; fence: number }[]> => {
    const answer = await fetch(`${lab.url}/devices/${device}/commands`)
    const { commands: all } = (await answer.json()) as {
      commands: { command: string; idempotencyKey: string; fence: number }[]
    }
    return all.filter(({ command }) => command === 'press')
  }
  const runs = async (): Promise<Run[]> => (await ask<{ items: Run[] }>('/v1/runs?agent=survivor')).items

  it('goes on with the next step when it is back, presses no key twice, and can account for all of it', async () => {
    await eventually('the lab to be known', () => ask<object>('/v1/devices/stb-4'), { timeoutMs: 15_000 })
    const steps = Array.from({ length: PRESSES }, () => [press, pause('100ms')]).flat()
    const survivor = {
      id: 'survivor',
      on: 'survivor.go',
      device: { acquire: 'stb-4' },
      steps,
      config: { max_parallel_tasks: 1 },
    }
    await ask('/v1/agents?publish=true', definition(survivor))
    await eventually('it to listen', () => ask<Instance>('/v1/instances/survivor'))
    await ask('/v1/events', { type: 'survivor.go' })
    await ask('/v1/events', { type: 'survivor.go', data: 'the next one' })

    for (const enough of [2, 8]) {
      await eventually(`${enough} presses`, async () => (await commands('stb-4')).length >= enough, {
        timeoutMs: 30_000,
      })
      const before = await ask<Instance>('/v1/instances/survivor')
      await main.kill()
      main = await startMain(env)
      const after = await ask<Instance>('/v1/instances/survivor')
      expect([before.state, after.state]).toEqual(['running', 'running'])
      expect(after.backlog + after.runs.active + after.runs.succeeded).toBe(2)
    }

    await eventually(
      'both runs to end',
      async () => (await runs()).filter(({ outcome }) => outcome !== null).length === 2,
      {
        timeoutMs: 60_000,
      },
    )
    const ended = await runs()
    expect(ended.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['succeeded', null],
      ['succeeded', null],
    ])
    for (const { id } of ended) {
      const { steps: done } = await ask<RunInFull>(`/v1/runs/${id}`)
      expect(done.map(({ status }) => status)).toEqual(Array(PRESSES * 2).fill('succeeded'))
    }
    const pressed = await commands('stb-4')
    expect(pressed).toHaveLength(PRESSES * 2)
    expect(new Set(pressed.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(PRESSES * 2)
    expect(await ask('/v1/dead-letters')).toMatchObject({ items: [] })

    const replayed = await troupe(['replay', '--all'], env)
    expect(replayed.text).toMatch(/^\d{2,} replayed, 0 different/)
    expect(replayed.code).toBe(0)
  }, 180_000)
})
