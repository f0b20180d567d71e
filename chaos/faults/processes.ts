import { setTimeout as pause } from 'node:timers/promises'
import { LEASE_MS } from '../cluster.ts'
import type { Fault } from '../nemesis.ts'
import { startNode } from '../node-process.ts'
import { onNext, probe, someWorker, until } from '../strike.ts'

/** Processes that die, freeze, block, and end as they are told. */
export const PROCESS_FAULTS: readonly Fault[] = [
  {
    id: 'P1',
    what: 'a worker is killed',
    async strike(scene) {
      const seat = someWorker(scene)
      const pid = seat.node?.pid
      const stamp = Date.now()
      // Mail that waits when it dies.
      const waiting = Array.from({ length: 20 }, (_, n) => {
        const id = `p1:${stamp}:${n}`
        const event = { type: 'PUT', from: id, n: 1 }
        return scene.work.perform('nemesis', id, { do: 'send', address: scene.work.cellOf(n), event, id })
      })
      await Promise.race(waiting)
      await scene.cluster.kill(seat)
      const ms = await probe(scene, 'P1')
      await Promise.all(waiting)
      return `${seat.name} (${pid}) killed, the next message applied after ${ms} ms`
    },
  },
  {
    id: 'P7',
    what: 'all processes are killed at once and started again',
    async strike(scene) {
      const { cluster } = scene
      await Promise.all(cluster.seats.map((seat) => cluster.kill(seat)))
      const from = performance.now()
      await cluster.heal()
      const ms = await probe(scene, 'P7')
      return `${cluster.seats.length} killed, cold start ${Math.round(performance.now() - from - ms)} ms, first message applied ${ms} ms later`
    },
  },
  {
    id: 'P8',
    what: 'workers are killed one after the other',
    async strike(scene) {
      const { cluster, spanMs } = scene
      const kills = Math.max(3, Math.round(spanMs / 1_000))
      for (let kill = 0; kill < kills; kill++) {
        const seat = someWorker(scene)
        await cluster.kill(seat)
        void cluster.fill(seat)
        await pause(1_000)
        await cluster.heal()
      }
      return `${kills} kills in a row`
    },
  },
  {
    id: 'P9',
    what: 'a worker is frozen for longer than every lease, in the middle of work, and wakes up',
    async strike(scene) {
      const ms = Math.max(2.5 * LEASE_MS, 2 * scene.spanMs)
      const key = `frozen-${Date.now()}`
      const begun = onNext(
        scene,
        ({ kind, address }) => kind === 'begin' && address === `job/${key}`,
        () => undefined,
      )
      // Its outcome is due while it sleeps, and comes when another worker has begun the same work.
      const input = { ms: 0.8 * ms, mode: 'sleep' }
      await scene.work.perform('nemesis', `job:${key}`, { do: 'spawn', kind: 'job', key, input })
      const { pid } = await begun
      const seat = scene.cluster.seats.find(({ node }) => node?.pid === pid)
      if (!seat) throw new Error('whoever began the work is gone')
      await scene.cluster.freeze(seat, ms)
      await pause(500)
      return `${seat.name} (${pid}) stood still for ${ms} ms while it worked on job/${key}`
    },
  },
  {
    id: 'P10',
    what: 'a worker is frozen for almost its lease',
    async strike(scene) {
      const seat = someWorker(scene)
      const ms = LEASE_MS - 200
      await scene.cluster.freeze(seat, ms)
      await pause(500)
      return `${seat.name} (${seat.node?.pid}) stood still for ${ms} ms`
    },
  },
  {
    id: 'P11',
    what: 'work blocks the event loop of its worker for longer than its lease',
    async strike(scene) {
      const ms = 2.5 * LEASE_MS
      const key = `block-${Date.now()}`
      const begun = onNext(
        scene,
        ({ kind, address }) => kind === 'begin' && address === `job/${key}`,
        () => undefined,
      )
      await scene.work.perform('nemesis', `job:${key}`, { do: 'spawn', kind: 'job', key, input: { ms, mode: 'block' } })
      const { pid } = await begun
      const others = await probe(scene, 'P11')
      await pause(ms)
      return `process ${pid} blocked for ${ms} ms; meanwhile another message was applied after ${others} ms`
    },
  },
  {
    id: 'P12',
    what: 'a worker runs out of memory',
    async strike(scene) {
      const { cluster } = scene
      const [small, ...others] = cluster.workers()
      if (!small) throw new Error('no worker')
      await Promise.all([small, ...others].map((seat) => cluster.kill(seat, 'SIGTERM')))
      await cluster.fill(small, { execArgv: ['--max-old-space-size=160'] })
      const node = small.node
      const key = `eat-${Date.now()}`
      await scene.work.perform('nemesis', `job:${key}`, {
        do: 'spawn',
        kind: 'job',
        key,
        input: { ms: 0, mode: 'eat' },
      })
      const late = pause(120_000, undefined, { ref: false })
      const end = await Promise.race([node?.ended, late])
      if (!end) throw new Error('it did not run out of memory')
      await cluster.heal()
      const ms = await probe(scene, 'P12')
      return `${node?.name} ended with ${end.signal ?? end.code}, the next message applied ${ms} ms after its replacement`
    },
  },
  {
    id: 'P13',
    what: 'actions throw and reject',
    async strike(scene) {
      const { work, cluster } = scene
      const before = cluster.deaths.length
      for (let n = 0; n < 20; n++) {
        const id = `p13:${Date.now()}:${n}`
        const event = { type: 'PASS', to: work.cellOf(n), n: Date.now() * 100 + n }
        await work.perform('nemesis', id, { do: 'send', address: 'relay/1', event, id })
      }
      await probe(scene, 'P13')
      return `20 actions asked for, of which those of revisions ending in 3 and 7 fail once; ${cluster.deaths.length - before} processes ended`
    },
  },
  {
    id: 'P14',
    what: 'a worker is asked to end under load',
    async strike(scene) {
      const seat = someWorker(scene)
      const node = seat.node
      const from = performance.now()
      await scene.cluster.kill(seat, 'SIGTERM')
      const ms = Math.round(performance.now() - from)
      const end = await node?.ended
      if (end?.code !== 0) throw new Error(`it ended with ${end?.signal ?? end?.code}`)
      return `${seat.name} ended by itself after ${ms} ms`
    },
  },
  {
    id: 'P15',
    what: 'two processes are started under one name',
    async strike(scene) {
      const seat = someWorker(scene)
      if (!seat.node) throw new Error('no worker')
      const twin = await startNode(seat.node.settings)
      try {
        const names = [seat.node.pid, twin.pid].map((pid) => `${pid}.%`)
        const claims = await until('both to claim work', async () => {
          const key = `twin-${Date.now()}`
          const input = { ms: 100, mode: 'sleep' }
          await scene.work.perform('nemesis', `job:${key}`, { do: 'spawn', kind: 'job', key, input })
          const found = await scene.database.ask<{ by: string }>(
            'select distinct claimed_by as by from chaos.claim_log where claimed_by like any($1::text[])',
            [names],
          )
          return found.length >= 2 && found.map(({ by }) => by)
        })
        return `two of ${seat.node.name}, which claim work as ${claims.join(' and ')}`
      } finally {
        twin.signal('SIGTERM')
        await twin.ended
      }
    },
  },
  {
    id: 'P16',
    what: 'another build is deployed, one process after the other',
    async strike(scene) {
      const { cluster } = scene
      const times: number[] = []
      for (const seat of cluster.seats) {
        seat.build = seat.build === 1 ? 2 : 1
        await cluster.kill(seat, 'SIGTERM')
        // Meanwhile the others serve, of which some are old and some are new.
        times.push(await probe(scene, `P16:${seat.name}`))
        await cluster.fill(seat)
      }
      return `now build ${cluster.seats[0]?.build}; messages applied in between after ${times.join(', ')} ms`
    },
  },
]
