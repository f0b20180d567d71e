import { describe, expect, it } from 'vitest'
import {
  type AnyActorRef,
  assign,
  createMachine,
  fromPromise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  stopChild,
} from 'xstate'
import { listDeadLetters } from '../../db/dead-letters.ts'
import { eventually } from '../support/eventually.ts'
import { backends } from '../support/redis.ts'
import { on, openRuntime } from './open.ts'

const toddler = setup({
  actors: { nap: fromPromise(({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve))) },
}).createMachine({
  id: 'toddler',
  context: ({ input }: { input: unknown }) => ({
    name: (input as { name?: string } | null)?.name ?? 'nobody',
    heard: 0,
  }),
  invoke: { src: 'nap' },
  initial: 'up',
  output: ({ context }) => ({ name: (context as { name: string }).name }),
  states: {
    up: {
      on: {
        SAY: {
          actions: sendParent(({ context }) => ({ type: 'CHILD_SAYS', name: (context as { name: string }).name })),
        },
        HEAR: { actions: assign({ heard: ({ context }) => (context as { heard: number }).heard + 1 }) },
        SLEEP: 'asleep',
      },
    },
    asleep: { type: 'final' },
  },
})
const sulky = createMachine({
  id: 'sulky',
  context: () => {
    throw new Error('will not')
  },
})

const parent = setup({ actors: { toddler, sulky } }).createMachine({
  context: { log: [] as string[] },
  initial: 'home',
  states: {
    home: {
      invoke: {
        id: 'first',
        src: 'toddler',
        systemId: 'sunshine',
        input: { name: 'Ada' },
        onDone: {
          target: 'home',
          actions: assign({
            log: ({ context, event }) => [...context.log, `done ${(event.output as { name: string }).name}`],
          }),
        },
      },
      on: {
        TELL_FIRST: { actions: sendTo('first', { type: 'HEAR' }) },
        TELL_SYSTEM: { actions: sendTo(({ system }) => system.get('sunshine') as AnyActorRef, { type: 'HEAR' }) },
        TELL_GHOST: { actions: sendTo(({ system }) => system.get('ghost') as AnyActorRef, { type: 'HEAR' }) },
        CHILD_SAYS: {
          actions: assign({
            log: ({ context, event }) => [...context.log, `says ${(event as unknown as { name: string }).name}`],
          }),
        },
        ADOPT: { actions: spawnChild('toddler', { id: 'second', input: { name: 'Bob' } }) },
        LET_GO: { actions: stopChild('second') },
        AGAIN: { target: 'home', reenter: true },
        LEAVE: 'away',
        SULK: 'sulking',
        END: 'gone',
      },
    },
    sulking: {
      invoke: {
        id: 'sulker',
        src: 'sulky',
        onError: {
          target: 'away',
          actions: assign({
            log: ({ context, event }) => [...context.log, (event.error as { message: string }).message],
          }),
        },
      },
    },
    away: {},
    gone: { type: 'final' },
  },
})

