import { describe, expect, it } from 'vitest'
import { adopt } from '../../actors/past/migration.ts'
import { AGENT, AgentStory, HOSTED } from './agent-story.ts'
import { PolicyStory } from './policy-story.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const NOTE = { onResolved: 'note', resolveOn: 'all', graceMs: 0 } as const

describe('an agent whose triggers have no policies', () => {
  it('remembers nothing for any', () => {
    const story = new AgentStory()
      .trigger('a')
      .say('ALERT.ENDED', { end: { event: 'z', fingerprint: 'f', startsAt: null, how: 'resolved' } })
    expect(Object.keys(story.context)).not.toContain('policy')
    expect(Object.keys(story.context.active[0] ?? {}).sort()).toEqual([
      'attempts',
      'lock',
      'notBefore',
      'preempted',
      'run',
      'task',
    ])
    expect(story.news).toEqual(['agent.started', 'run.started'])
  })
})

describe('an agent of before', () => {
  it('goes on as it stands, and takes what comes with policies', () => {
    const { world } = new AgentStory().trigger('a')
    const hosted = HOSTED.get('agent')
    if (!hosted) throw new Error('nobody hosts agents')
    // As an earlier version wrote it: the members of its context and of what runs, and nothing more.
    const before = world.snapshot(AGENT)
    const names = 'agent team settings backlog active failed order nextRun succeeded failures aborted upgrade'
    expect(Object.keys(before.context as object).sort()).toEqual(names.split(' ').sort())
    expect(adopt(hosted, { snapshot: before, version: '1', machineHash: 'another' })).toEqual({ how: 'fits' })
    const story = new PolicyStory({
      cooldown: { key: 'agent=doctor', after: 'run.end', forMs: MINUTE, trailing: false },
    })
    story.trigger('old').alert()
    expect(story.active).toEqual(['old', 'e001'])
    expect(story.end('old').end('e001').alert().of('e002')).toEqual(['cooling'])
  })
})

describe('for', () => {
  it('starts the run once the alert has fired for long enough', () => {
    const story = new PolicyStory({ forMs: 20 * SECOND }).alert()
    expect([story.state, story.ran]).toEqual(['idle', []])
    story.wait(19_999)
    expect(story.ran).toEqual([])
    story.wait(1)
    expect([story.state, story.ran]).toEqual(['running', ['e001']])
    expect(story.of('e001')).toEqual(['held', 'started'])
  })

  it('lets go what is over before, and says so', () => {
    const story = new PolicyStory({ forMs: 20 * SECOND })
      .alert()
      .wait(12 * SECOND)
      .over()
      .wait(MINUTE)
    expect(story.ran).toEqual([])
    expect(story.of('e001')).toEqual(['held', 'correlated'])
    expect(story.context.policy).toBeUndefined()
    expect(story.alarm).toBeUndefined()
  })

  it('begins anew with an alert that fires again', () => {
    const story = new PolicyStory({ forMs: 20 * SECOND })
      .alert()
      .wait(15 * SECOND)
      .alert()
      .wait(15 * SECOND)
    expect(story.ran).toEqual([])
    expect(story.wait(5 * SECOND).ran).toEqual(['e002'])
    expect(story.of('e001')).toEqual(['held', 'coalesced'])
  })

  it('goes on while the agent is paused, and the run waits for the resume', () => {
    const story = new PolicyStory({ forMs: 20 * SECOND }).alert().say('PAUSE').wait(MINUTE)
    expect(story.backlog).toEqual(['e001'])
    expect(story.say('RESUME').ran).toEqual(['e001'])
  })

  it('is not ended by what ended before the alert began, however late it is heard of', () => {
    const dated = new PolicyStory({ forMs: 20 * SECOND }).alert({ startsAt: '2026-01-01T11:05:00+01:00' })
    expect(dated.over({ startsAt: '2026-01-01T10:00:00Z' }).wait(MINUTE).ran).toEqual(['e001'])
    // Without a word of the sender the order of the log tells.
    const logged = new PolicyStory({ forMs: 20 * SECOND }).alert().over({ event: 'e000' }).wait(MINUTE)
    expect(logged.ran).toEqual(['e001'])
    const over = new PolicyStory({ forMs: 20 * SECOND }).alert({ startsAt: '2026-01-01T10:00:00Z' })
    expect(over.over({ startsAt: '2026-01-01T10:00:00.000Z', event: 'e000' }).wait(MINUTE).ran).toEqual([])
  })

  it('is not ended by the end of the time before, when that is heard of late', () => {
    const [first, second] = ['2026-01-01T10:00:00Z', '2026-01-01T10:05:00Z']
    const story = new PolicyStory({ forMs: 20 * SECOND })
      .alert({ startsAt: first })
      .alert({ startsAt: second })
      .over({ startsAt: first })
    expect(story.wait(20 * SECOND).ran).toEqual(['e002'])
    const over = new PolicyStory({ forMs: 20 * SECOND }).alert({ startsAt: first }).alert({ startsAt: second })
    expect(over.over({ startsAt: second }).wait(MINUTE).ran).toEqual([])
  })

  it('hears what waits before it starts anything, however late that is: the alert may be over', () => {
    const story = new PolicyStory({ forMs: 20 * SECOND }).alert()
    story.world.advance(MINUTE, { deliver: false })
    expect(story.over().wait(MINUTE).ran).toEqual([])
    expect(story.of('e001')).toEqual(['held', 'correlated'])
  })

  it('is forgotten by a reset, which the log shows', () => {
    const story = new PolicyStory({ forMs: 20 * SECOND }).alert().say('STOP').say('RESET').say('START').wait(MINUTE)
    expect(story.ran).toEqual([])
    expect(story.news).toContain('task.skipped')
    expect(story.context.policy).toBeUndefined()
  })
})

