import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AnyMachineSnapshot } from 'xstate'
import { type Json, toJson } from '../../core/json.ts'
import type { AgentContext } from '../../machines/agent-protocol.ts'
import { inWords } from '../../machines/policy/words.ts'
import { createScope } from '../../machines/scope.ts'
import { AGENT, HOSTED } from './agent-story.ts'
import { type Given, PolicyStory } from './policy-story.ts'

const BY = { by: 'anna', reason: 'coffee' }
const TIMES = [1_000, 5_000, 20_000, 60_000]
const time = fc.constantFrom(...TIMES)
const key = fc.constantFrom('device=$device', 'host=$host', 'agent=doctor')

type Move =
  | { do: 'alert'; device: string; priority: number; trigger: string }
  | { do: 'over'; device: string; how: string }
  | { do: 'wait'; ms: number }
  | { do: 'end'; nth: number; end: 'well' | 'fault' }
  | { do: 'step'; nth: number }
  | { do: 'order'; word: string }

const device = fc.constantFrom('d1', 'd1', 'd2', 'd3')
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('alert'),
      device,
      priority: fc.constantFrom(10, 50, 50, 90),
      trigger: fc.constantFrom('t', 't', 'u'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('over'), device, how: fc.constantFrom('resolved', 'discarded') }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(500, ...TIMES) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('end'),
      nth: fc.nat(5),
      end: fc.constantFrom('well', 'well', 'fault'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('step'), nth: fc.nat(5) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('order'),
      word: fc.constantFrom('PAUSE', 'RESUME', 'STOP', 'START', 'RETRY', 'SKIP', 'RESET'),
    }),
  },
)
const moves = fc.array(move, { maxLength: 40, size: 'max' })

const dedupe = fc.record({ key: fc.constant('device=$device'), windowMs: time })
const group = fc.record({ key, waitMs: fc.constantFrom(0, 1_000, 5_000), max: fc.integer({ min: 1, max: 4 }) })
const limit = fc.record({
  key,
  max: fc.integer({ min: 1, max: 3 }),
  perMs: time,
  overflow: fc.constantFrom('drop', 'queue'),
})
const cooldown = fc.record({
  key,
  after: fc.constantFrom('run.start', 'run.end'),
  forMs: time,
  trailing: fc.boolean(),
})
const concurrency = fc.oneof(
  fc.record({
    key,
    mode: fc.constantFrom('queue', 'parallel'),
    max: fc.integer({ min: 1, max: 3 }),
    maxQueued: fc.integer({ min: 0, max: 3 }),
    overflow: fc.constantFrom('drop-new', 'drop-oldest', 'coalesce'),
  }),
  fc.record({
    key,
    mode: fc.constantFrom('single', 'restart'),
    max: fc.constant(1),
    maxQueued: fc.constant(0),
    overflow: fc.constant('drop-new'),
  }),
)
const correlate = fc.record({
  onResolved: fc.constantFrom('cancel', 'complete', 'note'),
  resolveOn: fc.constantFrom('all', 'first', 'last', 'never'),
  graceMs: fc.constantFrom(0, 1_000, 20_000),
})
const anything: fc.Arbitrary<Given> = fc.record(
  { forMs: time, dedupe, group, limits: fc.array(limit, { maxLength: 2 }), cooldown, concurrency, correlate },
  { requiredKeys: [] },
) as fc.Arbitrary<Given>
const settings = fc.record({ maxParallel: fc.integer({ min: 1, max: 4 }), autoRetry: fc.boolean() })

function play(story: PolicyStory, next: Move): void {
  switch (next.do) {
    case 'alert':
      story.alert(next)
      return
    case 'over':
      story.over(next)
      return
    case 'wait':
      story.wait(next.ms)
      return
    case 'order':
      story.say(next.word, BY)
      return
    default: {
      const address = story.live[next.nth % Math.max(1, story.live.length)]
      if (!address || story.runState(story.run(address).task.eventId) !== 'executing') return
      if (next.do === 'step') story.step(story.run(address).task.eventId)
      else story.end(story.run(address).task.eventId, next.end)
    }
  }
}

