import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { backends } from '../support/redis.ts'
import { type Ledger, startLedger } from './foreign-lab.ts'
import { note, type Run, stageOn } from './stage.ts'

describe.each(await backends())('a run that needs a person on $name', ({ redisUrl }) => {
  let at: TestPlatform
  let ledger: Ledger
  const stage = stageOn(() => at)
  beforeAll(async () => {
    ledger = await startLedger()
    at = await startPlatform({ redisUrl, allowedHosts: [ledger.host] })
  })
  afterAll(async () => {
    await at.stop()
    await ledger.stop()
  })

  const book = (id: string) => ({
    id: 'book',
    uses: 'http.request',
    with: { url: `http://${ledger.host}/${id}`, method: 'POST' },
  })
  const bookings = (id: string): number => ledger.booked.filter((url) => url === `/${id}`).length
  const standing = (agent: string, state: string): Promise<Run> =>
    eventually(`the run of ${agent} to be ${state}`, async () => {
      const [run] = await stage.runs(agent)
      return run?.state.endsWith(state) && run
    })

  async function doubtful(id: string): Promise<Run> {
    ledger.answering = false
    await stage.publish({
      id,
      on: `${id}.go`,
      steps: [{ ...book(id), timeout: '300ms' }, note('after')],
    })
    await stage.post({ type: `${id}.go` })
    return standing(id, 'suspended')
  }

  it('never repeats a call blindly of which nobody knows whether it was done, and goes on when a person takes it as done', async () => {
    const run = await doubtful('skipping')
    expect(bookings('skipping')).toBe(1)
    const why = await at.get<{ waitingFor: string; nextEvents: string[] }>(`/v1/actors/run/${run.id}/why`)
    expect(why.waitingFor).toBe('RETRY, SKIP or CANCEL: nobody knows whether http.request in step book was done')
    expect((await stage.run(run.id)).steps).toMatchObject([{ step: 'book', status: 'unknown' }])
    await at.post(`/v1/runs/${run.id}/decide`, { decision: 'skip', reason: 'it is in the ledger' })
    expect(await stage.ended('skipping', 1)).toMatchObject([{ outcome: 'succeeded' }])
    expect((await stage.run(run.id)).steps.map(({ status }) => status)).toEqual(['skipped', 'succeeded'])
    expect(bookings('skipping')).toBe(1)
  })

  it('does the call again when a person says so', async () => {
    const run = await doubtful('repeating')
    ledger.answering = true
    await at.post(`/v1/runs/${run.id}/decide`, { decision: 'retry', reason: 'it is not in the ledger' })
    expect(await stage.ended('repeating', 1)).toMatchObject([{ outcome: 'succeeded' }])
    expect(bookings('repeating')).toBe(2)
  })

  it('ends when a person gives it up', async () => {
    const run = await doubtful('giving-up')
    await at.post(`/v1/runs/${run.id}/decide`, { decision: 'abort', reason: 'too late' })
    expect(await stage.ended('giving-up', 1)).toMatchObject([
      { outcome: 'aborted', reason: expect.stringContaining('too late') },
    ])
    expect(bookings('giving-up')).toBe(1)
  })

  it('is not ended by a word for what it was before', async () => {
    const run = await doubtful('looked-at')
    const { revision } = await at.get<{ revision: number }>(`/v1/actors/run/${run.id}`)
    const cancel = async (seen: number): Promise<number> =>
      (await at.request('POST', `/v1/runs/${run.id}/cancel`, {}, { 'if-match': `"${seen}"` })).status
    expect(await cancel(revision - 1)).toBe(412)
    expect(await cancel(revision)).toBe(200)
    expect(await stage.ended('looked-at', 1)).toMatchObject([{ outcome: 'aborted' }])
  })

  it.each([
    ['does what was approved, once', 'approve', 'succeeded', 1],
    ['does not do what was denied', 'deny', 'failed', 0],
  ])('%s', async (_what, decision, outcome, times) => {
    ledger.answering = true
    const id = `${decision}-it`
    await stage.publish({
      id,
      on: `${id}.go`,
      steps: [note('before'), book(id), note('after')],
      config: { approval_required_for: ['http.*'] },
    })
    await stage.post({ type: `${id}.go` })
    const run = await standing(id, 'awaitingApproval')
    expect(bookings(id)).toBe(0)
    await at.post(`/v1/runs/${run.id}/${decision}`, { reason: 'I looked' })
    expect(await stage.ended(id, 1)).toMatchObject([{ outcome }])
    expect(bookings(id)).toBe(times)
    expect((await stage.run(run.id)).steps[0]).toMatchObject({ step: 'step-1', attempt: 1 })
    expect(await stage.becomes(id, 'idle')).toMatchObject({ backlog: 0 })
  })

  it('takes a word for the step that was looked at, and not for the one that asks by now', async () => {
    ledger.answering = true
    const id = 'two-gates'
    await stage.publish({
      id,
      on: `${id}.go`,
      steps: [
        { ...book(id), id: 'first' },
        { ...book(id), id: 'second' },
      ],
      config: { approval_required_for: ['http.*'] },
    })
    await stage.post({ type: `${id}.go` })
    const run = await standing(id, 'awaitingApproval')
    const approve = (step: string): Promise<Response> =>
      at.request('POST', `/v1/runs/${run.id}/approve`, { reason: 'I looked', step })
    expect((await approve('second')).status).toBe(409)
    expect((await approve('first')).status).toBe(200)
    await eventually('the second gate', async () => {
      const actor = await at.get<{ context: { asking: { step: string } | null } }>(`/v1/actors/run/${run.id}`)
      return actor.context.asking?.step === 'second'
    })
    // Somebody else who still sees the first question says yes to it, late.
    for (const late of [await approve('first'), await at.request('POST', `/v1/runs/${run.id}/deny`, { step: 'first' })])
      expect([late.status, ((await late.json()) as { code: string }).code]).toEqual([409, 'event.refused'])
    expect(bookings(id)).toBe(1)
    expect((await approve('second')).status).toBe(200)
    expect(await stage.ended(id, 1)).toMatchObject([{ outcome: 'succeeded' }])
    expect(bookings(id)).toBe(2)
  })
})