describe('correlate', () => {
  const with_ = (more: object) => new PolicyStory({ correlate: { ...NOTE, ...more } })

  it('notes the end of an alert while its run goes on', () => {
    const story = with_({}).alert().over()
    expect(story.of('e001')).toEqual(['correlated'])
    expect(story.end('e001').context).toMatchObject({ succeeded: 1, aborted: 0 })
  })

  it('ends the run at the next safe point, with the reason, and does not try it again', () => {
    const story = with_({ onResolved: 'cancel' }).alert().over()
    expect(story.runState('e001')).toBe('executing')
    story.step('e001')
    expect(story.run(story.runOf('e001')).result).toMatchObject({
      outcome: 'aborted',
      reason: 'trigger: the alert was resolved',
    })
    expect(story.context).toMatchObject({ aborted: 1, active: [], backlog: [] })
    const broken = with_({ onResolved: 'cancel' }).alert().over().end('e001', 'fault')
    expect(broken.context).toMatchObject({ active: [], backlog: [], failed: [] })
  })

  it('lets go what failed and would be tried again', () => {
    const story = new PolicyStory({ correlate: { ...NOTE, onResolved: 'cancel' } }, { autoRetry: false })
    story.alert().end('e001', 'fault')
    expect([story.state, story.failed]).toEqual(['error', ['e001']])
    expect(story.over().failed).toEqual([])
    expect(story.say('RETRY').ran).toEqual(['e001'])
    expect([story.state, story.of('e001')]).toEqual(['idle', ['correlated']])
  })

  it('is not ended by the end of the time before, once the alert fires anew', () => {
    const [first, second] = ['2026-01-01T10:00:00Z', '2026-01-01T10:05:00Z']
    const given = { forMs: SECOND, correlate: { onResolved: 'cancel', resolveOn: 'first', graceMs: 0 } } as const
    const story = new PolicyStory(given).alert({ startsAt: first }).alert({ startsAt: second }).wait(SECOND)
    expect(story.over({ startsAt: first }).step('e002').runState('e002')).toBe('executing')
    story.over({ startsAt: second }).step('e002')
    expect(story.context.aborted).toBe(1)
  })

  it('ends the run well where the end of the alert is what it is for', () => {
    const story = with_({ onResolved: 'complete' }).alert().over().step('e001')
    expect(story.context).toMatchObject({ succeeded: 1, active: [] })
  })

  it.each(['cancel', 'complete', 'note'])('lets go what waits in the backlog (%s)', (onResolved) => {
    const story = new PolicyStory({ correlate: { ...NOTE, onResolved: onResolved as 'note' } }, { maxParallel: 1 })
    story.alert({ device: 'd1' }).alert({ device: 'd2' }).over({ device: 'd2' })
    expect(story.backlog).toEqual([])
    expect(story.of('e002')).toEqual(['correlated'])
    expect(story.end('e001').ran).toEqual(['e001'])
  })

  it('does not believe an end that is undone within the grace', () => {
    const story = with_({ onResolved: 'cancel', graceMs: 30 * SECOND })
      .alert()
      .over()
      .wait(20 * SECOND)
      .alert()
      .wait(MINUTE)
    expect(story.step('e001').runState('e001')).toBe('executing')
    expect(story.of('e003')).toEqual(['correlated'])
    expect(story.ran).toEqual(['e001'])
    story
      .over()
      .wait(30 * SECOND)
      .step('e001')
    expect(story.context.aborted).toBe(1)
  })

  it.each([
    ['all', [false, true]],
    ['first', [true, true]],
    ['last', [false, true]],
    ['never', [false, false]],
  ] as const)('ends a run for several alerts when %s of them are over', (resolveOn, expected) => {
    const group = { key: 'host=$host', waitMs: SECOND, max: 10 }
    const story = new PolicyStory({ group, correlate: { onResolved: 'cancel', resolveOn, graceMs: 0 } })
    story.alert({ device: 'd1' }).alert({ device: 'd2' }).wait(SECOND)
    const ended = ['d1', 'd2'].map((device) => {
      story.over({ device })
      if (story.live.length > 0) story.step('e001')
      return story.live.length === 0
    })
    expect(ended).toEqual(expected)
  })
})

