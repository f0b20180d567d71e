import { describe, expect, it } from 'vitest'
import type { GraphNode } from '../../core/graph.ts'
import { agent } from '../../machines/agent.ts'
import { describe as chartOf } from '../../machines/describe.ts'
import { AGENT, AgentStory, LOCK, SETTINGS } from './agent-story.ts'

/** An agent in an error: the run of `bad` failed thrice. */
function inError(over: ConstructorParameters<typeof AgentStory>[0] = {}): AgentStory {
  return new AgentStory({ autoRetry: false, ...over }).trigger('bad').end('bad', 'fault')
}

describe('working', () => {
  it('starts a run for an event that reaches it, and is idle again when that ends', () => {
    const story = new AgentStory()
    expect(story.state).toBe('idle')
    story.trigger('a')
    expect(story.state).toBe('running')
    expect(story.run(story.runOf('a'))).toMatchObject({
      agent: 'doctor',
      version: '1.0.0',
      instance: AGENT,
      team: 'lab',
      settings: SETTINGS.run,
      task: { eventId: 'a', priority: 50, at: 1_000_000 },
    })
    story.end('a')
    expect(story.state).toBe('idle')
    expect(story.context).toMatchObject({ active: [], backlog: [], succeeded: 1, failures: 0, aborted: 0 })
    expect(story.news).toEqual(['agent.started', 'run.started', 'run.completed'])
  })

  it('takes what waits by priority, then by age', () => {
    const story = new AgentStory().trigger('now', 50)
    for (const [id, priority] of [
      ['a', 40],
      ['b', 60],
      ['c', 40],
      ['d', 60],
    ] as const)
      story.wait(1).trigger(id, priority)
    expect(story.backlog).toEqual(['b', 'd', 'a', 'c'])
    const order: string[] = []
    for (let one = story.active[0]; one !== undefined; one = story.active[0]) {
      order.push(one)
      story.end(one)
    }
    expect(order).toEqual(['now', 'b', 'd', 'a', 'c'])
  })

  it('runs as many at once as its definition allows', () => {
    const story = new AgentStory({ maxParallel: 3 })
    for (let n = 0; n < 10; n++) story.trigger(`e${n}`)
    expect(story.active).toEqual(['e0', 'e1', 'e2'])
    expect(story.backlog).toHaveLength(7)
    story.end('e1')
    expect(story.active).toEqual(['e0', 'e2', 'e3'])
  })

  it('keeps no trace of the runs that ended', () => {
    const story = new AgentStory()
    for (let n = 0; n < 5; n++) story.trigger(`e${n}`).end(`e${n}`)
    expect(story.world.snapshot(AGENT).children).toEqual({})
    expect(story.world.timers(AGENT)).toEqual({})
  })

  it('is not confused by the end of a run that it does not know', () => {
    const story = new AgentStory().trigger('a')
    story.say('xstate.done.actor.run-9', { output: { outcome: 'failed', reason: 'x', fault: true }, actorId: 'run-9' })
    expect(story.active).toEqual(['a'])
    expect(story.context.failures).toBe(0)
    expect(Object.keys(story.world.snapshot(AGENT).children)).toEqual(['run-1'])
  })

  it('counts a verdict as a failure, and does not try it again', () => {
    const story = new AgentStory().trigger('a').end('a', 'verdict')
    expect(story.state).toBe('idle')
    expect(story.context).toMatchObject({ failures: 1, backlog: [], failed: [] })
  })
})

