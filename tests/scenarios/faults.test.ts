import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DeviceView } from '../../actors/agents/devices/devices-api.ts'
import type { LoggedEvent } from '../../actors/agents/events/events-api.ts'
import { eventually } from '../support/eventually.ts'
import { backends } from '../support/redis.ts'
import { type ForeignLab, register, startForeignLab } from './foreign-lab.ts'
import { type Definition, note, openStage, pause } from './stage.ts'

describe.each(await backends())('a step that goes wrong on $name', ({ redisUrl }) => {
  const stage = openStage({ redisUrl })
  let lab: ForeignLab
  beforeAll(async () => {
    lab = await startForeignLab()
  })
  afterAll(() => lab.stop())

  /** An agent of its own device, which presses one key per event. */
  async function presser(id: string, more: Partial<Definition> = {}): Promise<void> {
    await register(stage.at, id, lab.url, `pool-${id}`)
    await stage.publish({
      id,
      on: `${id}.press`,
      device: { acquire: id },
      steps: [{ id: 'press', uses: 'device.press', with: { key: 'OK' }, retry: { attempts: 2, delay: '50ms' } }],
      ...more,
      config: { max_parallel_tasks: 1, auto_retry: false, ...more.config },
    })
  }
  const press = (id: string, n = 0) => stage.post({ type: `${id}.press`, data: { n } })
  const device = (id: string) => stage.at.get<DeviceView>(`/v1/devices/${id}`)
  const command = (id: string, action: string) =>
    stage.at.post(`/v1/instances/${id}/${action}`, { reason: 'looked at it' })

  it('is tried again, and so is its run, with growing pauses; then the agent stands in error and keeps its mail', async () => {
    lab.mood('tough', 'failing')
    await presser('tough', { config: { auto_retry: true } })
    await press('tough')
    const error = await stage.becomes('tough', 'error', 30_000)
    expect(error.waitingFor).toMatch(/^RETRY, SKIP or RESET: tough\.press failed: press: .*does not answer/)
    const runs = await stage.runs('tough')
    expect(runs.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'failed'])
    const starts = runs.map(({ startedAt }) => new Date(startedAt).getTime())
    expect(starts[1]! - starts[0]!).toBeGreaterThanOrEqual(2_000)
    expect(starts[2]! - starts[1]!).toBeGreaterThanOrEqual(4_000)
    expect((await stage.run(runs[0]!.id)).steps).toMatchObject([{ step: 'press', status: 'failed', attempt: 2 }])
    expect(lab.asked.filter((one) => one.device === 'tough')).toHaveLength(6)
    expect(await device('tough')).toMatchObject({ holder: null })

    await press('tough', 1)
    await eventually('the next event to wait', async () => (await stage.instance('tough')).backlog === 1)
    expect(await stage.runs('tough')).toHaveLength(3)
    lab.mood('tough', 'well')
    await command('tough', 'retry')
    await stage.ended('tough', 5)
    expect(await stage.becomes('tough', 'idle')).toMatchObject({ backlog: 0, runs: { succeeded: 2, failed: 3 } })
  }, 60_000)

  it('is left out when an operator skips its task, which the log tells, and the next one is done', async () => {
    lab.mood('skipped', 'failing')
    await presser('skipped')
    const failing = await press('skipped')
    await stage.becomes('skipped', 'error')
    await press('skipped', 1)
    lab.mood('skipped', 'well')
    await command('skipped', 'skip')
    const runs = await stage.ended('skipped', 2)
    expect(runs.map(({ outcome }) => outcome)).toEqual(['failed', 'succeeded'])
    const { items } = await stage.at.get<{ items: LoggedEvent[] }>('/v1/events?type=task.skipped')
    expect(items.map(({ data }) => data)).toContainEqual(
      expect.objectContaining({ event: failing.id, agent: 'skipped' }),
    )
  })

  it('leaves an agent that starts afresh after a reset, without what waited, and the log tells what was dropped', async () => {
    lab.mood('afresh', 'failing')
    await presser('afresh')
    const dropped = [await press('afresh')]
    await stage.becomes('afresh', 'error')
    dropped.push(await press('afresh', 1), await press('afresh', 2))
    await eventually('both to wait', async () => (await stage.instance('afresh')).backlog === 2)
    await command('afresh', 'reset')
    expect(await stage.becomes('afresh', 'idle')).toMatchObject({ backlog: 0 })
    expect(await stage.runs('afresh')).toHaveLength(1)
    const told = await eventually('three to be told', async () => {
      const { items } = await stage.at.get<{ items: LoggedEvent[] }>('/v1/events?type=task.skipped')
      const own = items
        .map(({ data }) => data as { agent: string; event: string })
        .filter(({ agent }) => agent === 'afresh')
      return own.length === 3 && own
    })
    expect(told.map(({ event }) => event).sort()).toEqual(dropped.map(({ id }) => id).sort())
  })

  it('runs what the definition says under on_failure, and is no fault of the agent when a check said no', async () => {
    await register(stage.at, 'judged', lab.url, 'pool-judged')
    await stage.publish({
      id: 'judged',
      on: 'judged.go',
      device: { acquire: 'judged' },
      steps: [{ id: 'info', uses: 'device.info', expect: 'result.power == "off"' }, note('never')],
      onFailure: [{ uses: 'event.publish', with: { type: 'judged.failed', subject: 'judged' } }],
    })
    const cause = await stage.post({ type: 'judged.go' })
    const [run] = await stage.ended('judged', 1)
    expect(run).toMatchObject({ outcome: 'failed', reason: 'info: expected result.power == "off"' })
    expect(await stage.becomes('judged', 'idle')).toMatchObject({ runs: { failed: 1 } })
    const { items } = await stage.at.get<{ items: LoggedEvent[] }>('/v1/events?type=judged.failed')
    expect(items).toMatchObject([{ subject: 'judged', source: '/agent/judged', causationid: cause.id }])
  })

  it('that hangs is given up after its own time, and the device is free for the next', async () => {
    lab.mood('hanging', 'hanging')
    const steps = [{ id: 'press', uses: 'device.press', with: { key: 'OK' }, timeout: '300ms', retry: { attempts: 1 } }]
    await presser('hanging', { steps })
    await press('hanging')
    const [run] = await stage.ended('hanging', 1)
    expect(run).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('did not answer in time') })
    await eventually('the device to be free', async () => (await device('hanging')).holder === null)
    lab.mood('hanging', 'well')
    await stage.becomes('hanging', 'error')
    await command('hanging', 'retry')
    expect((await stage.ended('hanging', 2))[1]).toMatchObject({ outcome: 'succeeded' })
  })

  it('ends its run as timed out when all of it takes too long, gives the device back and goes on with the next', async () => {
    await presser('slow', { steps: [pause('30s')], config: { timeout_seconds: 1 } })
    await press('slow')
    await press('slow', 1)
    const runs = await stage.ended('slow', 2)
    expect(runs.map(({ outcome }) => outcome)).toEqual(['timedOut', 'timedOut'])
    expect(runs[0]!.reason).toContain('1000 ms')
    await eventually('the device to be free', async () => (await device('slow')).holder === null)
    expect(await stage.becomes('slow', 'idle')).toMatchObject({ runs: { failed: 2 } })
  })

  it('is aborted at once when its run is cancelled: who and why is kept, and the device is cleaned and given back', async () => {
    lab.mood('aborted', 'hanging')
    await presser('aborted')
    await press('aborted')
    await eventually('the press to hang', () => lab.asked.some((one) => one.device === 'aborted'))
    const [run] = await stage.runs('aborted')
    await stage.at.post(`/v1/runs/${run!.id}/cancel`, { reason: 'wrong box' })
    const [ended] = await stage.ended('aborted', 1)
    expect(ended).toMatchObject({ outcome: 'aborted', reason: expect.stringMatching(/^\S+: wrong box$/) })
    const { steps } = await stage.at.get<{ steps: object[] }>(`/v1/runs/${run!.id}`)
    expect(steps.at(-1)).toMatchObject({ status: 'failed', error: { message: 'the run ended first' } })
    await eventually('the device to be free', async () => (await device('aborted')).holder === null)
    const { items } = await stage.at.get<{ items: { event: object; to: unknown }[] }>(
      `/v1/actors/run/${run!.id}/history?limit=100`,
    )
    expect(items.map(({ event }) => event)).toContainEqual(
      expect.objectContaining({ type: 'CANCEL', reason: 'wrong box', by: expect.any(String) }),
    )
    expect(await stage.becomes('aborted', 'idle')).toMatchObject({ runs: { aborted: 1, active: 0 } })
  })
})