describe('cooldown', () => {
  const cooldown = { key: 'device=$device', after: 'run.end', forMs: 10 * MINUTE, trailing: false } as const

  it('lets nothing of its key through for a while after a run', () => {
    const story = new PolicyStory({ cooldown })
      .alert()
      .end('e001')
      .wait(10 * MINUTE - 1)
      .alert()
      .alert({ device: 'd2' })
    expect(story.ran).toEqual(['e001', 'e003'])
    expect(story.of('e002')).toEqual(['cooling'])
    expect(story.wait(1).alert().ran).toEqual(['e001', 'e003', 'e004'])
  })

  it('takes along what waits when it begins', () => {
    const concurrency = { key: 'device=$device', mode: 'queue', max: 1, maxQueued: 9, overflow: 'drop-new' } as const
    const story = new PolicyStory({ cooldown, concurrency }).alert().alert().alert({ device: 'd2' }).end('e001')
    expect(story.of('e002')).toEqual(['queued', 'cooling'])
    expect(story.active).toEqual(['e003'])
  })

  it('fires once at its end with the latest, where it is asked to', () => {
    const story = new PolicyStory({ cooldown: { ...cooldown, trailing: true } })
      .alert()
      .end('e001')
      .alert()
      .wait(MINUTE)
      .alert()
    expect(story.ran).toEqual(['e001'])
    story.wait(9 * MINUTE)
    expect(story.ran).toEqual(['e001', 'e003'])
    expect(story.of('e002')).toEqual(['cooling', 'coalesced'])
    expect(story.of('e003')).toEqual(['cooling', 'started'])
  })

  it('may begin with the run', () => {
    const story = new PolicyStory({ cooldown: { ...cooldown, after: 'run.start' } }).alert().alert()
    expect(story.ran).toEqual(['e001'])
    expect(story.wait(10 * MINUTE).alert().ran).toEqual(['e001', 'e003'])
  })

  it('does not keep infrastructure from being tried again', () => {
    const story = new PolicyStory({ cooldown })
      .alert()
      .end('e001', 'fault')
      .wait(2 * SECOND)
    expect(story.ran).toEqual(['e001', 'e001'])
    story.end('e001').alert()
    expect(story.of('e002')).toEqual(['cooling'])
  })
})

describe('dedupe', () => {
  const dedupe = { key: 'fingerprint=f', windowMs: MINUTE }

  it('joins what comes within the window, which slides, and counts it', () => {
    const story = new PolicyStory({ dedupe })
    for (let n = 0; n < 5; n++) story.alert().wait(50 * SECOND)
    expect(story.ran).toEqual(['e001'])
    expect(story.decisions.map(({ into }) => into)).toEqual(['e001', 'e001', 'e001', 'e001'])
    expect(story.decisions.at(-1)?.reason).toContain('5 times by now')
    story.wait(10 * SECOND).alert()
    expect(story.ran).toEqual(['e001', 'e006'])
  })

  it('takes an event that is routed once more for no duplicate of itself', () => {
    const story = new PolicyStory({ dedupe: { key: 'fingerprint=f-d1', windowMs: MINUTE } }).alert().end('e001')
    expect(story.alert({ event: 'e001' }).ran).toEqual(['e001', 'e001'])
    expect(story.of('e001')).toEqual([])
  })

  it('does not call anything a duplicate of what never had a run', () => {
    const story = new PolicyStory({ dedupe, forMs: 20 * SECOND })
      .alert()
      .over()
      .alert()
      .wait(20 * SECOND)
    expect(story.ran).toEqual(['e003'])
  })
})

