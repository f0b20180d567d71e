import { listAccepted, type StoredEvent } from '../../../db/event-log.ts'
import { type DeliveryRow, markRouted } from '../../../db/events.ts'
import type { Runtime } from '../../runtime.ts'
import type { RuleShelf } from '../routing/rules.ts'
import { toAgents, toFollowers } from './event-rows.ts'
import { EVENT_LOG } from './intake.ts'

const PER_COMMIT = 200

/** Routes what is in the log already: events that actors emitted, and events that somebody wants routed again. */
export function createRerouting({ runtime, rules }: { runtime: Runtime; rules: RuleShelf }) {
  const { sql } = runtime
  let routing: Promise<void> | undefined
  let again = false

  async function routeAll(): Promise<void> {
    do {
      again = false
      for (;;) {
        const emitted = await listAccepted(sql, PER_COMMIT)
        if (emitted.length === 0) break
        const events = emitted.map(({ causeDepth, ...event }) => ({
          ...event,
          depth: event.causationid === null ? 0 : causeDepth + 1,
        }))
        await route(events, (event) => event.id)
        if (emitted.length < PER_COMMIT) break
      }
    } while (again)
  }

  /** By the rules of now. `keyOf` names this routing: the same key is delivered once. */
  async function route(events: readonly StoredEvent[], keyOf: (event: StoredEvent) => string): Promise<DeliveryRow[]> {
    for (let book = await rules.current(); ; book = await rules.reload()) {
      const routed = events.map((event) => ({
        event,
        deliveries: [
          ...toAgents(event, book.decide(event), keyOf(event)),
          ...toFollowers(event, book.follow(event), `${keyOf(event)}:end`),
        ],
      }))
      const deliveries = routed.flatMap((one) => one.deliveries)
      const marks = routed.map(({ event, deliveries: own }) => ({
        id: event.id,
        depth: event.depth,
        from: event.status,
        // What actors tell about themselves needs no listener.
        status: event.status === 'accepted' || own.length > 0 ? ('routed' as const) : event.status,
      }))
      if (!(await markRouted(sql, marks, deliveries, book.revision))) continue
      runtime.announce(EVENT_LOG)
      runtime.nudge([...new Set(deliveries.map((one) => one.address))])
      return deliveries
    }
  }

  return {
    route,
    /** Routes all that actors emitted and nobody routed yet. Safe to call at any time, from any worker. */
    routeEmitted(): Promise<void> {
      again = true
      routing ??= routeAll().finally(() => (routing = undefined))
      return routing
    },
  }
}
