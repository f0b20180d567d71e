import { describe, expect, it } from 'vitest'
import { type AnyStateMachine, assign, createMachine } from 'xstate'
import { checkDeploy } from '../../actors/deploy-check.ts'
import { createRuntime, type Runtime, type RuntimeOptions } from '../../actors/runtime.ts'
import { createTestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { expectInvariants } from '../support/invariants.ts'

const first = createMachine({
  version: '1',
  context: { euros: 3 },
  initial: 'open',
  states: { open: { on: { GO: 'waiting' } }, waiting: { on: { GO: 'open' } } },
})
/** `waiting` has another name, and money another unit. */
const second = createMachine({
  version: '2',
  context: { cents: 0 },
  initial: 'open',
  states: {
    open: { on: { GO: 'queued' } },
    queued: { on: { GO: 'open', PAY: { actions: assign({ cents: ({ context }) => context.cents + 1 }) } } },
  },
})
const migrate: NonNullable<RuntimeOptions['migrations']>[string] = (snapshot) => ({
  ...snapshot,
  value: snapshot.value === 'waiting' ? 'queued' : snapshot.value,
  context: { cents: 100 * (snapshot.context as { euros: number }).euros },
})

describe('a machine whose new version knows what becomes of its actors', () => {
  async function hosting<T>(
    databaseUrl: string,
    thing: AnyStateMachine,
    migrations: RuntimeOptions['migrations'],
    use: (runtime: Runtime) => Promise<T>,
  ): Promise<T> {
    const runtime = await createRuntime({ databaseUrl, machines: { thing }, ...(migrations ? { migrations } : {}) })
    await runtime.start()
    try {
      return await use(runtime)
    } finally {
      await runtime.stop()
    }
  }

  it('takes an actor over in its next turn, says so in its history, and replays from there', async () => {
    const database = await createTestDatabase()
    await hosting(database.url, first, undefined, async (runtime) => {
      await runtime.spawn('thing', { key: '1' })
      await runtime.send('thing/1', { type: 'GO' })
      await runtime.settled('thing/1')
    })
    await hosting(database.url, second, { thing: migrate }, async (runtime) => {
      await runtime.send('thing/1', { type: 'PAY' })
      await runtime.settled('thing/1')
      expect(await runtime.snapshot('thing/1')).toMatchObject({ value: 'queued', context: { cents: 301 }, revision: 4 })
      const events: string[] = []
      for await (const entry of runtime.history('thing/1'))
        events.push(`${entry.event.type} ${JSON.stringify(entry.to)}`)
      expect(events).toEqual(['xstate.init "open"', 'GO "waiting"', 'xstate.migrate "queued"', 'PAY "queued"'])
      expect(await runtime.replay('thing/1')).toMatchObject({ equal: true, otherDefinitions: 2 })
      await expectInvariants(runtime, database.url)
      // Once: the next message finds an actor of this version.
      await runtime.send('thing/1', { type: 'PAY' })
      await runtime.settled('thing/1')
      expect(await runtime.snapshot('thing/1')).toMatchObject({ context: { cents: 302 }, revision: 5 })
    })
    await database.drop()
  })

  it('takes up what was parked when there was no migration, or a wrong one', async () => {
    const database = await createTestDatabase()
    const wrong: typeof migrate = (snapshot) => ({ ...snapshot, value: 'nowhere' })
    const failing: typeof migrate = () => {
      throw new Error('no such currency')
    }
    const reasons: string[] = []
    await hosting(database.url, first, undefined, async (runtime) => {
      await runtime.spawn('thing', { key: '1' })
      await runtime.send('thing/1', { type: 'GO' })
      await runtime.settled('thing/1')
    })
    for (const migrations of [undefined, { thing: wrong }, { thing: failing }]) {
      await hosting(database.url, second, migrations, async (runtime) => {
        await runtime.send('thing/1', { type: 'PAY' })
        const { waitingFor } = await eventually('it to be parked by this one', async () => {
          const snapshot = await runtime.snapshot('thing/1')
          return snapshot.status === 'parked' && !reasons.includes(snapshot.waitingFor) && snapshot
        })
        reasons.push(waitingFor)
      })
    }
    expect(reasons.map((reason) => /"waiting" does not|"nowhere" does not|no such currency/.exec(reason)?.[0])).toEqual(
      ['"waiting" does not', '"nowhere" does not', 'no such currency'],
    )
    await hosting(database.url, second, { thing: migrate }, async (runtime) => {
      await eventually('the waiting mail to be applied', async () => (await runtime.snapshot('thing/1')).revision === 6)
      expect(await runtime.snapshot('thing/1')).toMatchObject({
        status: 'active',
        value: 'queued',
        context: { cents: 303 },
      })
      expect(await runtime.replay('thing/1')).toMatchObject({ equal: true })
    })
    await database.drop()
  })

  it('tells before the deploy, for every live state, what will become of how many', async () => {
    const database = await createTestDatabase()
    await hosting(database.url, first, undefined, async (runtime) => {
      await runtime.spawnAll('thing', [{ key: '1' }, { key: '2' }, { key: '3' }])
      await runtime.send('thing/3', { type: 'GO' })
      await runtime.settled('thing/3')
      expect((await checkDeploy(runtime.sql, runtime.hosted)).map(({ outcome }) => outcome)).toEqual([
        'unchanged',
        'unchanged',
      ])
    })
    const told = async (migrations: RuntimeOptions['migrations']): Promise<string[]> => {
      const machines = { thing: second }
      const runtime = await createRuntime({
        databaseUrl: database.url,
        machines,
        ...(migrations ? { migrations } : {}),
      })
      const verdicts = await checkDeploy(runtime.sql, runtime.hosted)
      await runtime.stop()
      return verdicts.map(
        ({ state, actors, outcome, from, to }) => `${actors} in ${JSON.stringify(state)}, ${from} → ${to}: ${outcome}`,
      )
    }
    expect(await told(undefined)).toEqual(['2 in "open", 1 → 2: fits', '1 in "waiting", 1 → 2: parks'])
    expect(await told({ thing: migrate })).toEqual(['2 in "open", 1 → 2: migrates', '1 in "waiting", 1 → 2: migrates'])
    await database.drop()
  })
})
