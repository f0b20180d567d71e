import { assign, setup } from 'xstate'
import type { Migrate } from '../../machines/host.ts'

/** Counts; another build has another version of it, to which its actors are migrated. */
export function createMover(build: 1 | 2) {
  return setup({
    types: { context: {} as { count: number }, events: {} as { type: 'ADD' | 'BOOM' } },
  }).createMachine({
    id: 'mover',
    version: String(build),
    description: `Build ${build}.`,
    context: { count: 0 },
    on: {
      ADD: { actions: assign({ count: ({ context }) => context.count + 1 }) },
      BOOM: {
        actions: assign(() => {
          throw new Error('boom')
        }),
      },
    },
  })
}

/** Nothing of an actor changes but its version. */
export const migrateMover: Migrate = (snapshot) => snapshot
