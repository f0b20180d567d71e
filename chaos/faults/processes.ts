import { setTimeout as pause } from 'node:timers/promises'
import { LEASE_MS } from '../cluster.ts'
import type { Fault } from '../nemesis.ts'
import { probe, someWorker } from '../strike.ts'

/** Processes that die, freeze and end. */
export const PROCESS_FAULTS: readonly Fault[] = [
  {
    id: 'P1',
    what: 'a worker is killed',
    async strike(scene) {
      const seat = someWorker(scene)
      const pid = seat.node?.pid
      await scene.cluster.kill(seat)
      const ms = await probe(scene, 'P1')
      return `${seat.name} (${pid}) killed, the next message applied after ${ms} ms`
    },
  },
  {
    id: 'P9',
    what: 'a worker is frozen for longer than every lease, and wakes up',
    async strike(scene) {
      const seat = someWorker(scene)
      const ms = Math.max(2.5 * LEASE_MS, 2 * scene.spanMs)
      await scene.cluster.freeze(seat, ms)
      await pause(500)
      return `${seat.name} (${seat.node?.pid}) stood still for ${ms} ms`
    },
  },
]
