import fc from 'fast-check'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assign, fromPromise, setup } from 'xstate'
import type { Address } from '../../core/address.ts'
import { AppError } from '../../core/errors.ts'
import { eventually } from '../support/eventually.ts'
import { openRuntime } from './open.ts'

const never = fromPromise(() => new Promise<never>(() => undefined))
const counter = setup({ actors: { never } }).createMachine({
  context: { count: 0, words: [] as string[] },
  initial: 'idle',
  on: { ADD: { actions: assign({ count: ({ context }) => Number(context.count) + 1 }) } },
  states: {
    idle: { on: { WAIT: 'waiting', WORK: 'working' } },
    // An hour: it never comes in a test, and must not be lost.
    waiting: { after: { 3_600_000: 'idle' }, on: { BACK: 'idle' } },
    working: { invoke: { id: 'job', src: 'never', input: { much: 1 } }, on: { BACK: 'idle' } },
  },
})

describe('a history that is made to begin later', () => {
  const open = openRuntime({ machines: { counter } })
  let sql: postgres.Sql
  beforeAll(() => {
    sql = postgres(open.databaseUrl, { max: 1 })
  })
  afterAll(() => sql.end())
  let made = 0

  async function actor(events: readonly string[]): Promise<Address> {
    const address = await open.runtime.spawn('counter', { key: `a${made++}` })
    for (const type of events) await open.runtime.send(address, { type })
    await open.runtime.settled(address)
    return address
  }
  const revisions = async (address: Address): Promise<number[]> =>
    (await sql<{ revision: string }[]>`select revision from history where address = ${address} order by revision`).map(
      ({ revision }) => Number(revision),
    )

  it('replays to the same bytes from wherever it begins, whatever came before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('ADD', 'WAIT', 'WORK', 'BACK', 'NOBODY_KNOWS'), { minLength: 1, maxLength: 12 }),
        fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 3 }),
        async (events, cuts) => {
          const address = await actor(events)
          const { revision, snapshot } = await open.runtime.replay(address)
          for (const first of cuts.map((cut) => 1 + (cut % revision)).sort((a, b) => a - b)) {
            expect(await open.runtime.compact(address, first)).not.toMatchObject({ why: 'unproven' })
            const again = await open.runtime.replay(address)
            expect(again.equal).toBe(true)
            expect(JSON.stringify(again.snapshot)).toBe(JSON.stringify(snapshot))
          }
        },
      ),
      { numRuns: 15 },
    )
  }, 120_000)

  it('keeps what is younger, and says of what is older that it is gone and where the history begins', async () => {
    const address = await actor(['ADD', 'ADD', 'ADD', 'ADD'])
    const [third, fourth] = [await open.runtime.replay(address, 3), await open.runtime.replay(address, 4)]
    expect(await open.runtime.compact(address, 3)).toEqual({ done: true, first: 3, dropped: 2 })
    expect(await revisions(address)).toEqual([3, 4, 5])
    const now = await open.runtime.replay(address, 3)
    expect([now.snapshot, now.entry, now.before]).toEqual([third.snapshot, third.entry, null])
    expect((await open.runtime.replay(address, 4)).snapshot).toEqual(fourth.snapshot)
    await expect(open.runtime.replay(address, 2)).rejects.toMatchObject({
      code: 'history.compacted',
      status: 410,
      details: { address, first: 3, revision: 5 },
    })
    expect(await open.runtime.compact(address, 2)).toEqual({ done: true, first: 3, dropped: 0 })
  })

  it('goes on as before: it counts on, knows the ids that it still has, and takes a forgotten one for new', async () => {
    const address = await actor([])
    for (const id of ['old', 'kept']) await open.runtime.send(address, { type: 'ADD' }, { id })
    await open.runtime.settled(address)
    await open.runtime.compact(address, 3)
    expect(await open.runtime.ask(address, { type: 'ADD' }, { id: 'kept' })).toMatchObject({ duplicate: true })
    expect(await open.runtime.ask(address, { type: 'ADD' }, { id: 'old' })).toMatchObject({ duplicate: false })
    expect(await open.runtime.replay(address)).toMatchObject({ equal: true, snapshot: { context: { count: 3 } } })
  })

  it('can be forked where it begins: delays, work that was under way, and where it came from itself', async () => {
    const waiting = await actor(['ADD', 'WAIT', 'ADD'])
    await open.runtime.compact(waiting, 4)
    const fork = await open.runtime.fork(waiting, { at: 4, key: `fork${made++}` })
    expect(fork.delays).toHaveLength(1)

    const working = await actor(['WORK', 'ADD'])
    await open.runtime.compact(working, 3)
    const worker = await open.runtime.fork(working, { at: 3, key: `fork${made++}` })
    expect(worker.held).toMatchObject([{ id: 'job', src: 'never' }])
    const [pending] = await sql<{ input: unknown }[]>`
      select event -> 'pending' -> 0 -> 'input' as input from history where address = ${worker.address} and revision = 1`
    expect(pending?.input).toEqual({ much: 1 })

    await open.runtime.send(fork.address, { type: 'ADD' })
    await open.runtime.settled(fork.address)
    await open.runtime.compact(fork.address, 2)
    expect((await open.runtime.snapshot(fork.address)).forkedFrom).toEqual({ address: waiting, revision: 4 })
    for (const address of [working, worker.address]) await open.runtime.send(address, { type: 'BACK' })
  })

  it('stays as it is when its replay does not give what is stored', async () => {
    const address = await actor(['ADD', 'ADD'])
    const [kept] = await sql<{ snapshot: string }[]>`select snapshot::text from actors where address = ${address}`
    await sql`update actors set snapshot = replace(snapshot::text, '"count":2', '"count":7')::json where address = ${address}`
    expect(await open.runtime.compact(address, 2)).toEqual({ done: false, why: 'unproven' })
    expect(await revisions(address)).toEqual([1, 2, 3])
    await sql`update actors set snapshot = ${kept?.snapshot ?? ''}::text::json where address = ${address}`
  })

  it('does not cost a proof for little: some of a long history waits until it is a tenth', async () => {
    const address = await actor(Array(39).fill('ADD'))
    expect(await open.runtime.compact(address, 3)).toEqual({ done: false, why: 'small' })
    expect(await open.runtime.compact(address, 6)).toEqual({ done: true, first: 6, dropped: 5 })
  })

  it('is finished by the next one when a process dies in the middle', async () => {
    const address = await actor(['ADD', 'ADD', 'ADD'])
    await open.runtime.compact(address, 3)
    // As it would be after the snapshot was stored, and before the last delete.
    await sql`insert into history (address, revision, message_id, event, to_value, status, effects, handled, machine_hash)
      values (${address}, 2, 'left', '{"type":"ADD"}', '{}', 'active', '[]', true, '')`
    expect(await open.runtime.replay(address)).toMatchObject({ equal: true })
    expect(await open.runtime.compact(address, 3)).toEqual({ done: true, first: 3, dropped: 1 })
  })

  it('may become shorter while it grows', async () => {
    const address = await actor(['ADD'])
    const sending = (async () => {
      for (let n = 0; n < 60; n++) await open.runtime.ask(address, { type: 'ADD' })
    })()
    let ended = false
    void sending.then(() => (ended = true))
    await eventually(
      'the last one to be sent',
      async () => {
        const { revision } = await open.runtime.snapshot(address)
        await open.runtime.compact(address, revision)
        expect((await open.runtime.replay(address)).snapshot.context).toBeDefined()
        return ended
      },
      { timeoutMs: 60_000 },
    )
    await sending
    expect(await open.runtime.replay(address)).toMatchObject({ equal: true, snapshot: { context: { count: 61 } } })
  }, 90_000)

  it('shows no reader a gap: whoever has read up to somewhere is told that what follows is gone', async () => {
    const address = await actor([])
    await Promise.all(Array.from({ length: 900 }, () => open.runtime.send(address, { type: 'ADD' })))
    await open.runtime.settled(address)
    const reading = open.runtime.history(address)[Symbol.asyncIterator]()
    expect((await reading.next()).value).toMatchObject({ revision: 1 })
    await open.runtime.compact(address, 800)
    const read = [1]
    const rest = (async () => {
      for (let next = await reading.next(); next.done !== true; next = await reading.next())
        read.push(next.value.revision)
    })()
    await expect(rest).rejects.toMatchObject({
      code: 'history.compacted',
      status: 410,
      details: { address, first: 800 },
    })
    expect(read).toEqual(read.map((_, place) => place + 1))
    const following = open.runtime.follow(address, { after: 5 })[Symbol.asyncIterator]()
    await expect(following.next()).rejects.toMatchObject({ code: 'history.compacted' })
  }, 60_000)

  it('is proven and forked as it was, or said to be gone, by those who read while it becomes shorter', async () => {
    const address = await actor(['ADD', 'WAIT'])
    const gone = (error: unknown): undefined => {
      if (error instanceof AppError && error.code === 'history.compacted') return
      throw error
    }
    for (let round = 0; round < 60; round++) {
      const { revision } = await open.runtime.ask(address, { type: 'ADD' })
      const compacting = open.runtime.compact(address, revision)
      const sending = open.runtime.ask(address, { type: 'ADD' })
      const [whole, past, fork] = await Promise.all([
        open.runtime.replay(address),
        open.runtime.replay(address, revision - 1).catch(gone),
        open.runtime.fork(address, { at: revision - 1, key: `beside${made++}` }).catch(gone),
        sending.then(() => compacting).then(async () => open.runtime.compact(address, revision + 1)),
      ])
      expect(whole.equal).toBe(true)
      if (past) expect(past.entry.revision).toBe(revision - 1)
      if (fork) expect(fork.delays).toHaveLength(1)
    }
  }, 120_000)
})
