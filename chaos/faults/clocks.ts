import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from '../database.ts'
import type { Fault, Scene } from '../nemesis.ts'
import { probe, someWorker, until } from '../strike.ts'
import { restartPostgres } from './postgres.ts'

const LIBRARY = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1',
].find((path) => existsSync(path))
const WALL_ONLY = { FAKETIME_DONT_FAKE_MONOTONIC: '1' }

/** Clocks of workers that are wrong: only the database's clock decides anything. */
export const CLOCK_FAULTS: readonly Fault[] = [
  clockFault('T1', 'the clock of a worker is wrong by an hour', async (scene, seatOf) => {
    const offset = scene.random.chance(0.5) ? '+1h' : '-1h'
    const name = await seatOf({ FAKETIME: offset, ...WALL_ONLY })
    const ms = await probe(scene, 'T1')
    await pause(scene.spanMs)
    return `${name} lived at ${offset}; a message applied after ${ms} ms`
  }),
  clockFault('T2', 'the clock of a worker jumps to and fro by 90 s', async (scene, seatOf) => {
    const file = join(scene.folder, 'faketime')
    await writeFile(file, '+0')
    const name = await seatOf({ FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1', ...WALL_ONLY })
    for (const offset of ['+90', '-90', '+90', '+0']) {
      await writeFile(file, offset)
      await pause(scene.spanMs / 3)
    }
    return `${name} jumped 4 times; a message applied after ${await probe(scene, 'T2')} ms`
  }),
  clockFault('T3', 'the clock of a worker runs ten times too fast', async (scene, seatOf) => {
    const name = await seatOf({ FAKETIME: '+0 x10' })
    const ms = await probe(scene, 'T3')
    await pause(scene.spanMs)
    return `${name} lived ten times as fast for ${scene.spanMs} ms; a message applied after ${ms} ms`
  }),
  {
    id: 'T4',
    what: 'the clock of the database jumps back by 30 s, and forth again',
    impossible: notHere,
    async strike(scene) {
      const { database, folder, spanMs } = scene
      const clock = await fakeClock(join(folder, `database-clock-${Date.now()}`))
      database.setEnv(clock.env)
      try {
        await restartPostgres(database, 'SIGINT')
        await probe(scene, 'T4')
        const before = await readClock(database)
        await clock.set(-30)
        const jumped = await until('the clock to jump back', async () => {
          const ahead = before - (await readClock(database))
          return ahead > 20_000 && ahead
        })
        scene.jumped({ before, byMs: jumped })
        const ms = await probe(scene, 'T4b')
        await pause(spanMs)
        await clock.set(0)
        await until('the clock to jump forth', async () => (await readClock(database)) > before)
        const later = await probe(scene, 'T4c')
        return `it went back by ${Math.round(jumped)} ms, a message meanwhile applied after ${ms} ms; and forth, ${later} ms`
      } finally {
        database.setEnv({})
        await restartPostgres(database, 'SIGINT')
      }
    },
  },
]

/** A clock that reads how far it is off from a file, once a second; the file can be read by whoever the server runs as. */
export async function fakeClock(
  file: string,
): Promise<{ env: Record<string, string>; set(seconds: number): Promise<void> }> {
  const set = async (seconds: number): Promise<void> => {
    await writeFile(file, `${seconds < 0 ? '' : '+'}${seconds}`, { mode: 0o644 })
  }
  await set(0)
  return {
    env: { LD_PRELOAD: LIBRARY ?? '', FAKETIME_TIMESTAMP_FILE: file, FAKETIME_CACHE_DURATION: '1', ...WALL_ONLY },
    set,
  }
}

/** Milliseconds, as a process of the server sees them that lives on. */
async function readClock(database: Database): Promise<number> {
  const [row] = await database.ask<{ ms: number }>('select extract(epoch from clock_timestamp())::float8 * 1000 as ms')
  return row?.ms ?? 0
}

export function notHere(): string | undefined {
  return LIBRARY === undefined ? 'libfaketime is not installed (Debian: faketime)' : undefined
}

function clockFault(
  id: string,
  what: string,
  strike: (scene: Scene, seatOf: (env: Record<string, string>) => Promise<string>) => Promise<string>,
): Fault {
  return {
    id,
    what,
    impossible: notHere,
    async strike(scene) {
      const seat = someWorker(scene)
      const { cluster } = scene
      const evidence = await strike(scene, async (env) => {
        await cluster.kill(seat, 'SIGTERM')
        await cluster.fill(seat, { env: { LD_PRELOAD: LIBRARY ?? '', ...env } })
        return seat.name
      })
      // It goes as it came: with a clock that is wrong.
      await cluster.kill(seat)
      return evidence
    },
  }
}