/** Work gets done, people say yes and time passes, until nothing is left to do. */
function finish(story: PolicyStory): void {
  for (let round = 0; round < 300; round++) {
    for (const word of ['RESUME', 'START', 'RETRY']) story.say(word, BY)
    for (const address of story.live) {
      if (story.world.state(address) === 'executing') story.end(story.run(address).task.eventId)
    }
    story.wait(20_000)
    if (story.state === 'idle' && story.live.length === 0 && story.alarm === undefined && story.backlog.length === 0)
      return
  }
  throw new Error(`it never comes to an end: ${story.state}, ${JSON.stringify(story.context.policy)}`)
}

interface Start {
  event: string
  at: number
  /** Its place among all that happened. */
  place: number
  /** Of the trigger, with what a key has for this event. */
  of: (key: string) => string
}

/** The first runs of all events, in order. */
function starts(story: PolicyStory): Start[] {
  const seen = new Set<string>()
  return story.world.addresses('run').flatMap((address) => {
    const { task, startedAt } = story.run(address)
    if (seen.has(task.eventId)) return []
    seen.add(task.eventId)
    const filled = (text: string): string => text.replace('$device', task.subject ?? '').replace('$host', 'h1')
    const place = story.world.taken.findIndex((one) => one.address === address)
    return [{ event: task.eventId, at: startedAt, place, of: (text: string) => `${task.trigger} ${filled(text)}` }]
  })
}

/** Plays a story with any mix of policies. `look` sees it after each move. */
function always(
  terms: fc.Arbitrary<Given>,
  look: (story: PolicyStory, given: Given) => void,
  { each = true, numRuns = 100 } = {},
): void {
  fc.assert(
    fc.property(terms, settings, moves, (given, over, list) => {
      const story = new PolicyStory(given, over)
      for (const next of list) {
        play(story, next)
        if (each) look(story, given)
      }
      finish(story)
      look(story, given)
    }),
    { numRuns },
  )
}