describe('more urgent work', () => {
  it('takes the place of a run a band below it, which goes on where it was afterwards', () => {
    const story = new AgentStory().trigger('long', 50).step('long').trigger('fire', 90)
    expect(story.active).toEqual(['(long)', 'fire'])
    expect(story.runState('fire')).toBe('executing')
    expect(story.runState('long')).toBe('executing')
    story.step('long')
    expect(story.runState('long')).toBe('preempted')
    story.end('fire')
    expect(story.active).toEqual(['long'])
    expect(story.run(story.runOf('long')).position).toBe(2)
    expect(story.end('long').state).toBe('idle')
  })

  it('waits its turn when it is less than a band above', () => {
    expect(new AgentStory().trigger('a', 50).trigger('b', 69).active).toEqual(['a'])
    expect(new AgentStory().trigger('a', 50).trigger('b', 70).active).toEqual(['(a)', 'b'])
  })

  it('takes the place of the least urgent, and of the youngest among equals', () => {
    const story = new AgentStory({ maxParallel: 3 }).trigger('a', 60).trigger('b', 30).trigger('c', 30)
    expect(story.trigger('fire', 90).active).toEqual(['a', 'b', '(c)', 'fire'])
  })

  it('lets who stood aside go on before an equal that never began, after one more urgent', () => {
    const story = new AgentStory().trigger('long', 50).trigger('fire', 90).trigger('equal', 50).trigger('more', 60)
    story.end('fire')
    expect(story.active).toEqual(['(long)', 'more'])
    story.end('more')
    expect(story.active).toEqual(['long'])
    expect(story.backlog).toEqual(['equal'])
  })

  it('has its turn too when it comes back from the pause before a retry', () => {
    const story = new AgentStory().trigger('fire', 90).end('fire', 'fault').trigger('long', 50)
    expect(story.active).toEqual(['long'])
    story.wait(2_000)
    expect(story.active).toEqual(['(long)', 'fire'])
  })

  it('does not disturb anybody before the pause before its retry is over', () => {
    const story = new AgentStory().trigger('fire', 90).end('fire', 'fault').trigger('long', 50).trigger('other', 40)
    expect(story.active).toEqual(['long'])
    expect(story.world.sent.filter(({ event }) => event.type === 'PREEMPT')).toEqual([])
  })
})

describe('pausing', () => {
  it('says who and why, stands still, keeps what arrives, and starts nothing until it is resumed', () => {
    const story = new AgentStory().trigger('a').say('PAUSE').trigger('b').step('a')
    expect(story.state).toBe('paused')
    expect(story.runState('a')).toBe('paused')
    expect(story.context.order).toEqual({ by: 'anna', reason: 'coffee' })
    expect(story.world.emitted.at(-1)).toEqual({
      type: 'agent.paused',
      data: { agent: 'doctor', version: '1.0.0', instance: AGENT, by: 'anna', reason: 'coffee' },
    })
    story.wait(10 * 3_600_000)
    expect(story.backlog).toEqual(['b'])
    story.say('RESUME')
    expect(story.state).toBe('running')
    expect(story.context.order).toBeNull()
    expect(story.end('a').end('b').context.succeeded).toBe(2)
  })

  it('holds the events of an idle agent', () => {
    const story = new AgentStory().say('PAUSE').trigger('a')
    expect(story.state).toBe('paused')
    expect(story.world.addresses('run')).toEqual([])
    expect(story.say('RESUME').active).toEqual(['a'])
  })

  it('starts nothing in the place of a run that ends meanwhile', () => {
    const story = new AgentStory().trigger('a').say('PAUSE').trigger('b').end('a')
    expect(story.state).toBe('paused')
    expect(story.active).toEqual([])
    expect(story.say('RESUME').active).toEqual(['b'])
  })

  it('lets the pause before a retry pass without a try', () => {
    const story = new AgentStory().trigger('a').say('PAUSE').end('a', 'fault').wait(60_000)
    expect(story.backlog).toEqual(['a'])
    expect(story.say('RESUME').active).toEqual(['a'])
  })

  it.each(['PAUSE', 'STOP'])('has no timer left for that pause after %s', (word) => {
    const story = new AgentStory().trigger('a').end('a', 'fault')
    expect(story.world.timers(AGENT)).toEqual({ backlog: 2_000 })
    expect(story.say(word).world.timers(AGENT)).toEqual({})
  })

  it('does not resume a run that stands aside while its place is taken', () => {
    const story = new AgentStory().trigger('long').trigger('fire', 90).say('PAUSE').step('long').step('fire')
    expect([story.runState('long'), story.runState('fire')]).toEqual(['preempted', 'paused'])
    const paused = story.world.sent.filter(({ event }) => event.type === 'PAUSE')
    expect(paused.map(({ to }) => to)).toEqual([story.runOf('fire')])
    story.say('RESUME')
    expect([story.runState('long'), story.runState('fire')]).toEqual(['preempted', 'executing'])
    expect(story.end('fire').runState('long')).toBe('executing')
  })

  it('shows an error that came up meanwhile once it is resumed', () => {
    const story = new AgentStory({ autoRetry: false }).trigger('a').say('PAUSE').end('a', 'fault')
    expect(story.state).toBe('paused')
    expect(story.say('RESUME').state).toBe('error')
  })
})

