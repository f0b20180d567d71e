import { describe, expect, it } from 'vitest'
import { checkAll } from '../../chaos/checks/all.ts'
import { checkProcesses } from '../../chaos/checks/processes.ts'
import type { Facts } from '../../chaos/facts.ts'
import { goodRun } from './good-run.ts'

type Broken = Partial<{ -readonly [Key in keyof Facts]: Facts[Key] }>

function judge(broken: Broken = {}): string[] {
  return checkAll({ ...goodRun(), ...broken }, { connections: 20 }).map(({ rule, what }) => `${rule}: ${what}`)
}

const good = goodRun()
const without = (messageId: string): Broken => ({
  history: good.history.filter((entry) => entry.messageId !== messageId),
})
const withActor = (address: string, change: object): Broken => {
  const actors = new Map(good.actors)
  const actor = actors.get(address)
  if (actor) actors.set(address, { ...actor, ...change })
  return { actors }
}
const again = (messageId: string): Broken => ({
  history: good.history.flatMap((entry) =>
    entry.messageId === messageId ? [entry, { ...entry, revision: entry.revision + 1 }] : [entry],
  ),
})

it('finds nothing in a run in which everything went as promised', () => {
  expect(judge()).toEqual([])
})

it('takes no timer for early that was due when the database’s clock was set back, and was written down after', () => {
  const timers = good.timers.map((one) => ({ ...one, dueAt: 32_060 }))
  expect(judge({ timers, jumps: [{ before: 32_000, byMs: 30_000 }] })).toEqual([])
})

it('takes a process that ended by itself for a violation, and none that was ended', () => {
  const death = (how: string) => ({ at: 1, pid: 1, name: 'worker-1.2', how, lastWords: 'Unhandled', others: 1 })
  const ended = ['SIGKILL', 'SIGABRT', 'exit 0', 'exit 130'].map(death)
  expect(checkProcesses(ended)).toEqual([])
  expect(checkProcesses([...ended, death('exit 1')])).toMatchObject([
    { what: 'a process ended by itself', evidence: { how: 'exit 1', lastWords: 'Unhandled' } },
  ])
})

