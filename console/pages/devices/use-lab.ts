import { effect, type ReadonlySignal, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { Device, Page, Ticket } from '../../api/answers.ts'
import { pathOf } from '../../api/client.ts'
import { onMove } from '../../live/live.ts'
import { createResource } from '../../live/resource.ts'

/** Who waits for devices, pool by pool, in the order of their turns. */
export function useQueues(pools: readonly string[]): ReadonlySignal<ReadonlyMap<string, readonly Ticket[]>> {
  const queues = useMemo(() => signal<ReadonlyMap<string, readonly Ticket[]>>(new Map()), [])
  const names = pools.join(' ')
  useEffect(() => {
    const ends =
      names === ''
        ? []
        : names.split(' ').flatMap((pool) => {
            const resource = createResource<Page<Ticket>>(pathOf('pools', pool, 'queue'))
            return [
              resource.open(),
              onMove(['lock'], resource.soon),
              effect(() => {
                const read = resource.data.value
                if (read) queues.value = new Map(queues.peek()).set(pool, read.items)
              }),
            ]
          })
    return () => {
      for (const end of ends) end()
    }
  }, [names, queues])
  return queues
}

/** Those of the tickets that would take this very device, as the server counts them. */
export function waitingFor({ id, kind, labels }: Device, tickets: readonly Ticket[]): Ticket[] {
  const own = isRecord(labels) ? labels : {}
  return tickets.filter(({ state, wants }) => {
    if (state !== 'waiting' || !isRecord(wants)) return false
    const { devices, kind: wantedKind, labels: wantedLabels } = wants
    if (Array.isArray(devices) && !devices.includes(id)) return false
    if (typeof wantedKind === 'string' && wantedKind !== kind) return false
    return !isRecord(wantedLabels) || Object.entries(wantedLabels).every(([name, value]) => own[name] === value)
  })
}

/** The lock that gives out the devices of a pool, as its address spells it. */
export function lockOf(pool: string, team: string): string {
  return `lock/${team === 'default' && !pool.includes(':') ? pool : `${team}:${pool}`}`
}

/** Who took it out of service, and why; empty while it is in service. */
export function serviceText({ maintenance }: Device): string {
  if (!isRecord(maintenance)) return ''
  const { by, reason } = maintenance
  const who = typeof by === 'string' ? `by ${by}` : ''
  return [typeof reason === 'string' ? reason : '', who].filter((part) => part !== '').join(', ')
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
