import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { TEMP_PREFIX } from '../support/leftovers.ts'
import { askProgram, freePort, type Program, startLabProgram, startMain, troupe } from './programs.ts'
import { definition, type Instance, pause, type Run, type RunInFull } from './stage.ts'

const PRESSES = 6
const press = { uses: 'device.press', with: { key: 'CHANNEL_UP' } }

describe('a backup that is restored into another data folder', () => {
  let folder: string
  let env: Record<string, string>
  let main: Program
  let lab: Program

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), TEMP_PREFIX))
    env = {
      PORT: String(await freePort()),
      TROUPE_DATA_DIR: join(folder, 'first'),
      DATABASE_URL: '',
      REDIS_URL: '',
    }
    lab = await startLabProgram({ TROUPE_URL: `http://127.0.0.1:${env['PORT']}` })
    main = await startMain(env)
  }, 120_000)
  afterAll(async () => {
    await main?.kill()
    await lab?.kill()
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 })
  })

  const ask = <Body>(path: string, body?: object): Promise<Body> => askProgram<Body>(main, path, body)
  const presses = async (): Promise<{ idempotencyKey: string; fence: number }[]> => {
    const answer = await fetch(`${lab.url}/devices/stb-4/commands`)
    const { commands } = (await answer.json()) as {
      commands: { command: string; idempotencyKey: string; fence: number }[]
    }
    return commands.filter(({ command }) => command === 'press')
  }

  it('goes on with the run that was in the middle, the timers, the lease, and everything that waited', async () => {
    await eventually('the lab to be known', () => ask<object>('/v1/devices/stb-4'), { timeoutMs: 30_000 })
    const steps = Array.from({ length: PRESSES }, () => [press, pause('1s')]).flat()
    const config = { max_parallel_tasks: 1 }
    await ask(
      '/v1/agents?publish=true',
      definition({ id: 'survivor', on: 'go', device: { acquire: 'stb-4' }, steps, config }),
    )
    await ask('/v1/agents?publish=true', definition({ id: 'sleeper', on: 'later', steps: [pause('1ms')] }))
    for (const id of ['survivor', 'sleeper'])
      await eventually('it to listen', () => ask<Instance>(`/v1/instances/${id}`), { timeoutMs: 30_000 })
    await ask('/v1/instances/sleeper/pause', { reason: 'until it has moved' })
    await eventually('it to pause', async () => (await ask<Instance>('/v1/instances/sleeper')).state === 'paused')
    for (const type of ['later', 'go', 'go']) await ask('/v1/events', { type })
    await eventually('some presses', async () => (await presses()).length >= 2, { timeoutMs: 60_000 })

    const file = join(folder, 'troupe.backup')
    const taken = await troupe(['backup', file], env)
    expect(taken).toMatchObject({ code: 0, text: expect.stringMatching(/^\d+ rows written to/) })
    // What happens from here on is in no backup, as after a disaster.
    await eventually('one more press', async () => (await presses()).length >= 3, { timeoutMs: 60_000 })
    await main.kill()

    expect(await troupe(['restore', '--check', file], env)).toMatchObject({ code: 0 })
    expect(await troupe(['restore', file], env)).toMatchObject({ code: 2, text: expect.stringContaining('is in use') })
    env = { ...env, TROUPE_DATA_DIR: join(folder, 'second') }
    expect(await troupe(['restore', file], env)).toMatchObject({ code: 0 })
    main = await startMain(env)

    const runs = async (agent: string): Promise<Run[]> => (await ask<{ items: Run[] }>(`/v1/runs?agent=${agent}`)).items
    const ended = await eventually(
      'both runs to end',
      async () => {
        const all = (await runs('survivor')).filter(({ outcome }) => outcome !== null)
        return all.length === 2 && all
      },
      { timeoutMs: 240_000 },
    )
    expect(ended.map(({ outcome, reason }) => [outcome, reason])).toEqual(Array(2).fill(['succeeded', null]))
    for (const { id } of ended) {
      const { steps: done } = await ask<RunInFull>(`/v1/runs/${id}`)
      expect(done.map(({ status }) => status)).toEqual(Array(PRESSES * 2).fill('succeeded'))
    }
    // The press that no backup knew of was asked for again, under its own key: the gateway did it once.
    const done = await presses()
    expect(done).toHaveLength(PRESSES * 2)
    expect(new Set(done.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(PRESSES * 2)
    // Whoever gets the device from here on has a token that nobody can have had in the time that was lost.
    await ask('/v1/events', { type: 'go' })
    const after = await eventually('a press of the next run', async () => (await presses())[PRESSES * 2], {
      timeoutMs: 60_000,
    })
    expect(after.fence).toBeGreaterThan(1_000_000)
    expect(Math.min(...done.map(({ fence }) => fence))).toBeLessThan(1_000_000)
    await ask('/v1/instances/sleeper/resume', { reason: 'it has moved' })
    await eventually('what had waited', async () => (await runs('sleeper'))[0]?.outcome === 'succeeded', {
      timeoutMs: 60_000,
    })
    expect(await ask('/v1/dead-letters')).toMatchObject({ items: [] })
    const replayed = await troupe(['replay', '--all'], env)
    expect(replayed).toMatchObject({ code: 0, text: expect.stringMatching(/^\d{2,} replayed, 0 different/) })
  }, 600_000)
})