describe('stopping', () => {
  it('cancels every run, saying who and why, and is stopped when the last has cleaned up', () => {
    const story = new AgentStory({ maxParallel: 2 }).trigger('a').trigger('b').trigger('c').say('STOP')
    expect(story.state).toBe('stopped')
    expect(story.context).toMatchObject({ aborted: 2, active: [] })
    expect(story.backlog).toEqual(['c'])
    for (const id of ['a', 'b'])
      expect(story.run(story.runOf(id)).result).toEqual({ outcome: 'aborted', reason: 'anna: coffee', fault: false })
    expect(story.world.emitted.at(-1)).toMatchObject({ type: 'agent.stopped', data: { by: 'anna', reason: 'coffee' } })
  })

  it('waits for runs that clean a device, and takes what arrives meanwhile', () => {
    const story = new AgentStory()
    const { world } = story
    world.spawn(LOCK, { pool: 'paris' })
    const well = { online: true, health: 'good', maintenance: false }
    world.tell(LOCK, { type: 'DEVICE', device: 'd1', kind: 'stb', labels: {}, ...well })
    story.trigger('a', 50, 'd1').say('STOP')
    expect(story.state).toBe('stopping')
    expect(story.runState('a')).toBe('cleaning')
    story.trigger('b')
    world.finish(story.runOf('a'), 'cleanup', { output: null })
    world.deliverAll()
    expect(story.state).toBe('stopped')
    expect(story.backlog).toEqual(['b'])
    expect(world.state(LOCK)).toBe('idle')
  })

  it.each([
    ['paused', () => new AgentStory().trigger('a').say('PAUSE').step('a')],
    ['running', () => new AgentStory().trigger('a').trigger('fire', 90).step('a')],
    ['error', () => new AgentStory({ autoRetry: false, maxParallel: 2 }).trigger('a').trigger('b').end('b', 'fault')],
  ])('ends runs that stand still, or go on, when it was %s', (state, stand) => {
    const story = stand()
    expect(story.state).toBe(state)
    story.say('STOP')
    expect(story.state).toBe('stopped')
    expect(story.runState('a')).toBe('aborted')
    expect(story.world.emitted.at(-1)).toMatchObject({ type: 'agent.stopped', data: { by: 'anna' } })
  })

  it('keeps what arrives, and works on when it is started', () => {
    const story = new AgentStory().trigger('a').trigger('b').say('STOP').trigger('c')
    expect(story.backlog).toEqual(['b', 'c'])
    story.say('START')
    expect(story.active).toEqual(['b'])
    expect(story.context.order).toBeNull()
    expect(story.news.filter((type) => type === 'agent.started')).toHaveLength(2)
  })

  it('tries again what had failed before the stop, when it is started', () => {
    const story = inError().say('STOP')
    expect(story.state).toBe('stopped')
    expect(story.failed).toEqual(['bad'])
    story.say('START')
    expect(story.state).toBe('running')
    expect(story.active).toEqual(['bad'])
    expect(story.context.failed).toEqual([])
  })

  it('keeps a task whose run broke in the middle of the stop', () => {
    const story = new AgentStory().trigger('a')
    story.world.tell(AGENT, { type: 'STOP', by: 'anna', reason: '' })
    story.end('a', 'fault')
    expect(story.state).toBe('stopped')
    expect(story.backlog).toEqual(['a'])
  })

  it('can be emptied', () => {
    const story = new AgentStory().say('STOP').trigger('a').say('RESET')
    expect(story.backlog).toEqual([])
    expect(story.say('START').state).toBe('idle')
  })
})

