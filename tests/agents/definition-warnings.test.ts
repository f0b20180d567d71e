import { expect, it } from 'vitest'
import { AgentDefinition } from '../../actors/agents/format/definition.ts'
import { warningsOf } from '../../actors/agents/registry/definition-warnings.ts'

const base = { metadata: { id: 'a', name: 'A', version: '1.0.0' }, playbook: { steps: [{ uses: 'note.add' }] } }
const warnings = (more: object) => warningsOf(AgentDefinition.parse({ ...base, ...more }))

it('is silent about a definition that gets all it asks for', () => {
  const policies = {
    for: '20s',
    dedupe: { key: ['fingerprint'], window: '1h' },
    group: { by: ['host'] },
    limits: [{ max: 3, per: '1h' }],
    cooldown: { for: '1m' },
    concurrency: { mode: 'queue' },
    correlate: { onResolved: 'cancel' },
  }
  expect(warnings({ triggers: [{ on: 'a.b', priority: 'high', filters: { x: 1 }, ...policies }] })).toEqual([])
})

it('names each key that is kept without an effect, with its place', () => {
  const correlate = { onResolved: 'resume', onRepeated: 'update', onEscalated: 'raise' }
  expect(warnings({ triggers: [{ on: 'a' }, { on: 'b', correlate }], event_pools: ['p'] })).toEqual([
    'triggers[1].correlate.onResolved: resume is kept, but has no effect in this version',
    'triggers[1].correlate.onRepeated is kept, but has no effect in this version',
    'triggers[1].correlate.onEscalated is kept, but has no effect in this version',
    'event_pools is kept, but has no effect in this version',
  ])
})

it('tells of keys that name nothing, which may have been published when they had no effect', () => {
  expect(warnings({ triggers: [{ on: 'a', cooldown: { for: '1m', key: 'box' } }] })).toEqual([
    expect.stringMatching(/^triggers\[0\]\.cooldown\.key: expected agent, device, .* got "box"/),
  ])
})

it('says that an agent without a playbook cannot work', () => {
  expect(warnings({ playbook: undefined })).toEqual([
    'there is neither a playbook nor a model: runs of this agent fail',
  ])
  expect(warnings({ playbook: undefined, model: {} })).toEqual([
    'model is kept, but no model runs in this version: runs of this agent fail',
  ])
})