describe('the checks find', () => {
  const fabricated: [string, Broken, string][] = [
    ['a lost message', without('m1'), 'G1: an acknowledged message is gone'],
    [
      'an entry that was removed without a beginning in its place',
      { beginnings: new Map([['cell/a', 2]]) },
      'G7: an entry was removed that nothing stands for',
    ],
    [
      'a living actor that was removed',
      withActor('cell/a', { removed: true }),
      'G7: an actor was removed that had not ended',
    ],
    ['a message that was applied twice', again('m2'), 'G4: a message was applied twice'],
    [
      'a message that is in the state twice',
      withActor('cell/a', {
        context: {
          seen: [
            ['c1', 1],
            ['c1', 1],
          ],
        },
      }),
      'G4: cell/a holds the same message twice',
    ],
    [
      'a message that nobody sent',
      { operations: good.operations.filter(({ id }) => id !== 'm2') },
      'G2: a message was applied that nobody sent',
    ],
    [
      'messages in another order than they were sent in',
      withActor('cell/a', {
        context: {
          seen: [
            ['c1', 2],
            ['c1', 1],
          ],
        },
      }),
      'G5: cell/a has what c1 sent in another order',
    ],
    [
      'a forged event that was accepted',
      { operations: good.operations.map((one) => (one.id.startsWith('forged') ? { ...one, outcome: 'ok' } : one)) },
      'SEC-01: a reserved event was accepted',
    ],
    [
      'a stranger who was let in',
      {
        operations: good.operations.map((one) =>
          one.id === 'm1' ? { ...one, call: { do: 'peek', address: 'cell/a', team: 'strangers' } } : one,
        ),
      },
      'G21: another team was let in',
    ],
    ['an event that is gone', { events: good.events.slice(1) }, 'G1: an acknowledged event is in the log 0 times'],
    [
      'an event that is in the log twice',
      { events: [...good.events, ...good.events.slice(0, 1)] },
      'G3: an acknowledged event is in the log 2 times',
    ],
    [
      'an event that was routed and not delivered',
      { deliveries: [{ address: 'cell/a', messageId: 'm9' }] },
      'G4: a routed event never reached its actor',
    ],
    [
      'an event that was never routed',
      { events: good.events.map((one) => ({ ...one, status: 'accepted' })) },
      'G4: an event was never routed',
    ],
    ['a gap in a history', without('xstate.init'), 'G6: a history does not count 1, 2, 3 … up to its actor'],
    [
      'a commit from a revision that was gone',
      { revisions: [...good.revisions, { address: 'cell/a', before: 3, after: 5 }] },
      'G6: a commit began from a revision that was gone',
    ],
    ['a state that replay does not give', { unequal: ['cell/a'] }, 'G7: replay does not give what is stored'],
    [
      'an entry that readers missed',
      { followed: good.followed.slice(1) },
      'G19: a reader of all histories missed an entry',
    ],
    [
      'an entry that readers saw twice',
      { followed: [...good.followed, ...good.followed.slice(0, 1)] },
      'G19: a reader of all histories saw an entry twice',
    ],
    ['a message between actors that is gone', without('sent:relay/r:2:0'), 'G4: a message between actors is gone'],
    [
      'a message between actors that nobody asked for',
      {
        history: good.history.map((one) =>
          one.address === 'relay/r' ? { ...one, effects: one.effects.slice(1) } : one,
        ),
      },
      'G2: a message between actors was never asked for',
    ],
    [
      'a child that was never born',
      { actors: new Map([...good.actors].filter(([address]) => address !== 'kid/k1')) },
      'G4: a child was never born',
    ],
    [
      'an emitted event that is not in the log',
      { events: good.events.slice(0, 2) },
      'G4: an emitted event is not in the log',
    ],
    [
      'a child whose parent does not know it',
      withActor('family/f', { children: {} }),
      'orphan: a child lives that its parent does not know',
    ],
    [
      'a parent that waits in vain',
      withActor('kid/k1', { status: 'done' }),
      'orphan: a parent waits for a child that has ended',
    ],
    [
      'a timer that fired too early',
      { timers: good.timers.map((one) => ({ ...one, dueAt: 2_070 })) },
      'G9: a timer fired before it was due',
    ],
    [
      'a timer that fired too early, long before the database’s clock was set back',
      {
        timers: good.timers.map((one) => ({ ...one, dueAt: 32_060 })),
        jumps: [{ before: 62_000, byMs: 30_000 }],
      },
      'G9: a timer fired before it was due',
    ],
    [
      'a timer that fired too early, long after the database’s clock was set back',
      {
        timers: good.timers.map((one) => ({ ...one, dueAt: 32_060 })),
        jumps: [{ before: 29_000, byMs: 30_000 }],
      },
      'G9: a timer fired before it was due',
    ],
    ['a timer that fired twice', again('timer:t1:2.0'), 'G9: a timer fired twice'],
    ['a timer that nobody armed', { timers: [] }, 'G9: a timer fired that was never armed'],
    ['a timer that never fired', without('timer:t1:2.0'), 'G9: a timer went away and never fired'],
    [
      'a timer that is overdue',
      {
        left: {
          ...good.left,
          timers: [{ address: 'clock/k', id: 't2', armed: '3.0', overdueMs: 10, status: 'active' }],
        },
      },
      'G9: a timer is overdue',
    ],
    [
      'an action that was never done',
      { executed: good.executed.filter(({ kind }) => kind !== 'action') },
      'G16: an action was never done',
    ],
    [
      'work that nobody has',
      {
        ...without('invocation:job/j:1:0'),
        ...withActor('job/j', { children: { work: { born: '1.0' } } }),
      },
      'G8: an actor waits for work that nobody has',
    ],
    [
      'a claim that two workers held',
      {
        executed: [
          ...good.executed,
          { kind: 'begin', effectId: 'job/j:1:0', address: 'job/j', attempts: 2, pid: 13, at: 1_901 },
        ],
      },
      'G6: two workers held one claim',
    ],
    [
      'an outcome that nobody came to',
      { executed: good.executed.filter(({ kind }) => kind !== 'end') },
      'G2: an outcome was applied that no execution came to',
    ],
    [
      'the outcome of a claim that was lost',
      {
        claims: [
          ...good.claims.slice(0, 2),
          { op: 'finished', effectId: 'job/j:1:0', attempts: 1, claimedBy: '11.x', leaseLeftMs: null, at: 1_960 },
        ],
      },
      'G6: a claim that was lost brought its outcome',
    ],
    [
      'work that was finished twice',
      {
        claims: [
          ...good.claims,
          { op: 'finished', effectId: 'job/j:1:0', attempts: 2, claimedBy: '12.x', leaseLeftMs: null, at: 1_970 },
        ],
      },
      'G6: work was finished twice',
    ],
    [
      'an effect that was repeated and must not be',
      { executed: [...good.executed, { kind: 'unsafe', key: 'run/1:once', pid: 13, at: 1_060 }] },
      'G17: an effect that must not be repeated was',
    ],
    [
      'work that was taken from a worker whose lease stood',
      { claims: good.claims.map((one) => ({ ...one, leaseLeftMs: 500 })) },
      'G26: work was taken from a worker whose lease stood',
    ],
    [
      'a command with a stale token',
      {
        executed: [
          ...good.executed,
          { kind: 'command', device: 'd', token: 2, key: 'k3', name: 'press', fresh: true, at: 1_060 },
        ],
      },
      'G11: a command was accepted with a stale token',
    ],
    ['two holders', { leases: good.leases.filter(({ op }) => op !== 'ended') }, 'G10: two held one device'],
    [
      'a token that was given twice',
      { leases: good.leases.map((one) => ({ ...one, token: 1 })) },
      'G11: a token was given twice',
    ],
    [
      'a device that was given out uncleaned',
      {
        history: good.history.map((one) =>
          one.messageId === 'l2' ? { ...one, effects: one.effects.slice(0, 1) } : one,
        ),
      },
      'G12: a device was given out before it was clean',
    ],
    [
      'a device that was given out while it was held',
      { history: good.history.map((one) => (one.messageId === 'l2' ? { ...one, effects: [] } : one)) },
      'G10: a device was given out that was held',
    ],
    [
      'a lease that ran out and stands',
      { left: { ...good.left, leases: [{ device: 'd', ticket: 'a', overdueMs: 60_000 }] } },
      'G14: a lease that ran out still stands',
    ],
    [
      'stuck mail',
      { left: { ...good.left, mail: [{ address: 'cell/a', messageId: 'm7', ageMs: 9_000, status: 'active' }] } },
      'G8: mail is stuck',
    ],
    [
      'work that is left over',
      {
        left: {
          ...good.left,
          invocations: [{ effectId: 'e', address: 'job/j', kind: 'promise', attempts: 1, status: 'active' }],
        },
      },
      'G8: work is left over',
    ],
    [
      'a message that was laid aside without a reason',
      {
        letters: [
          { address: 'cell/a', messageId: 'm8', kind: 'message', reason: 'duplicate key', event: { type: 'PUT' } },
        ],
      },
      'G27: a message was laid aside that is no poison',
    ],
    ['a parked actor', withActor('relay/r', { status: 'parked' }), 'G23: an actor is parked'],
    ['a leak of connections', { left: { ...good.left, connections: 21 } }, 'leak: connections were not given back'],
  ]

  it.each(fabricated)('%s', (_what, broken, expected) => {
    expect(judge(broken)).toContain(expected)
  })
})
