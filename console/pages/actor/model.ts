import { batch, computed, effect, type ReadonlySignal, signal } from '@preact/signals'
import type { Actor, HistoryEntry, Mail, Moment, Page, Why } from '../../api/answers.ts'
import { getJson, pathOf } from '../../api/client.ts'
import type { ApiError } from '../../api/problem.ts'
import { place, queryOf, setQuery } from '../../base/router.ts'
import { complain } from '../../base/toasts.tsx'
import { type Move, onMove } from '../../live/live.ts'
import { createResource } from '../../live/resource.ts'
import { activePaths } from '../../parts/words.ts'
import { createHistory, type History } from './history.ts'

/** What the page knows of one actor, now and at the revision that is looked at. */
export interface ActorModel {
  readonly address: string
  readonly actor: ReadonlySignal<Actor | undefined>
  readonly why: ReadonlySignal<Why | undefined>
  readonly mailbox: ReadonlySignal<readonly Mail[]>
  readonly error: ReadonlySignal<ApiError | undefined>
  readonly history: History
  /** The latest revision that is known of. */
  readonly head: ReadonlySignal<number>
  /** The revision that is looked at; undefined: now, whatever comes. */
  readonly at: ReadonlySignal<number | undefined>
  /** The transition that led to what is looked at. */
  readonly last: ReadonlySignal<HistoryEntry | Move | undefined>
  readonly active: ReadonlySignal<ReadonlySet<string>>
  /** All that was true at the revision that is looked at; undefined until read, and while it is now. */
  readonly moment: ReadonlySignal<Moment | undefined>
  /** Looks at a revision; undefined, or the last one: at now. */
  look(revision: number | undefined): void
  reload(): void
  /** Begins to follow; returns what ends it. */
  open(): () => void
}

/** While a slider moves, the address bar and the server are told where it came to rest. */
const REST_MS = 120
const KEPT = 60

export function createActorModel(kind: string, key: string): ActorModel {
  const address = `${kind}/${key}`
  const base = pathOf('actors', kind, key)
  const actor = createResource<Actor>(base)
  const why = createResource<Why>(`${base}/why`)
  const mailbox = createResource<Page<Mail>>(`${base}/mailbox`)
  const history = createHistory(kind, key)
  const move = signal<Move | undefined>(undefined)
  const moving = signal<{ at: number | undefined } | undefined>(undefined)
  const moments = signal<ReadonlyMap<number, Moment>>(new Map())
  let rest: ReturnType<typeof setTimeout> | undefined

  const head = computed(() => Math.max(actor.data.value?.revision ?? 0, move.value?.revision ?? 0))
  const at = computed(() => (moving.value ? moving.value.at : revisionIn(queryOf('at'))))
  const last = computed(() => {
    const revision = at.value
    if (revision !== undefined) return history.at(revision) ?? moments.value.get(revision)?.entry
    return move.value?.revision === head.value ? move.value : history.at(head.value)
  })
  const active = computed<ReadonlySet<string>>(() => {
    const revision = at.value
    if (revision !== undefined) {
      const read = moments.value.get(revision)
      return read ? new Set(read.active) : activePaths(history.at(revision)?.to)
    }
    const known = actor.data.value
    // The stream tells at once what is read again in full a moment later.
    if (move.value && move.value.revision > (known?.revision ?? 0)) return activePaths(move.value.to)
    return new Set(known?.active)
  })
  const moment = computed(() => {
    const revision = at.value
    return revision === undefined ? undefined : moments.value.get(revision)
  })

  async function replay(revision: number): Promise<void> {
    if (revision < 1 || moments.peek().has(revision)) return
    try {
      const answer = await getJson<Moment>(`${base}/replay?at=${revision}`)
      moments.value = new Map([...moments.peek(), [revision, answer] as const].slice(-KEPT))
    } catch (error) {
      complain(error)
    }
  }

  function look(revision: number | undefined): void {
    const wanted = revision === undefined || revision >= head.peek() ? undefined : Math.max(1, revision)
    moving.value = { at: wanted }
    clearTimeout(rest)
    rest = setTimeout(() => {
      batch(() => {
        setQuery({ at: wanted === undefined ? '' : String(wanted) })
        moving.value = undefined
      })
    }, REST_MS)
  }

  return {
    address,
    actor: actor.data,
    why: why.data,
    mailbox: computed(() => mailbox.data.value?.items ?? []),
    error: actor.error,
    history,
    head,
    at,
    last,
    active,
    moment,
    look,
    reload() {
      for (const resource of [actor, why, mailbox]) resource.soon()
    },
    open() {
      const ends = [
        actor.open(),
        why.open(),
        mailbox.open(),
        onMove([address], (step) => {
          move.value = step
          for (const resource of [actor, why, mailbox]) resource.soon()
        }),
        effect(() => {
          const revision = at.value ?? head.value
          history.want(revision)
        }),
        // Replay costs the server something: only where the person came to rest.
        effect(() => {
          void place.value
          const revision = revisionIn(queryOf('at'))
          if (revision === undefined) return
          void replay(revision)
        }),
        () => clearTimeout(rest),
      ]
      return () => {
        for (const end of ends) end()
      }
    },
  }
}

function revisionIn(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined
}