describe.each(await backends())('children on $name', ({ redisUrl }) => {
  const open = openRuntime({ ...on(redisUrl), machines: { parent } })

  async function family(key: string): Promise<{ address: string; kid: string }> {
    const address = await open.runtime.spawn('parent', { key })
    return { address, kid: `parent.toddler/parent.${key}.1.0` }
  }
  async function tell(address: string, ...types: string[]): Promise<void> {
    for (const type of types) await open.runtime.send(address, { type })
    await open.runtime.settled(address)
  }
  const logOf = async (address: string) => ((await open.runtime.snapshot(address)).context as { log: string[] }).log

  it('are actors of their own, with parent, team, history and mail', async () => {
    const { runtime } = open
    const address = await runtime.spawn('parent', { key: 'plain', team: 'red' })
    const kid = 'parent.toddler/parent.plain.1.0'
    expect(await runtime.snapshot(kid)).toMatchObject({
      parent: address,
      team: 'red',
      value: 'up',
      context: { name: 'Ada' },
    })
    await tell(kid, 'HEAR')
    expect(await runtime.snapshot(kid)).toMatchObject({ context: { heard: 1 }, revision: 2 })
  })

  it('hear their parent by id and by system id, and answer it', async () => {
    const { address, kid } = await family('talk')
    await tell(address, 'TELL_FIRST', 'TELL_SYSTEM')
    await eventually('both', async () => ((await open.runtime.snapshot(kid)).context as { heard: number }).heard === 2)
    await tell(kid, 'SAY')
    await eventually('the answer', async () => (await logOf(address))[0] === 'says Ada')
  })

  it('give mail for a system id that nobody has to the dead letters', async () => {
    const { address } = await family('ghosts')
    await tell(address, 'TELL_GHOST')
    const letters = await eventually('the dead letter', async () => {
      const found = await listDeadLetters(open.runtime.sql, { address: 'system/ghost', open: true, limit: 5 })
      return found.length > 0 && found
    })
    expect(letters).toMatchObject([{ event: { type: 'HEAR' }, sender: address, reason: 'the actor does not exist' }])
  })

  it('tell their parent when they are done, with their output', async () => {
    const { address, kid } = await family('done')
    await tell(kid, 'SLEEP')
    await eventually('the news', async () => (await logOf(address))[0] === 'done Ada')
    expect(await open.runtime.snapshot(kid)).toMatchObject({ status: 'done', output: { name: 'Ada' } })
  })

  it('tell their parent when they fail at birth', async () => {
    const { address } = await family('sulk')
    await tell(address, 'SULK')
    await eventually('the news', async () => (await logOf(address))[0] === 'will not')
  })

  it('stop with their state, and what they run stops with them', async () => {
    const { address, kid } = await family('leave')
    await eventually('the nap', async () => /running/.test((await open.runtime.snapshot(kid)).waitingFor))
    await tell(address, 'LEAVE')
    await eventually('the stop', async () => (await open.runtime.snapshot(kid)).status === 'stopped')
    expect(await open.runtime.snapshot(kid)).toMatchObject({ waitingFor: 'nothing: it has ended (stopped)' })
  })

  it('stop when they are let go, and with a parent that ends', async () => {
    const { address, kid } = await family('end')
    await tell(address, 'ADOPT', 'LET_GO', 'ADOPT', 'END')
    for (const one of [kid, 'parent.toddler/parent.end.2.0', 'parent.toddler/parent.end.4.0']) {
      await eventually(`${one} to stop`, async () => (await open.runtime.snapshot(one)).status === 'stopped')
    }
  })

  it('make room, with their system id, for the next one when their state is entered again', async () => {
    const { address, kid } = await family('again')
    await tell(address, 'AGAIN', 'TELL_SYSTEM')
    const next = 'parent.toddler/parent.again.2.0'
    await eventually('the stop', async () => (await open.runtime.snapshot(kid)).status === 'stopped')
    await eventually(
      'the mail',
      async () => ((await open.runtime.snapshot(next)).context as { heard: number }).heard === 1,
    )
    expect(await open.runtime.snapshot(kid)).toMatchObject({ context: { heard: 0 } })
  })

  it('that were replaced cannot end the state of their successor', async () => {
    const { address, kid } = await family('late')
    // Both wait before the parent takes a turn: the child is done when the parent has already begun anew.
    await Promise.all([open.runtime.send(kid, { type: 'SLEEP' }), open.runtime.send(address, { type: 'AGAIN' })])
    await open.runtime.settled(address)
    await open.runtime.settled(kid)
    await open.runtime.settled(address)
    const { value, status } = await open.runtime.snapshot(address)
    expect({ value, status }).toEqual({ value: 'home', status: 'active' })
  })

  it('are born once when their parent is spawned again with another input', async () => {
    await family('twice')
    const { revision } = await open.runtime.snapshot('parent.toddler/parent.twice.1.0')
    await family('twice')
    expect(await open.runtime.snapshot('parent.toddler/parent.twice.1.0')).toMatchObject({ revision })
  })
})
