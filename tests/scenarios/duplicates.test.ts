import { describe, expect, it } from 'vitest'
import type { AlertView } from '../../actors/agents/events/alerts-api.ts'
import type { Ingested, LoggedEvent } from '../../actors/agents/events/events-api.ts'
import { backends } from '../support/redis.ts'
import { note, openStage } from './stage.ts'

const BURST = 1_000
const PER_POST = 100

describe.each(await backends())('what is told twice on $name', ({ redisUrl }) => {
  const stage = openStage({ redisUrl })
  const once = async (id: string): Promise<void> =>
    stage.publish({ id, on: `alert.${id.replace('-', '_')}.firing`, steps: [note('seen')] })
  const isDuplicateOf = (first: Ingested): object => ({
    id: first.id,
    status: 'duplicate',
    duplicateOf: first.id,
    deliveries: [],
  })

  it('is one event when the sender gave it the same id, and one run', async () => {
    await once('same-id')
    const told = { id: 'frame-1', kind: 'same_id', device: 'stb-1' }
    const first = await stage.alert(told)
    const together = await Promise.all([stage.alert(told), stage.alert(told), stage.alert(told)])
    for (const again of together) expect(again).toMatchObject(isDuplicateOf(first))
    expect(await stage.ended('same-id', 1)).toHaveLength(1)
    expect(await stage.alert(told)).toMatchObject(isDuplicateOf(first))
    expect(await stage.becomes('same-id', 'idle')).toMatchObject({ runs: { succeeded: 1 }, backlog: 0 })
  })

  it('is one episode when the same condition began at the same time, and the next episode when it began later', async () => {
    await once('same-start')
    const told = { kind: 'same_start', device: 'stb-1', startsAt: '2026-11-01T10:00:00Z' }
    const first = await stage.alert(told)
    expect(await stage.alert({ ...told, severity: 'critical' })).toMatchObject(isDuplicateOf(first))
    const resolved = await stage.alert({ ...told, status: 'resolved', endsAt: '2026-11-01T10:05:00Z' })
    expect(resolved.status).not.toBe('duplicate')
    // Late, after its end: still the episode that is known.
    expect(await stage.alert(told)).toMatchObject(isDuplicateOf(first))
    const next = await stage.alert({ ...told, startsAt: '2026-11-01T11:00:00Z' })
    expect(next).toMatchObject({ status: 'routed' })
    expect(next.id).not.toBe(first.id)
    expect((await stage.ended('same-start', 2)).map(({ event }) => event.id).sort()).toEqual([first.id, next.id].sort())
  })

  it('is one episode without a beginning too, until the condition is over', async () => {
    await once('no-start')
    const told = { kind: 'no_start', device: 'stb-1' }
    const first = await stage.alert(told)
    for (let n = 0; n < 3; n++) expect(await stage.alert(told)).toMatchObject(isDuplicateOf(first))
    const { items } = await stage.at.get<{ items: AlertView[] }>('/v1/alerts?subject=stb-1&status=firing')
    expect(items.filter(({ kind }) => kind === 'no_start')).toMatchObject([{ episode: 1, count: 4, eventId: first.id }])
    await stage.alert({ ...told, status: 'resolved' })
    const next = await stage.alert(told)
    expect(next).toMatchObject({ status: 'routed' })
    expect(next.id).not.toBe(first.id)
    expect(await stage.ended('no-start', 2)).toHaveLength(2)
  })

  it('is another condition on another device', async () => {
    await once('other-device')
    const answers = [
      await stage.alert({ kind: 'other_device', device: 'stb-1' }),
      await stage.alert({ kind: 'other_device', device: 'stb-2' }),
    ]
    expect(answers.map(({ status }) => status)).toEqual(['routed', 'routed'])
    expect(await stage.ended('other-device', 2)).toHaveLength(2)
  })

  it('is refused when the same id comes with other content, so that nothing is mistaken for what it is not', async () => {
    const told = { id: 'build-7', source: '/ci', type: 'build.seven', data: { passed: true } }
    const first = await stage.post(told)
    expect(await stage.post(told)).toMatchObject(isDuplicateOf(first))
    const other = await stage.at.request('POST', '/v1/events', { ...told, data: { passed: false } })
    expect(other.status).toBe(409)
    expect(await other.json()).toMatchObject({ code: 'event.id_reused', first: first.id })
    const elsewhere = await stage.post({ ...told, source: '/other-ci', data: { passed: false } })
    expect(elsewhere.status).not.toBe('duplicate')
  })

  it('comes out of a burst of a thousand alerts as a thousand events, and as the runs that were asked for', async () => {
    const on = [{ on: 'alert.burst.firing', filters: { wanted: 'yes' } }]
    await stage.publish({ id: 'burst', on, steps: [note('seen')], config: { max_parallel_tasks: 10 } })
    const alerts = Array.from({ length: BURST }, (_, n) => ({
      kind: 'burst',
      device: `box-${n}`,
      labels: { wanted: n % 40 === 0 ? 'yes' : 'no' },
    }))
    const posts = Array.from({ length: BURST / PER_POST }, (_, n) => alerts.slice(n * PER_POST, (n + 1) * PER_POST))
    const answers = await Promise.all(posts.map((post) => stage.at.post<{ results: Ingested[] }>('/v1/alerts', post)))
    const results = answers.flatMap((answer) => answer.results)
    expect(new Set(results.map(({ id }) => id)).size).toBe(BURST)
    const routed = results.filter(({ deliveries }) => deliveries.some(({ agent }) => agent === 'burst'))
    expect(routed).toHaveLength(BURST / 40)
    const types = await stage.at.get<{ items: { type: string; count: number }[] }>('/v1/events/types')
    expect(types.items.find(({ type }) => type === 'alert.burst.firing')?.count).toBe(BURST)
    const runs = await stage.ended('burst', BURST / 40, 60_000)
    expect(runs.map(({ event }) => event.id).sort()).toEqual(routed.map(({ id }) => id).sort())
    expect(new Set(runs.map(({ outcome }) => outcome))).toEqual(new Set(['succeeded']))
    const page = await stage.at.get<{ items: LoggedEvent[] }>('/v1/events?type=alert.burst.firing&limit=5')
    expect(page.items).toHaveLength(5)
  }, 90_000)
})
