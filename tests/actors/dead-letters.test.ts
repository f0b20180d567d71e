import { describe, expect, it } from 'vitest'
import { assign, createMachine } from 'xstate'
import { type DeadLetter, discardDeadLetter, listDeadLetters, redriveDeadLetter } from '../../db/dead-letters.ts'
import { eventually } from '../support/eventually.ts'
import { backends } from '../support/redis.ts'
import { on, openRuntime } from './open.ts'

const divider = createMachine({
  context: { value: 100, wild: 0 },
  initial: 'on',
  states: {
    on: {
      on: {
        DIVIDE: {
          actions: assign({
            value: ({ context, event }) => {
              const { by } = event as unknown as { by: number }
              if (by === 0) throw new Error('division by zero')
              return (context as { value: number }).value / by
            },
          }),
        },
        END: 'off',
      },
    },
    off: { type: 'final' },
  },
})

describe.each(await backends())('a message that cannot be handled on $name', ({ redisUrl }) => {
  const open = openRuntime({ ...on(redisUrl), machines: { divider } })

  function letters(address: string): Promise<DeadLetter[]> {
    return listDeadLetters(open.runtime.sql, { address, open: true, limit: 10 })
  }

  it('becomes a dead letter that says why, and blocks nothing', async () => {
    const { runtime } = open
    const address = await runtime.spawn('divider', { key: 'one', team: 'red' })
    await runtime.send(address, { type: 'DIVIDE', by: 2 })
    await runtime.send(address, { type: 'DIVIDE', by: 0 }, { id: 'bad', sender: 'me', cause: 'event:1' })
    await runtime.send(address, { type: 'DIVIDE', by: 5 })
    await runtime.settled(address)
    expect(await runtime.snapshot(address)).toMatchObject({ status: 'active', context: { value: 10 }, revision: 4 })
    expect(await letters(address)).toMatchObject([
      {
        kind: 'message',
        messageId: 'bad',
        event: { type: 'DIVIDE', by: 0 },
        sender: 'me',
        cause: 'event:1',
        team: 'red',
        revision: 3,
        reason: expect.stringMatching(/cannot take "DIVIDE".*division by zero/),
        error: { name: 'Error', message: 'division by zero' },
      },
    ])
    expect(await runtime.send(address, { type: 'DIVIDE', by: 0 }, { id: 'bad' })).toEqual({ duplicate: true })
  })

  it('can be sent again, once, as it was or edited', async () => {
    const { runtime } = open
    const address = await runtime.spawn('divider', { key: 'again' })
    await runtime.send(address, { type: 'DIVIDE', by: 0 })
    await runtime.settled(address)
    const [first] = await letters(address)
    expect(await redriveDeadLetter(runtime.sql, first?.id ?? 0, 'me', undefined)).toBe(address)
    runtime.nudge([address])
    const [second] = await eventually('it to fail again', async () => {
      const found = await letters(address)
      return found.length === 1 && found[0]?.id !== first?.id && found
    })
    expect(await redriveDeadLetter(runtime.sql, second?.id ?? 0, 'me', { type: 'DIVIDE', by: 4 })).toBe(address)
    expect(await redriveDeadLetter(runtime.sql, second?.id ?? 0, 'me', { type: 'DIVIDE', by: 4 })).toBeUndefined()
    runtime.nudge([address])
    await runtime.settled(address)
    expect(await runtime.snapshot(address)).toMatchObject({ context: { value: 25 } })
    expect(await letters(address)).toEqual([])
  })

  it('can be discarded, once', async () => {
    const { runtime } = open
    const address = await runtime.spawn('divider', { key: 'discard' })
    await runtime.send(address, { type: 'DIVIDE', by: 0 })
    await runtime.settled(address)
    const [letter] = await letters(address)
    expect(await discardDeadLetter(runtime.sql, letter?.id ?? 0, 'me')).toBe(true)
    expect(await discardDeadLetter(runtime.sql, letter?.id ?? 0, 'me')).toBe(false)
    expect(await redriveDeadLetter(runtime.sql, letter?.id ?? 0, 'me', undefined)).toBeUndefined()
  })

  it('because its actor has ended, in this turn or long ago, becomes one too', async () => {
    const { runtime } = open
    const address = await runtime.spawn('divider', { key: 'ended' })
    await Promise.all(['END', 'DIVIDE'].map((type) => runtime.send(address, { type, by: 1 })))
    await runtime.settled(address)
    await runtime.send(address, { type: 'DIVIDE', by: 1 })
    const found = await eventually('both letters', async () => {
      const all = await letters(address)
      return all.length === 2 && all
    })
    expect(found.map(({ reason }) => reason)).toEqual(['the actor has ended (done)', 'the actor has ended (done)'])
  })
})