describe('limits', () => {
  const limit = { key: 'device=$device', max: 2, perMs: MINUTE, overflow: 'drop' } as const

  it('drops what would be one run too many in a window', () => {
    const story = new PolicyStory({ limits: [limit] })
      .alert()
      .wait(30 * SECOND)
      .alert()
      .alert()
      .alert({ device: 'd2' })
    expect(story.ran).toEqual(['e001', 'e002', 'e004'])
    expect(story.of('e003')).toEqual(['limited'])
    expect(
      story
        .wait(30 * SECOND)
        .alert()
        .alert().ran,
    ).toEqual(['e001', 'e002', 'e004', 'e005'])
  })

  it('keeps it until the window has room again, where it is asked to', () => {
    const story = new PolicyStory({ limits: [{ ...limit, overflow: 'queue' }] })
    for (let n = 0; n < 5; n++) story.alert()
    expect(story.ran).toEqual(['e001', 'e002'])
    expect(story.of('e003')).toEqual(['queued'])
    expect(story.wait(MINUTE).ran).toEqual(['e001', 'e002', 'e003', 'e004'])
    expect(story.wait(MINUTE).ran).toEqual(['e001', 'e002', 'e003', 'e004', 'e005'])
    expect(story.of('e003')).toEqual(['queued', 'started'])
  })
})

describe('concurrency', () => {
  const of = (more: object) =>
    new PolicyStory({
      concurrency: { key: 'device=$device', mode: 'queue', max: 1, maxQueued: 2, overflow: 'drop-new', ...more },
    })

  it('drops what comes while a run is open (single), and no other key’s', () => {
    const story = of({ mode: 'single', maxQueued: 0 }).alert().alert().alert({ device: 'd2' })
    expect(story.ran).toEqual(['e001', 'e003'])
    expect(story.of('e002')).toEqual(['dropped'])
    expect(story.end('e001').alert().ran).toEqual(['e001', 'e003', 'e004'])
  })

  it('counts a run that is paused, or waits to be tried again, as open', () => {
    const story = of({ mode: 'single', maxQueued: 0 })
      .alert()
      .say('PAUSE')
      .alert()
      .say('RESUME')
      .end('e001', 'fault')
      .alert()
    expect([story.of('e002'), story.of('e003')]).toEqual([['dropped'], ['dropped']])
  })

  it('is shared by the triggers of an agent', () => {
    const story = of({ mode: 'single', maxQueued: 0 }).alert({ trigger: 'a' }).alert({ trigger: 'b' })
    expect(story.ran).toEqual(['e001'])
  })

  it('starts them one after the other (queue), by priority, and drops what is too much', () => {
    const story = of({}).alert().alert({ priority: 50 }).alert({ priority: 90 }).alert()
    expect(story.of('e004')).toEqual(['dropped'])
    story.end('e001')
    expect(story.active).toEqual(['e003'])
    expect(story.end('e003').active).toEqual(['e002'])
    expect(story.of('e003')).toEqual(['queued', 'started'])
  })

  it('drops the oldest in favour of the newest, where it is asked to', () => {
    const story = of({ overflow: 'drop-oldest' }).alert().alert().wait(1).alert().alert()
    expect(story.of('e002')).toEqual(['queued', 'dropped'])
    expect(story.backlog).toEqual(['e003', 'e004'])
  })

  it('keeps one that speaks for all, where it is asked to', () => {
    const story = of({ overflow: 'coalesce', maxQueued: 0 }).alert().alert().alert().alert()
    expect(story.backlog).toEqual(['e004'])
    expect([story.of('e002'), story.of('e003')]).toEqual([
      ['queued', 'coalesced'],
      ['queued', 'coalesced'],
    ])
    story.end('e001')
    expect(story.run(story.runOf('e004')).task.alerts?.map(({ event }) => event)).toEqual(['e002', 'e003', 'e004'])
  })

  it('lets the newest take the place (restart), once the other has cleaned up', () => {
    const story = of({ mode: 'restart' }).alert().alert()
    expect(story.ran).toEqual(['e001', 'e002'])
    expect(story.run(story.runOf('e001')).result).toMatchObject({ outcome: 'aborted' })
    expect(story.active).toEqual(['e002'])
  })

  it('lets the newest take the place of what failed, too (restart)', () => {
    const given = { key: 'device=$device', mode: 'restart', max: 1, maxQueued: 2, overflow: 'drop-new' } as const
    const story = new PolicyStory({ concurrency: given }, { autoRetry: false }).alert().end('e001', 'fault').alert()
    expect(story.of('e001')).toEqual(['dropped'])
    expect(story.say('RETRY').ran).toEqual(['e001', 'e002'])
    expect(story.active).toEqual(['e002'])
  })

  it('does not let the run that made room silence the one it made room for', () => {
    const rest = { key: 'device=$device', after: 'run.end', forMs: MINUTE, trailing: false } as const
    const room = { key: 'device=$device', mode: 'restart', max: 1, maxQueued: 0, overflow: 'drop-new' } as const
    const story = new PolicyStory({ concurrency: room, cooldown: rest }).alert().alert()
    expect(story.active).toEqual(['e002'])
    expect(story.end('e002').alert().of('e003')).toEqual(['cooling'])
  })

  it('allows so many at once (parallel)', () => {
    const story = of({ mode: 'parallel', max: 2, maxQueued: 0 }).alert().alert().alert()
    expect(story.active).toEqual(['e001', 'e002'])
    expect(story.of('e003')).toEqual(['dropped'])
  })
})

