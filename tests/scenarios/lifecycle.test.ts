import { describe, expect, it } from 'vitest'
import { createTestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { startPlatform } from '../support/platform.ts'
import { backends } from '../support/redis.ts'
import { type Instance, note, openStage, pause, stageOn } from './stage.ts'

describe.each(await backends())('an agent on $name', ({ redisUrl }) => {
  const stage = openStage({ redisUrl })
  const command = (id: string, action: string, reason = 'a test'): Promise<Instance> =>
    stage.at.post(`/v1/instances/${id}/${action}`, { reason })

  it('ends its step when it is paused in the middle of a run, keeps its mail, and goes on where it was', async () => {
    const steps = [note('one'), pause('1s'), note('two')]
    await stage.publish({ id: 'paused', on: 'paused.work', steps, config: { max_parallel_tasks: 1 } })
    await stage.post({ type: 'paused.work' })
    await stage.becomes('paused', 'running')
    expect(await command('paused', 'pause', 'lunch')).toMatchObject({ state: 'paused' })
    const [run] = await stage.runs('paused')
    await eventually('the run to stand still', async () => (await stage.run(run!.id)).state === 'holding.paused')
    await stage.post({ type: 'paused.work' })
    const held = await eventually('the second event to wait', async () => {
      const now = await stage.instance('paused')
      return now.backlog === 1 && now
    })
    expect(held.waitingFor).toMatch(/^RESUME \(by .*: lunch\); 1 more in the backlog$/)
    expect(await stage.runs('paused')).toHaveLength(1)
    await command('paused', 'resume')
    const runs = await stage.ended('paused', 2)
    expect(runs.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded'])
    expect((await stage.run(run!.id)).steps.map(({ tool, status, attempt }) => [tool, status, attempt])).toEqual([
      ['note.add', 'succeeded', 1],
      ['wait', 'succeeded', 1],
      ['note.add', 'succeeded', 1],
    ])
  })

  it('holds events when it is paused while it has nothing to do', async () => {
    await stage.publish({ id: 'idle', on: 'idle.work', steps: [note('done')] })
    expect(await command('idle', 'pause')).toMatchObject({ state: 'paused' })
    for (let n = 0; n < 3; n++)
      expect((await stage.post({ type: 'idle.work' })).deliveries).toMatchObject([{ address: 'agent/idle' }])
    await eventually('three to wait', async () => (await stage.instance('idle')).backlog === 3)
    expect(await stage.runs('idle')).toEqual([])
    await command('idle', 'resume')
    expect(await stage.ended('idle', 3)).toHaveLength(3)
  })

  it('is told no, with what it would take, when it is resumed without being paused', async () => {
    await stage.publish({ id: 'wrong', on: 'wrong.work', steps: [note('done')] })
    const answer = await stage.at.request('POST', '/v1/instances/wrong/resume', {})
    expect(answer.status).toBe(409)
    expect(await answer.json()).toMatchObject({
      code: 'event.refused',
      state: 'idle',
      allowedEvents: expect.arrayContaining(['PAUSE', 'STOP']),
    })
  })

  it('never has more runs at a time than its definition allows', async () => {
    await stage.publish({ id: 'three', on: 'three.work', steps: [pause('200ms')], config: { max_parallel_tasks: 3 } })
    await Promise.all(Array.from({ length: 10 }, (_, n) => stage.post({ type: 'three.work', data: { n } })))
    const runs = await stage.ended('three', 10, 20_000)
    expect(runs.map(({ outcome }) => outcome)).toEqual(Array(10).fill('succeeded'))
    // What the agent knew of its own runs, at every one of its transitions.
    const { revision } = await stage.instance('three')
    const counts: number[] = []
    for (let at = 1; at <= revision; at++) {
      const { context } = await stage.at.get<{ context: { active: object[] } }>(
        `/v1/actors/agent/three/replay?at=${at}`,
      )
      counts.push(context.active.length)
    }
    expect(Math.max(...counts)).toBe(3)
  })

  it('that is stopped ends its runs, and starts again with what waited', async () => {
    await stage.publish({ id: 'stopped', on: 'stopped.work', steps: [pause('20s')], config: { max_parallel_tasks: 1 } })
    for (let n = 0; n < 2; n++) await stage.post({ type: 'stopped.work' })
    await eventually('one to run and one to wait', async () => {
      const now = await stage.instance('stopped')
      return now.runs.active === 1 && now.backlog === 1
    })
    await command('stopped', 'stop', 'end of shift')
    expect(await stage.becomes('stopped', 'stopped')).toMatchObject({ backlog: 1, runs: { active: 0, aborted: 1 } })
    const [run] = await stage.runs('stopped')
    expect(run).toMatchObject({ outcome: 'aborted', reason: expect.stringContaining('end of shift') })
    expect(await stage.post({ type: 'stopped.work' })).toMatchObject({ status: 'unhandled', deliveries: [] })
    await stage.at.post('/v1/instances', { agent: 'stopped' })
    await stage.becomes('stopped', 'running')
  })
})

describe.each(await backends())('a restart of the platform on $name', ({ redisUrl }) => {
  it('leaves a paused agent paused, with its run and its mail, until somebody resumes it', async () => {
    const database = await createTestDatabase()
    let at = await startPlatform({ database, redisUrl })
    const stage = stageOn(() => at)
    try {
      const steps = [note('one'), pause('300ms'), note('two')]
      await stage.publish({ id: 'sleeper', on: 'sleeper.work', steps, config: { max_parallel_tasks: 1 } })
      await stage.post({ type: 'sleeper.work' })
      await stage.becomes('sleeper', 'running')
      await at.post('/v1/instances/sleeper/pause', { reason: 'over night' })
      await stage.post({ type: 'sleeper.work' })
      await at.stop()

      at = await startPlatform({ database, redisUrl })
      await eventually('both to wait', async () => {
        const [run] = await stage.runs('sleeper')
        return (await stage.instance('sleeper')).backlog === 1 && run?.state === 'holding.paused'
      })
      expect(await stage.instance('sleeper')).toMatchObject({
        state: 'paused',
        waitingFor: expect.stringContaining('over night'),
      })
      await at.post('/v1/instances/sleeper/resume')
      const runs = await stage.ended('sleeper', 2)
      expect(runs.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded'])
      expect((await stage.run(runs[0]!.id)).steps.map(({ attempt }) => attempt)).toEqual([1, 1, 1])
    } finally {
      await at.stop()
      await database.drop()
    }
  }, 40_000)
})
