import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InboxView } from '../../actors/agents/inspect/inbox-api.ts'
import type { AuditEntry } from '../../actors/agents/records/audit-api.ts'
import { note, type Stage, stageOn } from '../scenarios/stage.ts'
import { eventually } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { type Client, createClient } from './client.ts'

let running: TestPlatform
let stage: Stage
let ask: Client
beforeAll(async () => {
  running = await startPlatform()
  stage = stageOn(() => running)
  ask = createClient(running)
})
afterAll(() => running.stop())

const inbox = async (): Promise<InboxView> => (await ask<InboxView>('GET /v1/inbox', 200)).body
const audit = async (query: string): Promise<AuditEntry[]> =>
  (await ask<{ items: AuditEntry[] }>(`GET /v1/audit?${query}`, 200)).body.items

describe('the inbox', () => {
  it('is empty where nothing needs a person', async () => {
    expect(await inbox()).toEqual({ runs: [], devices: [], deadLetters: 0, parked: 0, unhandled: 0 })
  })

  it('holds a run that waits for an approval until somebody has spoken', async () => {
    const config = { approval_required_for: ['note.*'] }
    await stage.publish({ id: 'asker', on: 'asker.go', steps: [note('done')], config })
    await stage.post({ type: 'asker.go' })
    const [run] = await eventually('a run in the inbox', async () => {
      const { runs } = await inbox()
      return runs.length > 0 && runs
    })
    expect(run).toMatchObject({ agent: 'asker', state: 'holding.awaitingApproval', outcome: null })
    await ask(`POST /v1/runs/${run!.id}/approve`, 200, { body: { reason: 'seen' } })
    await eventually('the inbox to be empty', async () => (await inbox()).runs.length === 0)
  })

  it('counts events that nobody heard and letters that nobody dealt with', async () => {
    await stage.post({ type: 'unheard.of' })
    const box = { kind: 'stb', pool: 'p', host: 'h', gateway: 'http://127.0.0.1:9', connectivity: 'online' }
    await ask('PUT /v1/devices/p-1', 200, { body: box })
    // Without `wants`: its machine throws on it.
    await running.platform.runtime.send('lock/p', { type: 'ACQUIRE', ticket: 't', priority: 50 })
    await eventually('both to be counted', async () => {
      const { deadLetters, unhandled } = await inbox()
      return deadLetters === 1 && unhandled === 1
    })
    const { body } = await ask<{ items: { id: number }[] }>('GET /v1/dead-letters?open=true', 200)
    await ask(`POST /v1/dead-letters/${body.items[0]!.id}/discard`, 200)
    expect((await inbox()).deadLetters).toBe(0)
  })
})

describe('the audit', () => {
  it('says from which revision to which, and is found by person, action and target', async () => {
    await stage.publish({ id: 'audited', on: 'audited.go', steps: [note('x')] })
    await stage.publish({ id: 'another', on: 'another.go', steps: [note('x')] })
    await ask('POST /v1/instances/audited/pause', 200, { body: { reason: 'lunch' } })
    const { revision } = await stage.instance('audited')
    const [paused, ...more] = await audit('action=instance.pause')
    expect(more).toEqual([])
    expect(paused).toMatchObject({
      target: 'agent/audited',
      details: { reason: 'lunch', before: revision - 1, after: revision },
    })
    expect((await audit('target=agent/audited')).map(({ action }) => action)).toContain('instance.pause')
    const things = await audit('action=agent')
    expect(things.length).toBeGreaterThan(3)
    expect(things.every(({ action }) => action.startsWith('agent.'))).toBe(true)
    expect(await audit('action=age')).toEqual([])
    expect(await audit('principal=nobody')).toEqual([])
    expect((await audit(`principal=${paused!.principal}`)).length).toBeGreaterThan(3)
  })
})