describe('group', () => {
  const group = { key: 'host=$host', waitMs: 10 * SECOND, max: 20 }
  const devices = ['d1', 'd2', 'd3', 'd4']

  it('makes one run of what comes together, which knows all of it', () => {
    const story = new PolicyStory({ group })
    for (const device of devices) story.alert({ device })
    story.alert({ device: 'd5', host: 'h2' })
    expect(story.ran).toEqual([])
    story.wait(10 * SECOND)
    expect(story.ran).toEqual(['e001', 'e005'])
    expect(story.run(story.runOf('e001')).task.alerts?.map(({ subject }) => subject)).toEqual(devices)
    expect(story.of('e004')).toEqual(['grouped'])
    expect(story.of('e001')).toEqual(['grouped', 'started'])
  })

  it('joins the run that is open, and opens the next group afterwards', () => {
    const story = new PolicyStory({ group: { ...group, waitMs: 0 } }).alert().alert({ device: 'd2' })
    expect(story.ran).toEqual(['e001'])
    expect(story.of('e002')).toEqual(['grouped'])
    expect(story.end('e001').alert({ device: 'd3' }).ran).toEqual(['e001', 'e003'])
  })

  it('is split when it is full', () => {
    const story = new PolicyStory({ group: { ...group, max: 2 } })
    for (const device of devices) story.alert({ device })
    expect(story.ran).toEqual(['e001', 'e003'])
    expect(story.alarm).toBeUndefined()
  })

  it('goes on without what is over before it starts', () => {
    const story = new PolicyStory({ group }).alert({ device: 'd1' }).alert({ device: 'd2' }).over({ device: 'd1' })
    story.wait(10 * SECOND)
    expect(story.ran).toEqual(['e002'])
    expect(story.of('e001')).toEqual(['grouped', 'correlated'])
  })
})

it('makes one incident with a count of a freeze that flaps every ten seconds, and is quiet afterwards', () => {
  const story = new PolicyStory({
    dedupe: { key: 'fingerprint=f', windowMs: 30 * SECOND },
    cooldown: { key: 'device=$device', after: 'run.end', forMs: 10 * MINUTE, trailing: false },
    correlate: NOTE,
  })
  for (let n = 0; n < 5; n++)
    story
      .alert()
      .wait(5 * SECOND)
      .over()
      .wait(5 * SECOND)
  expect(story.ran).toEqual(['e001'])
  expect(story.decisions.findLast(({ outcome }) => outcome === 'duplicate')?.reason).toContain('5 times')
  story.end('e001').wait(MINUTE).alert()
  expect(story.of('e011')).toEqual(['cooling'])
})
