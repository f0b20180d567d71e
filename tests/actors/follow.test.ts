import postgres from 'postgres'
import { describe, expect, it } from 'vitest'
import { assign, createMachine } from 'xstate'
import { currentCursor, type HistoryEntry } from '../../db/history.ts'
import { eventually } from '../support/eventually.ts'
import { backends } from '../support/redis.ts'
import { on, openRuntime, take } from './open.ts'

const counter = createMachine({
  context: { n: 0 },
  on: { ADD: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
})

/** What is added to these actors, out of everything: a cursor may lie a little before now. */
async function* additions(entries: AsyncIterable<HistoryEntry>, addresses: string[]): AsyncGenerator<HistoryEntry> {
  for await (const entry of entries) if (addresses.includes(entry.address) && entry.event.type === 'ADD') yield entry
}

describe.each(await backends())('following on $name', ({ redisUrl }) => {
  const open = openRuntime({ ...on(redisUrl), machines: { counter } })

  async function add(address: string, times: number): Promise<void> {
    for (let n = 0; n < times; n++) await open.runtime.send(address, { type: 'ADD' })
  }

  it('gives what was before and what comes, in order, from a revision on', async () => {
    const { runtime } = open
    const address = await runtime.spawn('counter', { key: 'one' })
    await add(address, 3)
    await runtime.settled(address)
    const following = take(runtime.follow(address, { after: 2 }), 4)
    await add(address, 2)
    expect((await following).map(({ revision }) => revision)).toEqual([3, 4, 5, 6])
  })

  it('ends with its signal, also while nothing happens', async () => {
    const { runtime } = open
    const address = await runtime.spawn('counter', { key: 'quiet' })
    const end = new AbortController()
    const seen: number[] = []
    const following = (async () => {
      for await (const { revision } of runtime.follow(address, { signal: end.signal })) seen.push(revision)
    })()
    await eventually('the birth', () => seen.length === 1)
    end.abort()
    await following
    expect(seen).toEqual([1])
  })

  it('has neither gaps nor doubles when its connections are cut again and again', async () => {
    const { runtime } = open
    const address = await runtime.spawn('counter', { key: 'cut' })
    const following = take(runtime.follow(address), 201)
    const cursor = await currentCursor(runtime.sql)
    const everything = take(additions(runtime.followAll({ cursor }), [address]), 200)
    const knife = postgres(open.databaseUrl, { max: 1 })
    for (let n = 0; n < 200; n++) {
      if (n % 40 === 20) {
        await knife`select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen "troupe_live"%'`
      }
      await runtime.send(address, { type: 'ADD' })
    }
    await knife.end()
    const revisions = (await following).map(({ revision }) => revision)
    expect(revisions).toEqual(Array.from({ length: 201 }, (_, n) => n + 1))
    expect((await everything).map(({ revision }) => revision)).toEqual(revisions.slice(1))
  })

  it('of all actors skips nothing that commits late', async () => {
    const { runtime } = open
    const addresses = await runtime.spawnAll(
      'counter',
      Array.from({ length: 12 }, (_, n) => ({ key: `all-${n}` })),
    )
    const cursor = await currentCursor(runtime.sql)
    const everything = take(additions(runtime.followAll({ cursor }), addresses), 12 * 20)
    // Holds the horizon back for a while, as a slow commit elsewhere would.
    const slow = postgres(open.databaseUrl, { max: 1 })
    const held = slow.begin(async (tx) => {
      await tx`select pg_current_xact_id()`
      await new Promise((resolve) => setTimeout(resolve, 500))
    })
    await Promise.all(addresses.map((address) => add(address, 20)))
    await held
    await slow.end()
    const seen = await everything
    expect(new Set(seen.map(({ address, revision }) => `${address} ${revision}`)).size).toBe(12 * 20)
    for (const address of addresses) {
      const own = seen.filter((entry) => entry.address === address).map(({ revision }) => revision)
      expect(own).toEqual(Array.from({ length: 20 }, (_, n) => n + 2))
    }
  })
})
