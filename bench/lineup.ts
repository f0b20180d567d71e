import type { Plan } from './contestant.ts'
import { ceiling, floor } from './contestants/bounds.ts'
import { httpAlone } from './contestants/http-alone.ts'
import { bullmqPostgres, bullmqRedis, bullmqRedisSynced, dbos, effect } from './contestants/peers.ts'
import { restate } from './contestants/restate.ts'
import { troupeHttp } from './contestants/troupe-http.ts'
import { troupeLibrary } from './contestants/troupe-library.ts'
import { alertToTool } from './questions/alert.ts'
import { backlog } from './questions/backlog.ts'
import { flood } from './questions/flood.ts'
import { history } from './questions/history.ts'
import { idleActors } from './questions/idle-actors.ts'
import { live } from './questions/live.ts'
import { locks } from './questions/locks.ts'
import type { Question } from './questions/question.ts'
import { soak } from './questions/soak.ts'
import { timers } from './questions/timers.ts'

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
  httpAlone,
  ceiling,
]

export const QUESTIONS: readonly Question[] = [
  alertToTool('redis'),
  alertToTool('embedded'),
  locks,
  timers,
  live,
  history,
  backlog,
  idleActors,
  flood,
  soak,
]