describe('whatever the policies of a trigger, and whatever happens', () => {
  it('comes to one end with every event: a run, or a word that says why there was none', () => {
    always(
      anything,
      (story) => {
        const ran = new Set(story.ran)
        const skipped = new Set(
          story.world.emitted.flatMap(({ type, data }) =>
            type === 'task.skipped' ? [(data as { event: string }).event] : [],
          ),
        )
        const events = story.world.taken.flatMap(({ event }) =>
          event.type === 'TRIGGER' ? [(event['task'] as { eventId: string }).eventId] : [],
        )
        for (const event of events) {
          const said = story.decisions.filter((one) => one.event === event)
          // Of what had a run it may be said later that it is not tried again.
          const later = ({ outcome, reason }: (typeof said)[number]): boolean =>
            ran.has(event) && (outcome === 'correlated' || reason.endsWith('takes its place'))
          const last = said.findLast((one) => !later(one))
          const ended = last !== undefined && !['held', 'queued', 'started'].includes(last.outcome)
          // The first of a group is told what it waits for, and goes on.
          const joined = last?.outcome === 'grouped' && last.into === null
          const cooled = last?.outcome === 'cooling' && last.reason.endsWith('the latest event of it starts then')
          const gone = skipped.has(event)
          const ends = [ran.has(event), gone && !ran.has(event), ended && !joined && !cooled && !gone]
          expect([event, ends.filter(Boolean)]).toEqual([event, [true]])
        }
      },
      { each: false },
    )
  })

  it('never starts more than a limit allows in any window', () => {
    const terms = fc
      .record({ limits: fc.array(limit, { minLength: 1, maxLength: 2 }) })
      .chain((limits) => anything.map((more) => ({ ...more, ...limits })))
    always(
      terms,
      (story, { limits = [] }) => {
        for (const one of limits) {
          for (const [, group] of Map.groupBy(starts(story), (start) => start.of(one.key))) {
            for (const [index, start] of group.entries()) {
              const before = group.slice(0, index + 1).filter(({ at }) => at > start.at - one.perMs)
              expect(before.length, `${inWords(one.perMs)} before ${start.event}`).toBeLessThanOrEqual(one.max)
            }
          }
        }
      },
      { each: false },
    )
  })

  it('starts nothing between the end of a run and the end of the silence after it', () => {
    const terms = cooldown.chain((one) => anything.map((more) => ({ ...more, cooldown: one })))
    always(
      terms,
      (story, { cooldown: rest, concurrency: room }) => {
        if (!rest || room?.mode === 'restart') return
        const first = starts(story)
        const ends = rest.after === 'run.start' ? first : endsOf(story, first)
        for (const { event, at, place, of } of first) {
          const broken = ends.filter(
            (end) =>
              end.event !== event && end.of(rest.key) === of(rest.key) && end.place < place && at < end.at + rest.forMs,
          )
          expect(broken.map((end) => `${event} after ${end.event}`)).toEqual([])
        }
      },
      { each: false },
    )
  })

  it('never has more runs of a key open than the trigger allows, those that stand still included', () => {
    const terms = concurrency.chain((one) => anything.map((more) => ({ ...more, concurrency: one })))
    always(terms, (story, { concurrency: room }) => {
      if (!room) return
      const open = [...story.context.active, ...story.context.failed, ...story.context.backlog].filter(
        ({ policy }) => policy?.admitted,
      )
      for (const [, group] of Map.groupBy(open, ({ policy }) => policy?.terms.concurrency?.key)) {
        expect(group.length).toBeLessThanOrEqual(room.max)
      }
    })
  })

  it('keeps no more waiting for a key than the trigger allows', () => {
    const terms = fc.record({ concurrency }) as fc.Arbitrary<Given>
    always(terms, (story, { concurrency: room }) => {
      if (!room) return
      const waiting = story.context.backlog.filter(({ policy }) => !policy?.admitted)
      // What fits beside the open runs waits for a place of the agent only.
      const most = room.max + (room.overflow === 'coalesce' ? Math.max(1, room.maxQueued) : room.maxQueued)
      for (const [, group] of Map.groupBy(waiting, ({ policy }) => policy?.terms.concurrency?.key)) {
        expect(group.length).toBeLessThanOrEqual(room.mode === 'restart' ? 1 : most)
      }
    })
  })

  it('starts after the whole of `for`, and nothing whose alert was over by then', () => {
    const terms = fc.record({ forMs: time }) as fc.Arbitrary<Given>
    always(
      terms,
      (story, { forMs = 0 }) => {
        const told = story.world.taken.filter(({ address }) => address === AGENT)
        for (const { event, at } of starts(story)) {
          const came = told.find(
            (one) => one.event.type === 'TRIGGER' && (one.event['task'] as { eventId: string }).eventId === event,
          )
          const arrived = Number(came?.event['at'])
          expect(at).toBeGreaterThanOrEqual(arrived + forMs)
          const { subject } = story.run(story.runOf(event)).task
          const over = told.filter(
            (one) =>
              one.event.type === 'ALERT.ENDED' &&
              (one.event['end'] as { fingerprint: string }).fingerprint === `f-${subject}` &&
              Number(one.event['at']) >= arrived &&
              (one.event['end'] as { event: string }).event > event &&
              Number(one.event['at']) < arrived + forMs,
          )
          expect(over).toEqual([])
        }
      },
      { each: false },
    )
  })

  it('has one group of a key at a time, and none larger than it may be', () => {
    const limits = fc.array(limit, { maxLength: 1 })
    const terms = fc.record({ group, dedupe, limits }, { requiredKeys: ['group'] }) as fc.Arbitrary<Given>
    always(terms, (story, { group: size }) => {
      const { policy, active, backlog } = story.context
      const keys = policy?.groups.map((one) => one.key) ?? []
      expect(new Set(keys).size).toBe(keys.length)
      const most = size?.max ?? 0
      for (const one of policy?.groups ?? []) expect(one.items.length).toBeLessThan(most)
      for (const one of [...active, ...backlog]) expect(one.policy?.members.length).toBeLessThanOrEqual(most)
    })
  })

  it('lets nothing wait whose alert is over', () => {
    const soon = fc.record({
      onResolved: fc.constantFrom('cancel', 'complete', 'note'),
      resolveOn: fc.constant('first'),
      graceMs: fc.constant(0),
    })
    const terms = soon.chain((one) => anything.map((more) => ({ ...more, correlate: one })))
    fc.assert(
      fc.property(terms, settings, moves, device, (given, over, list, which) => {
        const story = new PolicyStory(given, over)
        for (const next of list) play(story, next)
        story.over({ device: which })
        const { policy, backlog } = story.context
        const waits = [
          ...backlog.filter((one) => !one.policy?.admitted),
          ...(policy?.held.map(({ item }) => item) ?? []),
          ...(policy?.groups.flatMap(({ items }) => items) ?? []),
        ]
        const alerts = waits.flatMap((one) => one.policy?.members.map(({ fingerprint }) => fingerprint) ?? [])
        expect(alerts).not.toContain(`f-${which}`)
      }),
      { numRuns: 100 },
    )
  })

  it('has one run for each key in a window, as a list of windows says', () => {
    const terms = fc.record({ dedupe }) as fc.Arbitrary<Given>
    fc.assert(
      fc.property(terms, moves, (given, list) => {
        const story = new PolicyStory(given, { autoRetry: false })
        const windows = new Map<string, number>()
        const expected: string[] = []
        for (const next of list) {
          if (next.do === 'order') continue
          if (next.do === 'alert') {
            const place = `${next.trigger} ${next.device}`
            if ((windows.get(place) ?? 0) <= story.world.now)
              expected.push(`e${String(story.told + 1).padStart(3, '0')}`)
            windows.set(place, story.world.now + (given.dedupe?.windowMs ?? 0))
          }
          play(story, next)
        }
        finish(story)
        expect([...new Set(story.ran)].sort()).toEqual(expected)
      }),
      { numRuns: 100 },
    )
  })

  it('steps the same whether or not the process restarted between any two events', () => {
    fc.assert(
      fc.property(anything, settings, moves, (given, over, list) => {
        const story = new PolicyStory(given, over)
        for (const next of list) play(story, next)
        let live: AnyMachineSnapshot | undefined
        const inert = HOSTED.get('agent')?.inert
        for (const [index, { event, stored }] of story.world.taken
          .filter(({ address }) => address === AGENT)
          .entries()) {
          const { asXState } = createScope({ address: AGENT, revision: index + 1, parent: null, childId: null })
          live = (
            live ? inert?.transition(live, event, asXState) : inert?.getInitialSnapshot(asXState, event['input'])
          ) as AnyMachineSnapshot
          const { value, context } = JSON.parse(stored) as { value: Json; context: Json }
          expect({ value: toJson(live.value), context: toJson(live.context) }).toEqual({ value, context })
        }
      }),
      { numRuns: 60 },
    )
  })
})

/** When the agent heard of the end of the last run of each event. */
function endsOf(story: PolicyStory, first: readonly Start[]): Start[] {
  const ends = new Map<string, { at: number; place: number }>()
  let active: AgentContext['active'] = []
  for (const [place, { address, event, stored }] of story.world.taken.entries()) {
    if (address !== AGENT) continue
    const ended = event.type.startsWith('xstate.done.actor.') && active.find(({ run }) => run === event['actorId'])
    const { context } = JSON.parse(stored) as { context: AgentContext }
    const again = context.backlog.some(({ task }) => task.eventId === (ended && ended.task.eventId))
    if (ended && !again) ends.set(ended.task.eventId, { at: Number(event['at']), place })
    active = context.active
  }
  return first.flatMap((one) => {
    const end = ends.get(one.event)
    return end ? [{ ...one, ...end }] : []
  })
}
