import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { startPlatform } from '../support/platform.ts'
import { backends } from '../support/redis.ts'
import { note, openStage, pause, stageOn } from './stage.ts'

describe.each(await backends())('urgent work on $name', ({ redisUrl }) => {
  const stage = openStage({ redisUrl, labSpeed: 20 })

  it('overtakes what waits, stops a long regression at its next safe point, and lets it go on afterwards', async () => {
    const step = { uses: 'device.press', with: { key: 'CHANNEL_UP' } }
    const regression = Array.from({ length: 8 }, () => [step, pause('250ms')]).flat()
    await stage.publish({
      id: 'tester',
      on: [
        { on: 'schedule.regression', priority: 'low' },
        { on: 'alert.blackout.firing', priority: 'critical', stop: true },
      ],
      device: { acquire: '${event.subject}' },
      config: { max_parallel_tasks: 1 },
      steps: [
        { ...step, id: 'first' },
        ...regression.map((one) => ({ ...one, if: 'event.type == "schedule.regression"' })),
      ],
    })
    const long = await stage.post({ type: 'schedule.regression', subject: 'stb-3' })
    const patient = await stage.post({ type: 'schedule.regression', subject: 'stb-3' })
    await eventually('the regression to be under way', async () => {
      const [run] = await stage.runs('tester')
      return run && (await stage.run(run.id)).steps.length > 3
    })
    const urgent = await stage.alert({ kind: 'blackout', device: 'stb-3', severity: 'critical' })
    const [first, second, third] = await stage.ended('tester', 3, 40_000)
    expect([first, second, third].map((run) => [run?.event.id, run?.outcome])).toEqual([
      [long.id, 'succeeded'],
      [urgent.id, 'succeeded'],
      [patient.id, 'succeeded'],
    ])
    expect(new Date(second!.endedAt!) < new Date(first!.endedAt!)).toBe(true)
    expect(new Date(first!.endedAt!) <= new Date(third!.startedAt)).toBe(true)

    const { items } = await stage.at.get<{ items: { to: unknown; event: { type: string } }[] }>(
      `/v1/actors/run/${first!.id}/history?limit=200`,
    )
    expect(items.map(({ to }) => to)).toContain('preempted')
    // Nothing of the regression was done twice: the steps it had behind it stay behind it.
    const { steps } = await stage.run(first!.id)
    expect(steps.map(({ status }) => status)).toEqual(Array(17).fill('succeeded'))
    const { commands } = (await (await fetch(`${stage.at.lab}/devices/stb-3/commands`)).json()) as {
      commands: { command: string; idempotencyKey: string; fence: number }[]
    }
    const presses = commands.filter(({ command }) => command === 'press')
    expect(presses).toHaveLength(9 + 1 + 9)
    expect(new Set(presses.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(presses.length)
    expect(commands.map(({ fence }) => fence)).toEqual(commands.map(({ fence }) => fence).toSorted((a, b) => a - b))
  }, 60_000)
})

describe.each(await backends())('while no worker runs on $name', ({ redisUrl }) => {
  it('events are kept, and delivered by priority, then age, when one comes', async () => {
    const database = await createTestDatabase()
    let at = await startPlatform({ database, redisUrl })
    const stage = stageOn(() => at)
    await stage.publish({ id: 'sorter', on: 'sort.me', steps: [note('${data.n}')], config: { max_parallel_tasks: 1 } })
    await at.stop()

    const door = await startPlatform({ database, redisUrl, roles: ['api'] })
    at = door
    const priorities = [10, 50, 90, 50, 10, 90]
    const ids: string[] = []
    for (const [n, priority] of priorities.entries())
      ids.push((await stage.post({ type: 'sort.me', priority, data: { n } })).id)
    expect(await stage.runs('sorter')).toEqual([])
    const worker = await startPlatform({ database, redisUrl, roles: ['worker'] })
    try {
      const runs = await stage.ended('sorter', priorities.length)
      expect(runs.map(({ event }) => ids.indexOf(event.id))).toEqual([2, 5, 1, 3, 0, 4])
    } finally {
      await worker.stop()
      await door.stop()
      await database.drop()
    }
  }, 40_000)
})
