import { setTimeout as pause } from 'node:timers/promises'
import { aim, type StatementKind } from '../aim.ts'
import type { Fault, Scene } from '../nemesis.ts'
import { onNext, probe, someWorker } from '../strike.ts'
import { AGENT, RUN_DEVICES } from '../work.ts'

/** Faults that hit one moment: a process that dies, or a reply that is lost, just there. */
export const AIMED_FAULTS: readonly Fault[] = [
  {
    id: 'P2',
    what: 'a worker is killed in the middle of its work, before the statement is sent',
    async strike(scene) {
      const kinds: readonly StatementKind[] = [
        'the commit of a turn',
        'the reading of mail',
        'the claim of work',
        'the outcome of work',
      ]
      const hits: string[] = []
      for (const kind of kinds) {
        const seat = someWorker(scene)
        hits.push(await aim(seat, kind, 'refuse', () => seat.node?.signal('SIGKILL')))
        await seat.node?.ended
        await scene.cluster.heal()
      }
      return `killed before ${hits.join(', ')}`
    },
  },
  {
    id: 'P3',
    what: 'a worker is killed after a commit, before it knows',
    async strike(scene) {
      const hits: string[] = []
      for (const kind of ['the commit of a turn', 'the outcome of work', 'the claim of work'] as const) {
        const seat = someWorker(scene)
        hits.push(await aim(seat, kind, 'cut', () => seat.node?.signal('SIGKILL')))
        await seat.node?.ended
        await scene.cluster.heal()
      }
      return `killed after ${hits.join(', ')}`
    },
  },
  {
    id: 'P4',
    what: 'the receiving process is killed after its commit, before it wakes anybody',
    async strike(scene) {
      const [api] = scene.cluster.seats
      if (!api) throw new Error('no api')
      const hit = aim(api, 'the commit of a message', 'cut', () => api.node?.signal('SIGKILL'))
      const id = `p4:${Date.now()}`
      const event = { type: 'PUT', from: id, n: 1 }
      await Promise.all([
        hit,
        scene.work.perform('nemesis', id, { do: 'send', address: scene.work.cellOf(1), event, id }),
      ])
      await api.node?.ended
      return `killed after ${await hit}`
    },
  },
  {
    id: 'P5',
    what: 'a worker is killed between the journal of a step and its effect, and between the effect and its result',
    async strike(scene) {
      const seat = someWorker(scene)
      const journal = aim(seat, 'the journal of a step', 'cut', () => seat.node?.signal('SIGKILL'))
      const first = await startingRuns(scene, 'journal', journal)
      await seat.node?.ended
      await scene.cluster.heal()
      const effect = onNext(
        scene,
        ({ kind }) => kind === 'unsafe',
        ({ pid }) => process.kill(pid, 'SIGKILL'),
      )
      const { pid, key } = await startingRuns(scene, 'effect', effect)
      return `killed after ${first}; process ${pid} killed in the effect ${key}`
    },
  },
  {
    id: 'P6',
    what: 'whoever works on one thing is killed, twice in a row',
    async strike(scene) {
      const key = `twice-${Date.now()}`
      const killed: number[] = []
      const strike = (attempts: number): Promise<unknown> =>
        onNext(
          scene,
          (seen) => seen.kind === 'begin' && seen.address === `job/${key}` && seen.attempts === attempts,
          ({ pid }) => {
            killed.push(pid)
            process.kill(pid, 'SIGKILL')
          },
        )
      const first = strike(1)
      await scene.work.perform('nemesis', `job:${key}`, {
        do: 'spawn',
        kind: 'job',
        key,
        input: { ms: 1_000, mode: 'sleep' },
      })
      await first
      const second = strike(2)
      await scene.cluster.heal()
      await second
      await scene.cluster.heal()
      return `processes ${killed.join(' and ')} killed while they worked on job/${key}`
    },
  },
  {
    id: 'D6',
    what: 'replies to commits are lost',
    async strike(scene) {
      const { cluster, random } = scene
      const hits: string[] = []
      for (let n = 0; n < 6; n++) {
        const seat = n % 2 === 0 ? someWorker(scene) : cluster.seats[0]
        if (!seat) continue
        const kind = seat.roles.includes('worker') ? 'the commit of a turn' : 'the commit of a message'
        hits.push(await aim(seat, kind, 'cut'))
        if (random.chance(0.3)) hits.push(await aim(seat, kind, 'refuse'))
      }
      const ms = await probe(scene, 'D6')
      return `${hits.length} cut; a message after that applied after ${ms} ms`
    },
  },
]

/** Starts runs, a few at a time, until this has come of them: the first ones may be another worker's, or wait for a device. */
async function startingRuns<Found>(scene: Scene, name: string, found: Promise<Found>): Promise<Found> {
  const over = found.then(
    () => true,
    () => true,
  )
  for (let round = 0; ; round++) {
    for (let n = 0; n < 4; n++) {
      const id = `${AGENT}:${name}:${Date.now()}:${round}:${n}`
      const event = { id, source: '/chaos', type: 'chaos.device', subject: RUN_DEVICES[n % RUN_DEVICES.length] }
      await scene.work.perform('nemesis', `event:${id}`, { do: 'ingest', event })
    }
    if (await Promise.race([over, pause(RUNS_MS, false)])) return found
  }
}

const RUNS_MS = 4_000
