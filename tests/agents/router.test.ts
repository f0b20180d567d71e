import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AgentDefinition, type AgentDefinitionInput } from '../../actors/agents/format/definition.ts'
import type { ShortFilters } from '../../actors/agents/format/trigger.ts'
import { compileRules, explain, route, type TeamEvent } from '../../actors/agents/routing/router.ts'
import type { RoutedAgent } from '../../actors/agents/routing/rule.ts'

const blackscreen: TeamEvent = {
  id: 'e1',
  source: '/lab/paris-1',
  type: 'alert.blackscreen.firing',
  subject: 'stb-1',
  time: '2026-03-02T10:00:00Z',
  severity: 'critical',
  priority: 95,
  correlationid: null,
  causationid: null,
  depth: 0,
  receivedAt: '2026-03-02T10:00:01Z',
  data: {
    kind: 'blackscreen',
    status: 'firing',
    device: 'stb-1',
    host: 'paris-1',
    severity: 'critical',
    startsAt: '2026-03-02T10:00:00Z',
    labels: { platform: 'stb', host: 'paris-1', pool: 'paris' },
    data: {},
    fingerprint: 'f1',
  },
}

function agent(id: string, rest: Omit<AgentDefinitionInput, 'metadata'>, team = 'default'): RoutedAgent {
  return {
    agent: id,
    version: '1.0.0',
    team,
    definition: AgentDefinition.parse({ metadata: { id, name: id, version: '1.0.0' }, ...rest }),
  }
}
const decide = (agents: RoutedAgent[], event: TeamEvent = blackscreen) => route(compileRules(agents), event)

