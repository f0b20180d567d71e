import { LRUCache } from 'lru-cache'
import type { MachineGraph } from '../../core/graph.ts'
import type { Direction, Geometry } from './geometry.ts'
import { createLayout } from './layout.ts'

/** Lays each machine out once: the geometry depends on its hash alone, and costs half a second to find. */
export interface Diagrams {
  geometry(hash: string, graph: MachineGraph, direction?: Direction): Promise<Geometry>
  /** Lays these out one after the other, so that nobody waits for the first look. Ends with the signal. */
  warm(machines: readonly { hash: string; graph: MachineGraph }[], signal: AbortSignal): Promise<void>
}

/** More machines than one installation runs, versions and both directions included. */
const MAX_KEPT = 200

export function createDiagrams(): Diagrams {
  const layout = createLayout()
  const kept = new LRUCache<string, Promise<Geometry>>({ max: MAX_KEPT })
  const diagrams: Diagrams = {
    geometry(hash, graph, direction = 'down') {
      const name = `${hash}.${direction}`
      const known = kept.get(name)
      if (known) return known
      const made = layout(graph, direction)
      kept.set(name, made)
      // A failure is told to whoever asked, and tried again by the next.
      made.catch(() => kept.delete(name))
      return made
    },
    async warm(machines, signal) {
      for (const { hash, graph } of machines) {
        if (signal.aborted) return
        // Whoever looks at it will be told.
        await diagrams.geometry(hash, graph).catch(() => undefined)
      }
    },
  }
  return diagrams
}
