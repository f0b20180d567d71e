import { expect, it } from 'vitest'
import type { GraphNode } from '../../core/graph.ts'
import type { Json } from '../../core/json.ts'
import type { MachineEvent } from '../../core/message.ts'
import { alert } from '../../machines/alert.ts'
import { describe } from '../../machines/describe.ts'
import { device } from '../../machines/device.ts'
import { hostMachines } from '../../machines/host.ts'
import { lock } from '../../machines/lock.ts'
import type { Identity } from '../../machines/scope.ts'
import { firstStep, step } from '../../machines/step.ts'

const identity: Identity = { address: 'lock/paris', parent: null, childId: null, revision: 1 }

it('runs under the durable host: answers are mail, news are events, the deadline is a timer, cleaning an invocation', () => {
  const hosted = hostMachines({ lock, device, alert }, { stamped: ['lock', 'device', 'alert'] }).get('lock')
  if (!hosted) throw new Error('the lock is not hosted')
  let { snapshot } = firstStep(hosted, identity, { pool: 'paris', at: 1_000 })
  const effectsOf = (event: MachineEvent): unknown[] => {
    const next = step(hosted, identity, JSON.parse(JSON.stringify(snapshot)), event)
    snapshot = next.snapshot
    return next.effects
  }
  const report = {
    type: 'DEVICE',
    device: 'd1',
    kind: 'stb',
    labels: {},
    online: true,
    health: 'good',
    maintenance: false,
  }
  const owner: Json = { kind: 'run', id: 'r' }
  expect(effectsOf({ ...report, at: 1_000 })).toEqual([])
  const ask = { type: 'ACQUIRE', ticket: 't', owner, replyTo: 'run/r', wants: { kind: 'stb' }, priority: 50 }
  expect(effectsOf({ ...ask, at: 1_000 })).toMatchObject([
    { type: 'emit', event: { type: 'resource.acquired', subject: 'd1' } },
    { type: 'send', to: { address: 'run/r' }, event: { type: 'lock.granted', leases: [{ device: 'd1', token: 1 }] } },
    { type: 'cancel', id: 'deadline' },
    { type: 'timer', id: 'deadline', delayMs: 60_000, event: { type: 'DEADLINE' } },
  ])
  expect(effectsOf({ type: 'DEADLINE', at: 61_000 })).toMatchObject([
    { type: 'invoke', id: 'cleanup-d1-2', src: 'cleanup', input: { device: 'd1', token: 2 } },
    { type: 'emit', event: { type: 'resource.lost', subject: 'd1' } },
    { type: 'send', to: { address: 'run/r' }, event: { type: 'lock.lost', reason: 'expired' } },
    { type: 'cancel', id: 'deadline' },
    { type: 'timer', id: 'deadline', delayMs: 120_000 },
  ])
  const failed = {
    type: 'xstate.error.actor.cleanup-d1-2',
    error: { name: 'Error', message: 'no picture' },
    at: 62_000,
  }
  expect(effectsOf(failed)).toMatchObject([
    { type: 'stop', id: 'cleanup-d1-2' },
    {
      type: 'send',
      to: { address: 'device/d1' },
      event: { type: 'SUSPECT', token: 2, reason: 'clean-up failed: no picture' },
    },
    { type: 'cancel', id: 'deadline' },
  ])
  expect(snapshot).toMatchObject({ status: 'active', value: 'idle', children: {} })
})

it('explains every state of every chart to an operator', () => {
  const nodes = (node: GraphNode): GraphNode[] => [node, ...node.children.flatMap(nodes)]
  for (const machine of [lock, device, alert]) {
    for (const node of nodes(describe(machine).root)) expect(node.description, node.id).toMatch(/^[A-Z].{20,}[.!?]$/)
  }
})
