import { expect, it } from 'vitest'
import { createMachine } from 'xstate'
import { AppError } from '../../core/errors.ts'
import { hostMachines } from '../../machines/host.ts'
import { firstStep, step } from '../../machines/step.ts'
import { type BadMachine, badMachines } from './corpus/machines.ts'

it('hosts a machine, refuses it, or lays aside what it breaks on: no worker is lost to it', {
  timeout: 120_000,
}, () => {
  const faults = badMachines().flatMap((bad) => {
    const outcome = outcomeOf(bad)
    return /^(refused|unborn|stepped|set aside)$/.test(outcome) ? [] : [`${bad.name}: ${outcome}`]
  })
  expect(faults).toEqual([])
})

/** What becomes of it: XState and the host may refuse it by any error, since that is before anything runs. */
function outcomeOf({ config, events }: BadMachine): string {
  const hosted = hostOf(config)
  if (!hosted) return 'refused'
  const identity = { address: 'm/1', parent: null, childId: null, revision: 1 }
  let { snapshot } = firstStep(hosted, identity, null)
  if (snapshot.status === 'error') return 'unborn'
  for (const type of events) {
    try {
      const next = step(hosted, identity, snapshot, { type })
      JSON.stringify(next)
      snapshot = next.snapshot
    } catch (error) {
      return error instanceof AppError && error.code === 'actor.step_failed' ? 'set aside' : String(error)
    }
  }
  return 'stepped'
}

function hostOf(config: object): ReturnType<ReturnType<typeof hostMachines>['get']> {
  try {
    return hostMachines({ m: createMachine(config) }).get('m')
  } catch {
    // Whoever registers it reads why, in the program that did not start.
    return undefined
  }
}