describe('the router', () => {
  it('matches by type, filters and condition, and fills in the device and the input', () => {
    const doctor = agent('doctor', {
      triggers: [
        {
          name: 'no-picture',
          on: ['alert.blackscreen.firing'],
          filters: { platform: 'stb' },
          filter: { prefix: { subject: 'stb-' } },
          when: 'data.host == "paris-1" && alert.kind == "blackscreen"',
          priority: 'high',
          with: { alert: '${event.data.kind}' },
        },
      ],
      device: { acquire: '${event.subject}' },
    })
    expect(decide([doctor])).toEqual([
      {
        agent: 'doctor',
        version: '1.0.0',
        trigger: 0,
        name: 'no-picture',
        outcome: 'matched',
        reason: 'alert.blackscreen.firing fits no-picture',
        priority: 75,
        device: 'stb-1',
        with: { alert: 'blackscreen' },
      },
    ])
  })

  it.each([
    ['filters', { filters: { platform: 'web' } }, 'filters.platform: stb is not web'],
    ['filter', { filter: { exact: { source: '/lab/rome' } } }, 'filter: source'],
    ['when', { when: 'data.durationS >= 5' }, 'when: data.durationS >= 5: No such key'],
  ])('says that %s refused', (_part, part, reason) => {
    const [decision] = decide([agent('a', { triggers: [{ type: 'alert.blackscreen', ...part }] })])
    expect(decision).toMatchObject({ outcome: 'filtered', reason: expect.stringContaining(reason), device: null })
  })

  it('takes the first trigger of an agent that matches, and tells of those before it', () => {
    const many = agent('a', {
      triggers: [
        { type: 'build.deployed' },
        { type: 'alert.blackscreen', filters: { platform: 'web' } },
        { type: 'alert.*' },
        { type: '**' },
      ],
    })
    expect(decide([many]).map(({ trigger, outcome }) => [trigger, outcome])).toEqual([
      [1, 'filtered'],
      [2, 'matched'],
    ])
  })

  it('takes the priority from a word, a number, the severity in bounds, or the event', () => {
    const priority = (value: NonNullable<AgentDefinitionInput['triggers']>[number]['priority'], event = blackscreen) =>
      decide([agent('a', { triggers: [{ on: '**', priority: value }] })], event)[0]?.priority
    const low: TeamEvent = { ...blackscreen, severity: 'info', priority: 42 }
    expect([priority('critical'), priority('high'), priority('normal'), priority('low'), priority(33)]).toEqual([
      95, 75, 50, 10, 33,
    ])
    expect([
      priority(undefined, low),
      priority({ from: 'severity' }, low),
      priority({ from: 'severity', floor: 70 }, low),
    ]).toEqual([42, 30, 70])
    expect(priority({ from: 'severity', ceil: 60 })).toBe(60)
    expect(priority({ from: 'severity' }, { ...low, severity: null })).toBe(42)
  })

  it('does not start an agent whose device has no name in the event', () => {
    const doctor = agent('a', { triggers: [{ on: '**' }], device: { acquire: '${event.subject}' } })
    expect(decide([doctor], { ...blackscreen, subject: null })).toMatchObject([
      { outcome: 'filtered', reason: 'device.acquire: ${event.subject} names no device' },
    ])
    expect(decide([agent('a', { triggers: [{ on: '**' }] })])).toMatchObject([{ outcome: 'matched', device: null }])
  })

  it('does not start an agent whose input cannot be filled in', () => {
    const broken = agent('a', { triggers: [{ on: '**', with: { x: '${data.nothing.here}' } }] })
    expect(decide([broken])).toMatchObject([{ outcome: 'filtered', reason: expect.stringContaining('nothing') }])
  })

  it('keeps teams apart', () => {
    const agents = [
      agent('ours', { triggers: [{ on: '**' }] }, 'red'),
      agent('theirs', { triggers: [{ on: '**' }] }, 'blue'),
    ]
    expect(decide(agents, { ...blackscreen, team: 'red' }).map((decision) => decision.agent)).toEqual(['ours'])
    expect(explain(compileRules(agents), blackscreen)).toEqual([])
  })

  it("does not let an agent hear its own runs' events unless it asks to", () => {
    const events: TeamEvent[] = [
      { ...blackscreen, source: '/agent/a' },
      { ...blackscreen, source: '/agent/a/run-1' },
      { ...blackscreen, data: { agent: 'a' } },
    ]
    const deaf = agent('a', { triggers: [{ on: '**' }] })
    for (const event of events) {
      expect(decide([deaf], event)).toMatchObject([{ outcome: 'filtered', reason: "the agent's own event" }])
      expect(decide([agent('a', { triggers: [{ on: '**', allow_own: true }] })], event)).toMatchObject([
        { outcome: 'matched' },
      ])
      expect(decide([agent('b', { triggers: [{ on: '**' }] })], event)).toMatchObject([{ outcome: 'matched' }])
    }
    expect(decide([deaf], { ...blackscreen, source: '/agent/ab' })).toMatchObject([{ outcome: 'matched' }])
  })

  it('ends a chain of more than eight events', () => {
    const loop = agent('a', { triggers: [{ on: '**', allow_own: true }] })
    expect(decide([loop], { ...blackscreen, depth: 8 })).toMatchObject([{ outcome: 'matched' }])
    expect(decide([loop], { ...blackscreen, depth: 9 })).toMatchObject([
      { outcome: 'filtered', reason: expect.stringContaining('depth 9') },
    ])
  })

  it('leaves out what is disabled, by the operator before the definition', () => {
    const off = agent('a', { triggers: [{ on: '**' }], config: { enabled: false } })
    expect(decide([off])).toMatchObject([{ outcome: 'filtered', reason: 'the agent is disabled' }])
    expect(decide([{ ...off, enabled: true }])).toMatchObject([{ outcome: 'matched' }])
  })

  it('gives events that name another platform to others', () => {
    const web = agent('a', { triggers: [{ on: '**' }], config: { platform_filter: 'web' } })
    expect(decide([web])).toMatchObject([{ outcome: 'filtered', reason: 'config.platform_filter: stb is not web' }])
    expect(decide([web], { ...blackscreen, data: null })).toMatchObject([{ outcome: 'matched' }])
  })

  it('stops at a rank when a matching rule says so', () => {
    const first = agent('first', { triggers: [{ on: '**', rank: 1, stop: true }] })
    const same = agent('same', { triggers: [{ on: '**', rank: 1 }] })
    const later = agent('later', { triggers: [{ on: '**' }] })
    expect(decide([later, same, first]).map(({ agent: id, outcome }) => [id, outcome])).toEqual([
      ['first', 'matched'],
      ['same', 'matched'],
      ['later', 'filtered'],
    ])
    expect(decide([later, first])[1]?.reason).toBe('stopped by "**" of first')
  })

  it('explains in a dry run why each of the others stays silent', () => {
    const rules = compileRules([
      agent('web', { triggers: [{ type: 'build.deployed' }, { type: 'ci.**' }] }),
      agent('stb', { triggers: [{ on: 'alert.**' }] }),
    ])
    expect(explain(rules, blackscreen)).toMatchObject([
      { agent: 'stb', outcome: 'matched' },
      {
        agent: 'web',
        outcome: 'filtered',
        trigger: -1,
        reason: 'type: alert.blackscreen.firing is not build.deployed | ci.**',
      },
    ])
  })

  it('looks only at the rules of a type among a thousand', () => {
    const agents = Array.from({ length: 1000 }, (_, index) =>
      agent(`a${index}`, { triggers: [{ type: `alert.kind${index}` }] }),
    )
    const rules = compileRules(agents)
    expect(rules.index.find('alert.kind7.firing').size).toBe(1)
    expect(route(rules, { ...blackscreen, type: 'alert.kind7.firing' }).map((decision) => decision.agent)).toEqual([
      'a7',
    ])
  })

  it('decides the same whatever the order of the rules, and whatever the data', () => {
    const trigger = fc.record(
      {
        on: fc.constantFrom('**', 'alert.*', 'alert.blackscreen', '!alert.freeze', 'build.*'),
        filters: fc.constantFrom<ShortFilters>({ platform: 'stb' }, { platform: 'web' }, { duration: '>= 1' }),
        when: fc.constantFrom('data.kind == "x"', 'true', 'data.n > 1'),
        rank: fc.integer({ min: 0, max: 3 }),
        stop: fc.boolean(),
      },
      { requiredKeys: ['on'] },
    )
    const agents = fc.uniqueArray(
      fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.array(trigger, { maxLength: 3 })),
      { selector: ([id]) => id },
    )
    const type = fc.constantFrom('alert.blackscreen.firing', 'alert.freeze.firing', 'build.deployed', 'x')
    fc.assert(
      fc.property(agents, type, fc.jsonValue(), fc.integer(), (list, name, data, turn) => {
        const sources = list.map(([id, triggers]) => agent(id, { triggers }))
        const turned = sources
          .map((_, index) => sources[(index + Math.abs(turn)) % sources.length])
          .flatMap((source) => source ?? [])
        const event: TeamEvent = {
          ...blackscreen,
          type: name,
          data: JSON.parse(JSON.stringify(data)) as TeamEvent['data'],
        }
        const decisions = decide(sources, event)
        expect(decide(turned.reverse(), event)).toEqual(decisions)
        const matched = decisions.filter((decision) => decision.outcome === 'matched').map((decision) => decision.agent)
        expect(new Set(matched).size).toBe(matched.length)
      }),
      { numRuns: 200 },
    )
  })
})
