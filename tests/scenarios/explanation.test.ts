import { describe, expect, it } from 'vitest'
import type { Why } from '../../actors/agents/inspect/actors-api.ts'
import { eventually } from '../support/eventually.ts'
import { backends } from '../support/redis.ts'
import { register } from './foreign-lab.ts'
import { note, openStage, pause } from './stage.ts'

describe.each(await backends())('"why is it in this state?" on $name', ({ redisUrl }) => {
  const stage = openStage({ redisUrl })
  const why = (address: string): Promise<Why> => stage.at.get(`/v1/actors/${address}/why`)

  it('is answered for an agent: where it stands, what brought it there, what it waits for and what it would refuse', async () => {
    await stage.publish({ id: 'asked', on: 'asked.go', steps: [pause('20s')], config: { max_parallel_tasks: 1 } })
    expect(await why('agent/asked')).toMatchObject({
      status: 'active',
      value: 'idle',
      waitingFor: expect.stringMatching(/event/),
    })
    const before = new Date()
    const event = await stage.post({ type: 'asked.go' })
    await stage.becomes('asked', 'running')
    const running = await why('agent/asked')
    expect(running.states).toEqual([{ path: 'running', description: expect.stringMatching(/run is under way/) }])
    expect(running.lastTransition).toMatchObject({
      event: { type: 'TRIGGER', task: { eventId: event.id } },
      from: 'idle',
      to: 'running',
      cause: `event:${event.id}`,
    })
    expect(new Date(running.since).getTime()).toBeGreaterThan(before.getTime() - 1_000)
    expect(running.waitingFor).toBe('1 run to finish')
    expect(running.nextEvents).toEqual(expect.arrayContaining(['PAUSE', 'STOP', 'TRIGGER']))
    expect(running.refusedEvents.map(({ type }) => type)).toEqual(expect.arrayContaining(['RESUME', 'RETRY', 'START']))
    for (const { type, reason } of running.refusedEvents)
      expect([type, reason]).toEqual([type, expect.stringMatching(/\w/)])
  })

  it('is answered in the same words by what the actor does: what it would refuse is refused, the rest is not', async () => {
    await stage.publish({ id: 'true', on: 'true.go', steps: [note('x')] })
    const { nextEvents, refusedEvents } = await why('agent/true')
    const send = (type: string): Promise<Response> =>
      stage.at.request('POST', '/v1/actors/agent/true/events', { type, by: 'a test', reason: '' })
    const commands = refusedEvents.map(({ type }) => type).filter((type) => /^[A-Z]+$/.test(type))
    expect(commands.length).toBeGreaterThan(2)
    for (const type of commands) expect([type, (await send(type)).status]).toEqual([type, 409])
    expect(nextEvents).toContain('PAUSE')
    expect((await send('PAUSE')).ok).toBe(true)
    await stage.becomes('true', 'paused')
    const { lastTransition } = await why('agent/true')
    // The name is that of the key that sent it, whatever the message said.
    expect(lastTransition?.event).toMatchObject({ type: 'PAUSE', by: 'local' })
  })

  it('is answered for a run that waits for its device, and for the lock that lets it wait', async () => {
    await register(stage.at, 'wanted', 'http://127.0.0.1:9', 'wanted')
    const body = { pool: 'wanted', wants: { devices: ['wanted'] }, reason: 'by hand' }
    const { ticket } = await stage.at.post<{ ticket: string }>('/v1/tickets', body)
    await stage.publish({ id: 'waiter', on: 'waiter.go', device: { acquire: 'wanted' }, steps: [note('x')] })
    await stage.post({ type: 'waiter.go' })
    const run = await eventually('the run to queue', async () => {
      const [first] = await stage.runs('waiter')
      return first?.state === 'waitingForDevice' && first
    })
    const waiting = await eventually('its place in the queue to be known', async () => {
      const now = await why(run.address)
      return now.waitingFor.includes('queue') && now
    })
    expect(waiting.states.map(({ path }) => path)).toEqual(['waitingForDevice'])
    expect(waiting.waitingFor).toBe('device wanted: place 1 in the queue when it asked')
    const tell = (type: string) => stage.at.post('/v1/actors/device/wanted/events?wait=10s', { type, reason: 'warm' })
    await tell('SUSPECT')
    expect((await why(run.address)).waitingFor).toBe('device wanted, which is suspect: somebody must vouch for it')
    await tell('HEALTHY')
    expect((await why(run.address)).waitingFor).toBe(waiting.waitingFor)
    const lock = await why('lock/wanted')
    expect(lock).toMatchObject({
      value: 'contended',
      states: [{ description: expect.stringContaining('Someone waits') }],
    })
    await stage.at.post(`/v1/runs/${run.id}/cancel`, { reason: 'enough' })
    await stage.ended('waiter', 1)
    expect(await why(run.address)).toMatchObject({
      status: 'done',
      nextEvents: [],
      waitingFor: expect.stringContaining('ended'),
    })
    await stage.at.request('DELETE', `/v1/tickets/${ticket}`)
  })
})
