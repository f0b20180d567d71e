import type { Plan } from './contestant.ts'
import { ceiling, floor } from './contestants/bounds.ts'
import { bullmqPostgres, bullmqRedis, bullmqRedisSynced, dbos, effect } from './contestants/peers.ts'
import { restate } from './contestants/restate.ts'
import { troupeHttp } from './contestants/troupe-http.ts'
import { troupeLibrary } from './contestants/troupe-library.ts'
import type { Stage } from './stage.ts'

/** In the order of the table. */
export const CONTESTANTS: readonly Plan[] = [
  troupeHttp('redis'),
  troupeHttp('embedded'),
  troupeLibrary('redis'),
  troupeLibrary('embedded'),
  restate,
  dbos,
  effect,
  bullmqRedis,
  bullmqRedisSynced,
  bullmqPostgres,
  floor,
  ceiling,
]

export interface Question {
  name: string
  needsRedis?: boolean
  ask(stage: Stage): Promise<Record<string, number>>
}

export const QUESTIONS: readonly Question[] = []
