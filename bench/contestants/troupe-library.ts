import type { Plan } from '../contestant.ts'
import { startProgram } from '../process.ts'

const program = new URL('../programs/troupe.ts', import.meta.url)

/** `runtime.ask` in process, 64 at once: sent, applied, committed. */
export function troupeLibrary(backend: 'redis' | 'embedded'): Plan {
  const row = `troupe library ${backend}`
  return {
    rows: [row],
    durability: 'PostgreSQL 18, fsync and synchronous_commit on; Redis carries only and may be lost',
    ...(backend === 'redis' ? { needs: ['redis'] } : {}),
    async start(stage) {
      const redis = backend === 'redis' ? await stage.redis('everysec') : undefined
      const child = await startProgram(program, {
        rows: [row],
        execArgv: [],
        env: {
          BENCH_FOLDER: await stage.folder(),
          BENCH_ACTORS: String(stage.sizes.actors),
          BENCH_REDIS_URL: redis ?? '',
        },
      })
      stage.atEnd(child.stop)
      return { ...child, versions: {} }
    },
  }
}