describe('failing infrastructure', () => {
  it('is tried three times, with growing pauses, and then is an error', () => {
    const story = new AgentStory().trigger('a').end('a', 'fault')
    expect(story.state).toBe('running')
    expect(story.active).toEqual([])
    story.wait(1_999)
    expect(story.active).toEqual([])
    story.wait(1)
    expect(story.active).toEqual(['a'])
    story.end('a', 'fault').wait(3_999)
    expect(story.active).toEqual([])
    story.wait(1).end('a', 'fault')
    expect(story.state).toBe('error')
    expect(story.world.addresses('run')).toHaveLength(3)
    expect(story.context).toMatchObject({ failures: 3, failed: [{ attempts: 3, reason: 'gateway away' }] })
    expect(story.world.emitted.at(-1)).toMatchObject({
      type: 'agent.error',
      data: { event: 'a', reason: 'gateway away' },
    })
  })

  it('does not hold up other tasks during the pause', () => {
    const story = new AgentStory().trigger('a', 60).end('a', 'fault').trigger('b', 50)
    expect(story.active).toEqual(['b'])
  })

  it('is an error at once when the definition wants no second try', () => {
    expect(inError().state).toBe('error')
  })

  it('counts a run whose machine broke as one', () => {
    const story = new AgentStory().trigger('a')
    story.say('xstate.error.actor.run-1', { error: { message: 'bug' }, actorId: 'run-1' })
    expect(story.backlog).toEqual(['a'])
    expect(story.context.failures).toBe(1)
  })

  it('starts nothing new in an error, lets runs under way go on, and keeps what arrives', () => {
    const story = new AgentStory({ autoRetry: false, maxParallel: 2 })
    story.trigger('a').trigger('b').trigger('c').end('a', 'fault')
    expect(story.state).toBe('error')
    expect(story.active).toEqual(['b'])
    story.end('b').trigger('d')
    expect(story.active).toEqual([])
    expect(story.backlog).toEqual(['c', 'd'])
  })

  it('keeps every task that fails, also those whose runs end during the error', () => {
    const story = new AgentStory({ autoRetry: false, maxParallel: 2 })
    story.trigger('a').trigger('b').end('a', 'fault').end('b', 'fault')
    expect(story.failed).toEqual(['a', 'b'])
    story.say('RETRY')
    expect(story.active).toEqual(['a', 'b'])
    expect(story.failed).toEqual([])
  })

  it('is tried afresh on RETRY, at its old place in line', () => {
    const story = inError({ autoRetry: true })
    for (const pause of [2_000, 4_000]) story.wait(pause).end('bad', 'fault')
    expect(story.state).toBe('error')
    story.trigger('later').say('RETRY')
    expect(story.active).toEqual(['bad'])
    expect(story.context.active[0]?.attempts).toBe(1)
  })

  it('is left out on SKIP, which the log shows, and the rest goes on', () => {
    const story = inError().trigger('b').say('SKIP')
    expect(story.active).toEqual(['b'])
    const skipped = story.world.emitted.filter(({ type }) => type === 'task.skipped')
    expect(skipped).toMatchObject([{ data: { event: 'bad', reason: 'gateway away' } }])
  })

  it('is left out on RESET with everything that waits, which the log shows', () => {
    const story = inError().trigger('b').trigger('c').say('RESET')
    expect(story.state).toBe('idle')
    const skipped = story.world.emitted.filter(({ type }) => type === 'task.skipped')
    expect(skipped.map(({ data }) => (data as { event: string }).event)).toEqual(['bad', 'b', 'c'])
  })

  it.each(['RETRY', 'SKIP', 'RESET', 'RESUME', 'START'])('refuses %s where it means nothing', (word) => {
    const { world } = new AgentStory().trigger('a')
    expect(world.tell(AGENT, { type: word, by: 'anna', reason: '' })).toBe(false)
  })
})

describe('moving to another version', () => {
  const upgrade = { settings: { ...SETTINGS, version: '2.0.0', maxParallel: 2, run: { ...SETTINGS.run } } }

  it('does so at once when nothing runs, wherever it stands', () => {
    const stands = [new AgentStory(), new AgentStory().say('PAUSE'), new AgentStory().say('STOP'), inError()]
    for (const story of stands) expect(story.say('UPGRADE', upgrade).context.settings.version).toBe('2.0.0')
  })

  it('lets the run under way end on its version, and starts the next on the new one', () => {
    const story = new AgentStory().trigger('a').trigger('b').say('UPGRADE', upgrade)
    expect(story.context.settings.version).toBe('1.0.0')
    story.end('a')
    expect(story.context).toMatchObject({ settings: { version: '2.0.0' }, upgrade: null })
    expect(story.run(story.runOf('a')).version).toBe('1.0.0')
    expect(story.run(story.runOf('b')).version).toBe('2.0.0')
    expect(story.trigger('c').active).toEqual(['b', 'c'])
  })

  it('counts a run that stands aside as one under way', () => {
    const story = new AgentStory().trigger('long').trigger('fire', 90).step('long').say('UPGRADE', upgrade).end('fire')
    expect(story.context.settings.version).toBe('1.0.0')
    expect(story.end('long').context.settings.version).toBe('2.0.0')
  })
})

it('shows a chart in which everything has a name and every state says what it is', () => {
  const chart = chartOf(agent)
  expect(JSON.stringify(chart)).not.toMatch(/inline|"(assign|raise|cancel|emit|sendTo|enqueueActions)["(]/)
  const nodes = (node: GraphNode): GraphNode[] => [node, ...node.children.flatMap(nodes)]
  expect(nodes(chart.root).filter(({ description }) => !description)).toEqual([])
})
