import { describe, expect, it } from 'vitest'
import { assign, cancel, createMachine, raise, sendTo } from 'xstate'
import { createRuntime } from '../../actors/runtime.ts'
import { actorAt } from '../../machines/ref.ts'
import { createTestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { expectInvariants } from '../support/invariants.ts'
import { backends } from '../support/redis.ts'
import { on, openRuntime, take } from './open.ts'

const egg = createMachine({
  initial: 'cooking',
  context: ({ input }: { input: unknown }) => ({ ms: (input as { ms?: number } | null)?.ms ?? 60 }),
  states: {
    cooking: {
      after: { cooked: 'done', 86_400_000: 'forgotten' },
      on: { TAKE: 'taken', AGAIN: { target: 'cooking', reenter: true } },
    },
    taken: {},
    forgotten: {},
    done: {},
  },
}).provide({ delays: { cooked: ({ context }: { context: { ms: number } }) => context.ms } })

const snooze = createMachine({
  context: { rings: 0 },
  on: {
    SET: { actions: raise({ type: 'RING' }, { delay: 400, id: 'alarm' }) },
    UNSET: { actions: cancel('alarm') },
    RING: { actions: assign({ rings: ({ context }) => context.rings + 1 }) },
    PASS: { actions: sendTo(() => actorAt('snooze/other'), { type: 'RING' }, { delay: 400, id: 'pass' }) },
    PASS_NOT: { actions: cancel('pass') },
  },
})

describe.each(await backends())('timers on $name', ({ redisUrl }) => {
  const open = openRuntime({ ...on(redisUrl), machines: { egg, snooze } })

  it('fire once, not before their time by the clock of the database', async () => {
    const { runtime } = open
    const address = await runtime.spawn('egg', { key: 'one' })
    const [birth, fired] = await take(runtime.follow(address), 2)
    expect(fired).toMatchObject({ event: { type: 'xstate.after.cooked.(machine).cooking' }, to: 'done' })
    const waitedMs = (fired?.at.getTime() ?? 0) - (birth?.at.getTime() ?? 0)
    expect(waitedMs).toBeGreaterThanOrEqual(59)
    expect((await runtime.snapshot(address)).waitingFor).toBe('nothing it could ever receive')
  })

  it('never fire once their state is left, also when they were due already', async () => {
    const { runtime } = open
    const address = await runtime.spawn('egg', { key: 'taken', input: { ms: 400 } })
    await runtime.send(address, { type: 'TAKE' })
    const later = await runtime.spawn('egg', { key: 'after-it', input: { ms: 500 } })
    await eventually('a later timer', async () => (await runtime.snapshot(later)).value === 'done')
    expect(await runtime.snapshot(address)).toMatchObject({ value: 'taken', revision: 2 })
  })

  it('wait for their time, whatever else their actor is told meanwhile', async () => {
    const { runtime } = open
    const address = await runtime.spawn('egg', { key: 'patient', input: { ms: 60_000 } })
    await runtime.send(address, { type: 'NOTHING' })
    await runtime.settled(address)
    expect(await runtime.snapshot(address)).toMatchObject({ value: 'cooking', revision: 2 })
  })

  it('fire also while their actor is told something all the time', async () => {
    const { runtime } = open
    const address = await runtime.spawn('egg', { key: 'busy', input: { ms: 300 } })
    let fired = false
    const telling = (async () => {
      while (!fired) await runtime.ask(address, { type: 'NOTHING' })
    })()
    await eventually('it to fire', async () => (await runtime.snapshot(address)).value === 'done', {
      timeoutMs: 30_000,
    }).finally(() => (fired = true))
    await telling
    const events: string[] = []
    for await (const { event } of runtime.history(address)) events.push(event.type)
    expect(events.filter((type) => type.startsWith('xstate.after'))).toHaveLength(1)
  })

  it('begin anew when their state is entered again', async () => {
    const { runtime } = open
    const address = await runtime.spawn('egg', { key: 'again', input: { ms: 80 } })
    await runtime.send(address, { type: 'AGAIN' })
    const entries = await take(runtime.follow(address), 3)
    expect(entries.map(({ event }) => event.type)).toEqual([
      'xstate.init',
      'AGAIN',
      'xstate.after.cooked.(machine).cooking',
    ])
    expect((entries[2]?.at.getTime() ?? 0) - (entries[1]?.at.getTime() ?? 0)).toBeGreaterThanOrEqual(79)
  })

  it('are what an actor says it waits for', async () => {
    const address = await open.runtime.spawn('egg', { key: 'waiting', input: { ms: 5_000 } })
    expect((await open.runtime.snapshot(address)).waitingFor).toMatch(/^a timer due in (4\.\d|5\.0) s$/)
    await open.runtime.send(address, { type: 'TAKE' })
    await open.runtime.settled(address)
  })

  it('of a delayed raise can be set again under their id, and cancelled', async () => {
    const { runtime } = open
    const address = await runtime.spawn('snooze', { key: 'one' })
    for (const type of ['SET', 'SET', 'SET']) await runtime.send(address, { type })
    await eventually('a ring', async () => (await runtime.snapshot(address)).revision === 5)
    for (const type of ['SET', 'UNSET']) await runtime.send(address, { type })
    const other = await runtime.spawn('egg', { key: 'after-unset', input: { ms: 500 } })
    await eventually('a later timer', async () => (await runtime.snapshot(other)).value === 'done')
    expect(await runtime.snapshot(address)).toMatchObject({ context: { rings: 1 }, revision: 7 })
  })

  it('of a delayed sendTo reach the other actor, unless they are cancelled in time', async () => {
    const { runtime } = open
    const address = await runtime.spawn('snooze', { key: 'passer' })
    const other = await runtime.spawn('snooze', { key: 'other' })
    for (const type of ['PASS', 'PASS_NOT', 'PASS']) await runtime.send(address, { type })
    const entries = await take(runtime.follow(other), 2)
    expect(entries[1]).toMatchObject({ event: { type: 'RING' }, sender: address })
    expect(await runtime.snapshot(other)).toMatchObject({ context: { rings: 1 } })
  })

  it('fire all, when a hundred are due at once', async () => {
    const { runtime } = open
    const births = Array.from({ length: 100 }, (_, n) => ({ key: `many-${n}`, input: { ms: 200 } }))
    const addresses = await runtime.spawnAll('egg', births)
    for (const address of addresses) {
      await eventually(`${address} to be done`, async () => (await runtime.snapshot(address)).value === 'done')
    }
  })
})

describe('a timer', () => {
  it('survives the process that set it, and fires in another one', async () => {
    const database = await createTestDatabase()
    const first = await createRuntime({ databaseUrl: database.url, machines: { egg } })
    await first.start()
    const address = await first.spawn('egg', { key: 'orphan', input: { ms: 300 } })
    await first.stop()
    const second = await createRuntime({ databaseUrl: database.url, machines: { egg } })
    await second.start()
    await eventually('the timer', async () => (await second.snapshot(address)).value === 'done')
    await expectInvariants(second, database.url)
    await second.stop()
    await database.drop()
  })
})
