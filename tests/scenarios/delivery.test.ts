import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { backends } from '../support/redis.ts'
import { type EventInFull, note, openStage, pause } from './stage.ts'

describe.each(await backends())('an event on $name', ({ redisUrl }) => {
  const stage = openStage({ redisUrl })

  it('starts exactly one run of the agent that listens, and the answer names every mailbox it reached', async () => {
    await stage.publish({ id: 'medic', on: 'alert.blackscreen.firing', steps: [note('${event.subject} is black')] })
    const answer = await stage.alert({ kind: 'blackscreen', device: 'stb-9', severity: 'critical' })
    expect(answer).toMatchObject({ type: 'alert.blackscreen.firing', status: 'routed' })
    const [alert, agent, ...others] = answer.deliveries.toSorted((a, b) => b.address.localeCompare(a.address))
    expect(alert?.address).toMatch(/^alert\//)
    expect(agent).toEqual({ address: 'agent/medic', agent: 'medic', trigger: 'alert.blackscreen.firing', priority: 95 })
    expect(others).toEqual([])

    const runs = await stage.ended('medic', 1)
    expect(runs).toMatchObject([
      { agent: 'medic', outcome: 'succeeded', event: { id: answer.id }, instance: 'agent/medic' },
    ])
    expect((await stage.run(runs[0]!.id)).steps).toMatchObject([
      { tool: 'note.add', status: 'succeeded', attempt: 1, output: { note: 'stb-9 is black' } },
    ])
    const seen = await stage.at.get<EventInFull>(`/v1/events/${answer.id}`)
    expect(seen.event).toMatchObject({ id: answer.id, status: 'routed', subject: 'stb-9' })
    expect(new Set(seen.deliveries.map(({ address }) => address))).toEqual(new Set(['agent/medic', alert?.address]))
    expect(seen.runs.map(({ id }) => id)).toEqual([runs[0]!.id])
    expect(await stage.becomes('medic', 'idle')).toMatchObject({ runs: { active: 0, succeeded: 1 }, backlog: 0 })
  })

  it('to a busy agent waits in its backlog, where the position of each is visible, and every one gets its run', async () => {
    await stage.publish({ id: 'busy', on: 'busy.work', steps: [pause('300ms')], config: { max_parallel_tasks: 1 } })
    const ids: string[] = []
    for (let n = 0; n < 5; n++) ids.push((await stage.post({ type: 'busy.work', data: { n } })).id)
    const instance = await eventually('four to wait', async () => {
      const now = await stage.instance('busy')
      return now.backlog === 4 && now
    })
    expect(instance).toMatchObject({ state: 'running', waitingFor: '1 run to finish; 4 more in the backlog' })
    const { context } = await stage.at.get<{ context: { backlog: { task: { eventId: string } }[] } }>(
      '/v1/actors/agent/busy',
    )
    expect(context.backlog.map(({ task }) => task.eventId)).toEqual(ids.slice(1))
    const runs = await stage.ended('busy', 5)
    expect(runs.map(({ event, outcome }) => [event.id, outcome])).toEqual(ids.map((id) => [id, 'succeeded']))
  })

  it('that nobody handles is kept whole, listed as unhandled, and reaches an agent that is published later', async () => {
    const data = { build: 42, files: ['a', 'b'], nothing: null }
    const answer = await stage.post({ type: 'build.nobody', subject: 'stb-9', data, correlationid: 'c-1' })
    expect(answer).toMatchObject({ status: 'unhandled', deliveries: [] })
    const { items } = await stage.at.get<{ items: object[] }>('/v1/events?status=unhandled&type=build.nobody')
    expect(items).toMatchObject([{ id: answer.id, subject: 'stb-9', data, correlationid: 'c-1', status: 'unhandled' }])

    await stage.publish({ id: 'late', on: 'build.*', steps: [note('build ${data.build}')] })
    expect(await stage.runs('late')).toEqual([])
    const replayed = await stage.at.post<object>(`/v1/events/${answer.id}/replay`)
    expect(replayed).toMatchObject({ id: answer.id, status: 'routed', deliveries: [{ address: 'agent/late' }] })
    const [run] = await stage.ended('late', 1)
    expect((await stage.run(run!.id)).steps).toMatchObject([{ output: { note: 'build 42' } }])
    const after = await stage.at.get<{ items: object[] }>('/v1/events?status=unhandled&type=build.nobody')
    expect(after.items).toEqual([])
  })

  it('of a blackscreen goes to the manager of its platform only, and a dry run says why not to the others', async () => {
    for (const platform of ['web', 'mobile', 'stb']) {
      const on = [{ type: 'alert.dark', filters: { platform } }]
      await stage.publish({ id: `manager-${platform}`, on, steps: [note(platform)] })
    }
    const alert = { type: 'alert.dark.firing', subject: 'stb-1', data: { platform: 'stb' } }
    const { items } = await stage.at.post<{ items: { agent: string; outcome: string; reason: string }[] }>(
      '/v1/events/dry-run',
      alert,
    )
    const verdicts = new Map(items.map((one) => [one.agent, one]))
    expect(verdicts.get('manager-stb')).toMatchObject({ outcome: 'matched', addresses: ['agent/manager-stb'] })
    for (const agent of ['manager-web', 'manager-mobile']) {
      expect(verdicts.get(agent)).toMatchObject({ outcome: 'filtered', addresses: [] })
      expect(verdicts.get(agent)?.reason).toContain('platform')
    }
    expect((await stage.post(alert)).deliveries).toMatchObject([{ agent: 'manager-stb' }])
    await stage.ended('manager-stb', 1)
    expect([await stage.runs('manager-web'), await stage.runs('manager-mobile')]).toEqual([[], []])
  })
})
