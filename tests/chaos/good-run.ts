import type { Facts } from '../../chaos/facts.ts'

/** A small run in which everything went as promised: each test breaks one thing of it. */
export function goodRun(): Facts {
  const step = (
    address: string,
    revision: number,
    messageId: string,
    more: Partial<Facts['history'][number]> = {},
  ) => ({
    address,
    revision,
    messageId,
    event: { type: 'PUT' },
    effects: [],
    handled: true,
    status: 'active',
    sender: null,
    at: 1_000 + revision,
    removed: false,
    ...more,
  })
  const actor = (
    address: string,
    revision: number,
    more: Partial<Facts['actors'] extends ReadonlyMap<string, infer A> ? A : never> = {},
  ) => ({
    address,
    kind: address.slice(0, address.indexOf('/')),
    status: 'active',
    revision,
    parent: null,
    childId: null,
    value: 'open',
    context: {},
    children: {},
    removed: false,
    ...more,
  })
  const actors = [
    actor('cell/a', 4, {
      context: {
        seen: [
          ['c1', 1],
          ['c1', 2],
          ['relay/r', 1],
        ],
      },
    }),
    actor('relay/r', 2),
    actor('clock/k', 3),
    actor('job/j', 2, { value: 'done' }),
    actor('family/f', 2, { children: { kid: { born: '2.0', address: 'kid/k1' } } }),
    actor('kid/k1', 1, { parent: 'family/f', childId: 'kid' }),
    actor('lock/p', 4),
  ]
  const init = { event: { type: 'xstate.init' } }
  const news = (type: string, token: number) =>
    ({ type: 'emit', event: { type, subject: 'd', data: { token, clean: false } } }) as const
  const history: Facts['history'] = [
    // Retention has been here.
    step('cell/a', 1, 'xstate.init', { ...init, removed: true }),
    step('cell/a', 2, 'm1', { removed: true }),
    step('cell/a', 3, 'm2'),
    step('cell/a', 4, 'sent:relay/r:2:0'),
    step('relay/r', 1, 'xstate.init', init),
    step('relay/r', 2, 'm3', {
      effects: [
        { type: 'send', to: { address: 'cell/a' }, event: { type: 'PUT' } },
        { type: 'action', name: 'note', params: {} },
      ],
    }),
    step('clock/k', 1, 'xstate.init', init),
    step('clock/k', 2, 'm4', {
      effects: [{ type: 'timer', id: 't1', delayMs: 50, event: { type: 'RING' }, to: null }],
    }),
    step('clock/k', 3, 'timer:t1:2.0', { at: 2_060 }),
    step('job/j', 1, 'xstate.init', { ...init, effects: [{ type: 'invoke', id: 'work', src: 'work', input: null }] }),
    step('job/j', 2, 'invocation:job/j:1:0', {
      event: { type: 'xstate.done.actor.work', output: { attempts: 2, pid: 12 } },
    }),
    step('family/f', 1, 'xstate.init', init),
    step('family/f', 2, 'm5', {
      effects: [{ type: 'spawn', id: 'kid', src: 'kid', kind: 'kid', address: 'kid/k1', input: null, systemId: null }],
    }),
    step('kid/k1', 1, 'xstate.init', init),
    step('lock/p', 1, 'xstate.init', init),
    step('lock/p', 2, 'l1', { effects: [news('resource.acquired', 1)] }),
    step('lock/p', 3, 'l2', { effects: [news('resource.released', 1), news('resource.ready', 2)] }),
    step('lock/p', 4, 'l3', { effects: [news('resource.acquired', 3)] }),
  ]
  const sent = (id: string, address: string) => ({
    id,
    client: 'c1',
    call: { do: 'send', address, event: { type: 'PUT' }, id } as const,
    from: 1,
    to: 2,
    outcome: 'ok' as const,
    code: null,
    tries: 1,
    value: { duplicate: false },
  })
  return {
    operations: [
      sent('m1', 'cell/a'),
      sent('m2', 'cell/a'),
      sent('m3', 'relay/r'),
      { ...sent('forged:c1:1', 'cell/a'), outcome: 'refused', code: 'event.reserved_type' },
      {
        ...sent('event:e1', ''),
        call: { do: 'ingest', event: { id: 'e1', source: '/chaos' } },
        value: [{ status: 'routed' }],
      },
    ],
    lockCalls: [],
    executed: [
      { kind: 'begin', effectId: 'job/j:1:0', address: 'job/j', attempts: 1, pid: 11, at: 1_010 },
      { kind: 'begin', effectId: 'job/j:1:0', address: 'job/j', attempts: 2, pid: 12, at: 1_900 },
      { kind: 'end', effectId: 'job/j:1:0', address: 'job/j', attempts: 2, pid: 12, at: 1_950 },
      { kind: 'action', effectId: 'relay/r:2:1', address: 'relay/r', pid: 11, at: 1_020 },
      { kind: 'command', device: 'd', token: 1, key: 'k1', name: 'press', fresh: true, at: 1_030 },
      { kind: 'command', device: 'd', token: 3, key: 'k2', name: 'press', fresh: true, at: 1_040 },
      { kind: 'unsafe', key: 'run/1:once', pid: 12, at: 1_050 },
    ],
    history,
    actors: new Map(actors.map((one) => [one.address, one])),
    letters: [],
    events: [
      { id: 'x', source: '/chaos', sourceId: 'e1', status: 'routed' },
      ...['2.0', '3.0', '3.1', '4.0'].map((sourceId) => ({
        id: sourceId,
        source: '/lock/p',
        sourceId,
        status: 'routed',
      })),
    ],
    deliveries: [{ address: 'cell/a', messageId: 'm1' }],
    timers: [
      { op: 'armed', address: 'clock/k', id: 't1', armed: '2.0', dueAt: 2_050, at: 2_000 },
      { op: 'gone', address: 'clock/k', id: 't1', armed: '2.0', dueAt: 2_050, at: 2_060 },
    ],
    leases: [
      { op: 'taken', device: 'd', ticket: 'a', token: 1, expiresAt: 9_000, at: 1_001 },
      { op: 'changed', device: 'd', ticket: 'a', token: 1, expiresAt: 9_500, at: 1_002 },
      { op: 'ended', device: 'd', ticket: 'a', token: 1, expiresAt: 9_500, at: 1_003 },
      { op: 'taken', device: 'd', ticket: 'b', token: 3, expiresAt: 9_900, at: 1_004 },
    ],
    claims: [
      { op: 'claimed', effectId: 'job/j:1:0', attempts: 1, claimedBy: '11.x', leaseLeftMs: null, at: 1_010 },
      { op: 'claimed', effectId: 'job/j:1:0', attempts: 2, claimedBy: '12.x', leaseLeftMs: -20, at: 1_900 },
      { op: 'finished', effectId: 'job/j:1:0', attempts: 2, claimedBy: '12.x', leaseLeftMs: 900, at: 1_960 },
    ],
    beginnings: new Map([['cell/a', 3]]),
    revisions: [
      { address: 'cell/a', before: 1, after: 3 },
      { address: 'cell/a', before: 3, after: 4 },
    ],
    followed: history.map(({ address, revision }) => ({ address, revision })),
    left: { mail: [], timers: [], invocations: [], leases: [], connections: 12 },
    unequal: [],
    jumps: [],
  }
}
