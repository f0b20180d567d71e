import { describe, expect, it } from 'vitest'
import { createMachine, sendTo } from 'xstate'
import { createDeadLetters } from '../../actors/agents/mail/dead-letters.ts'
import { createAudit } from '../../actors/agents/records/audit.ts'
import type { Principal } from '../../core/principal.ts'
import { listDeadLetters } from '../../db/dead-letters.ts'
import { actorAt } from '../../machines/ref.ts'
import { openRuntime } from '../actors/open.ts'
import { eventually } from '../support/eventually.ts'

const PATIENT = { timeoutMs: 20_000 }

interface Told {
  type: string
  to: string
}

/** Says hello to whatever address it is given: the machine of an author who means no good, or was talked into it. */
const talker = createMachine({
  initial: 'on',
  states: {
    on: {
      on: {
        TELL: { actions: sendTo(({ event }) => actorAt((event as Told).to), { type: 'HELLO' }) },
        TELL_LATER: { actions: sendTo(({ event }) => actorAt((event as Told).to), { type: 'HELLO' }, { delay: 20 }) },
      },
    },
  },
})
const listener = createMachine({
  initial: 'quiet',
  states: { quiet: { on: { HELLO: 'greeted' } }, greeted: {} },
})

describe('mail from one actor to another', () => {
  const open = openRuntime({ machines: { talker, listener } })
  const red: Principal = { name: 'ruth', team: 'red', role: 'admin' }

  async function value(address: string): Promise<unknown> {
    return (await open.runtime.snapshot(address)).value
  }

  for (const type of ['TELL', 'TELL_LATER']) {
    it(`stays in its team (${type})`, async () => {
      const { runtime } = open
      const { sql } = runtime
      const from = await runtime.spawn('talker', { key: `red-${type}`, team: 'red' })
      const own = await runtime.spawn('listener', { key: `own-${type}`, team: 'red' })
      const other = await runtime.spawn('listener', { key: `other-${type}`, team: 'blue' })
      for (const to of [other, own]) await runtime.send(from, { type, to })
      await eventually('its own team to be greeted', async () => (await value(own)) === 'greeted', PATIENT)
      const walled = await eventually(
        'the letter',
        async () => {
          const [letter] = await listDeadLetters(sql, { address: other, open: true, limit: 10 })
          return letter
        },
        PATIENT,
      )
      expect(walled).toMatchObject({ team: 'red', sender: from, reason: 'the actor does not exist' })
      await runtime.settled(other)
      expect([await value(other), (await runtime.snapshot(other)).revision]).toEqual(['quiet', 1])

      const letters = createDeadLetters({ runtime, audit: createAudit({ sql }) })
      await expect(letters.redrive(red, walled?.id ?? 0)).rejects.toMatchObject({ code: 'actor.not_found' })
      await expect(letters.redrive(red, walled?.id ?? 0, { type: 'HELLO' })).rejects.toMatchObject({ status: 404 })
      await runtime.settled(other)
      expect((await runtime.snapshot(other)).revision).toBe(1)
    })
  }

  it('that nobody can read is a dead letter of its sender, not of the first team', async () => {
    const { runtime } = open
    const from = await runtime.spawn('talker', { key: 'lonely', team: 'red' })
    await runtime.send(from, { type: 'TELL', to: 'listener/nobody' })
    const letter = await eventually(
      'the letter',
      async () => {
        const [found] = await listDeadLetters(runtime.sql, { address: 'listener/nobody', open: true, limit: 10 })
        return found
      },
      PATIENT,
    )
    expect(letter.team).toBe('red')
  })
})
