import { describe, expect, it } from 'vitest'
import type { AlertView } from '../../actors/agents/events/alerts-api.ts'
import type { Ingested, PolicyDecision, RuleVerdict } from '../../actors/agents/events/events-api.ts'
import { eventually } from '../support/eventually.ts'
import { expectInvariants } from '../support/invariants.ts'
import { backends } from '../support/redis.ts'
import { type EventInFull, note, openStage, pause } from './stage.ts'

const LONG = '20m'
type Decided = EventInFull & { decisions: PolicyDecision[] }

describe.each(await backends())('the policies of a trigger on $name', ({ redisUrl }) => {
  const stage = openStage({ redisUrl })
  const look = (event: Ingested): Promise<Decided> => stage.at.get(`/v1/events/${event.id}`)
  /** Waits until an event's last decision is this one. */
  const decided = (event: Ingested, outcome: string): Promise<PolicyDecision> =>
    eventually(
      `${event.type} to be ${outcome}`,
      async () => {
        const { decisions } = await look(event)
        const last = decisions.at(-1)
        if (last?.outcome === outcome) return last
        throw new Error(`it is ${decisions.map((one) => one.outcome).join(', ') || 'undecided'}`)
      },
      { timeoutMs: 15_000 },
    )
  const publish = (id: string, trigger: object, steps: object[] = [note('seen')], more: object = {}): Promise<void> =>
    stage.publish({
      id,
      on: [{ name: 'rule', on: `alert.${id.replaceAll('-', '_')}.firing`, ...trigger }],
      steps,
      ...more,
    })
  const fire = (id: string, more: object = {}): Promise<Ingested> =>
    stage.alert({ kind: id.replaceAll('-', '_'), device: 'stb-1', ...more })
  const over = (id: string, more: object = {}): Promise<Ingested> => fire(id, { status: 'resolved', ...more })

  it('make one incident with a count of a freeze that flaps, and leave the device alone after its run', async () => {
    await publish('flaps', {
      dedupe: { key: ['fingerprint'], window: '1h' },
      cooldown: { key: 'device', for: '1h' },
      correlate: { onResolved: 'note' },
    })
    const fired: Ingested[] = []
    for (let n = 0; n < 5; n++) {
      fired.push(await fire('flaps'))
      await over('flaps')
    }
    const [first, ...again] = fired
    for (const event of again)
      expect(await decided(event, 'duplicate')).toMatchObject({ into: first?.id, trigger: 'rule' })
    const counts = await Promise.all(again.map(async (event) => (await decided(event, 'duplicate')).reason))
    expect(counts.some((reason) => reason.includes('5 times by now'))).toBe(true)
    expect(await stage.ended('flaps', 1)).toHaveLength(1)
    const { items } = await stage.at.get<{ items: AlertView[] }>('/v1/alerts?subject=stb-1')
    expect(items.find(({ kind }) => kind === 'flaps')).toMatchObject({ episode: 5 })
    // Another condition of the same device, which is no duplicate.
    const other = await fire('flaps', { fingerprint: 'another' })
    expect((await decided(other, 'cooling')).reason).toMatch(/^device=stb-1 rests for 1h after the end of a run/)
    const elsewhere = await fire('flaps', { device: 'stb-2' })
    const runs = await stage.ended('flaps', 2)
    expect(runs.map(({ event }) => event.id).sort()).toEqual([first?.id ?? '', elsewhere.id].sort())
  })

  it('make one run of four devices of one host that go offline together, and tell it of all four', async () => {
    await publish('together', { group: { by: ['host'], wait: LONG, max: 4 } }, [
      note('${alerts.size()} on ${data.host}'),
    ])
    const devices = ['stb-1', 'stb-2', 'stb-3', 'stb-4']
    const told = []
    for (const device of devices) told.push(await fire('together', { device, host: 'paris-1' }))
    const [run, ...more] = await stage.ended('together', 1)
    expect(more).toEqual([])
    const full = await stage.run(run?.id ?? '')
    expect(full.steps[0]?.input).toEqual({ text: '4 on paris-1' })
    for (const event of told.slice(1)) expect(await decided(event, 'grouped')).toMatchObject({ into: told[0]?.id })
    expect((await look(told[0] as Ingested)).decisions.map(({ outcome }) => outcome)).toEqual(['grouped', 'started'])
    // The next one opens the next group.
    const later = await fire('together', { device: 'stb-5', host: 'paris-1' })
    expect(await decided(later, 'grouped')).toMatchObject({ into: null })
  })

  it('start the run of a group when its time is over', async () => {
    await publish('gathers', { group: { by: ['data.labels.rack'], wait: '300ms' } })
    for (const device of ['stb-1', 'stb-2']) await fire('gathers', { device, labels: { rack: 'r1' } })
    await fire('gathers', { device: 'stb-3', labels: { rack: 'r2' } })
    const runs = await stage.ended('gathers', 2)
    await stage.becomes('gathers', 'idle')
    expect(await stage.runs('gathers')).toHaveLength(runs.length)
  })

  it('hold what may pass, let it go when it has passed, and start what lasts', async () => {
    await publish('holds', { for: LONG })
    const passing = await fire('holds')
    expect((await decided(passing, 'held')).reason).toBe('starts in 20m unless the alert is over before')
    expect((await stage.instance('holds')).waitingFor).toContain('holds 1 event')
    await over('holds')
    expect((await decided(passing, 'correlated')).reason).toBe('the alert was resolved before its time was over')
    // Also while its agent is stopped: it starts nothing for what is over when it is back.
    const stopped = await fire('holds')
    await decided(stopped, 'held')
    await stage.at.post('/v1/instances/holds/stop', { reason: 'maintenance' })
    await over('holds')
    await decided(stopped, 'correlated')
    await stage.at.post('/v1/actors/agent/holds/events', { type: 'START' })
    await publish('lasts', { for: '300ms' })
    const lasting = await fire('lasts')
    const [run] = await stage.ended('lasts', 1)
    expect(run?.event.id).toBe(lasting.id)
    expect((await look(lasting)).decisions.map(({ outcome }) => outcome)).toEqual(['held', 'started'])
    expect(await stage.runs('holds')).toEqual([])
  })

  it('end the run of an alert that is over, whether its sender says so or a person', async () => {
    await publish('moot', { correlate: { onResolved: 'cancel' } }, [note('begun'), pause(LONG), note('never')])
    const begin = async (device: string): Promise<Ingested> => {
      const event = await fire('moot', { device })
      await eventually('the run to wait', async () => {
        const run = (await stage.runs('moot')).find((one) => one.event.id === event.id)
        return run && (await stage.run(run.id)).steps.some(({ step }) => step === 'step-2')
      })
      return event
    }
    const told = await begin('stb-1')
    await over('moot')
    expect(await decided(told, 'correlated')).toMatchObject({
      reason: 'the alert was resolved: its run ends at the next safe point',
    })
    const judged = await begin('stb-2')
    const { items } = await stage.at.get<{ items: AlertView[] }>('/v1/alerts?subject=stb-2&status=firing')
    const alert = items.find(({ kind }) => kind === 'moot')
    await stage.at.post(`/v1/alerts/${alert?.fingerprint}/discard`, { reason: 'a cable' })
    expect(await decided(judged, 'correlated')).toMatchObject({
      reason: 'the alert was discarded: its run ends at the next safe point',
    })
    const runs = await stage.ended('moot', 2)
    expect(runs.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['aborted', 'trigger: the alert was resolved'],
      ['aborted', 'trigger: the alert was discarded'],
    ])
  })

  it('keep one run of a device open, and one event waiting that speaks for all', async () => {
    const concurrency = { key: 'device', mode: 'queue', maxQueued: 1, overflow: 'coalesce' }
    await publish('queues', { concurrency }, [pause(LONG)])
    const [first, second, third] = [
      await fire('queues', { id: 'q1' }),
      await fire('queues', { id: 'q2', fingerprint: 'b' }),
      await fire('queues', { id: 'q3', fingerprint: 'c' }),
    ]
    expect(await decided(second, 'coalesced')).toMatchObject({ into: third?.id })
    expect((await decided(third, 'queued')).reason).toMatch(/^1 run with device=stb-1 is open/)
    const [open] = await stage.runs('queues')
    expect(open?.event.id).toBe(first?.id)
    await stage.at.post(`/v1/runs/${open?.id}/cancel`, { reason: 'the next one' })
    expect(await decided(third, 'started')).toMatchObject({ reason: 'for 2 events' })
  })

  it('allow so many runs in a time, and drop what is more', async () => {
    await publish('limited', { limits: [{ max: 2, per: '1h', key: 'agent' }] })
    const told = []
    for (const device of ['stb-1', 'stb-2', 'stb-3']) told.push(await fire('limited', { device }))
    expect((await decided(told[2] as Ingested, 'limited')).reason).toMatch(
      /^2 runs in 1h for agent=limited, the next after /,
    )
    expect(await stage.ended('limited', 2)).toHaveLength(2)
  })

  it('are told by a dry run, with the keys of the event', async () => {
    await publish('tells', {
      for: '20s',
      cooldown: { for: '10m' },
      concurrency: { key: 'data.labels.rack', mode: 'single' },
    })
    const verdicts = await stage.at.post<{ items: RuleVerdict[] }>('/v1/events/dry-run', {
      type: 'alert.tells.firing',
      subject: 'stb-9',
      data: { labels: { rack: 'r7' } },
    })
    expect(verdicts.items.find(({ agent }) => agent === 'tells')?.policies).toEqual([
      'for: starts in 20s unless the alert is over before',
      'cooldown: 10m of silence for device=stb-9 after the end of a run',
      'concurrency: single, 1 run at once with data.labels.rack=r7',
    ])
    expect(verdicts.items.find(({ agent }) => agent === 'limited')?.policies).toEqual([])
  })

  it('leave histories that replay to what each agent is', async () => {
    await expectInvariants(stage.at.platform.runtime, stage.at.database.url)
  })

  it('are refused where they name nothing, with the place and what was probably meant', async () => {
    const body = {
      metadata: { id: 'wrong', name: 'Wrong', version: '1.0.0' },
      triggers: [{ on: 'a.b', cooldown: { for: '1m', key: 'devise' }, limits: [{ max: 1, per: '0s' }] }],
      playbook: { steps: [note('x')] },
      skills: ['note.add'],
    }
    const answer = await stage.at.request('POST', '/v1/agents?publish=true', body)
    expect(answer.status).toBe(422)
    const { problems } = (await answer.json()) as { problems: { path: string; message: string; suggestion?: string }[] }
    expect(problems).toMatchObject([
      { path: 'triggers[0].cooldown.key', suggestion: 'device' },
      { path: 'triggers[0].limits[0].per', message: 'expected more than nothing and at most 31d, got 0s' },
    ])
  })
})
