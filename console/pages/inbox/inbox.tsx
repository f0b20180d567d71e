import '../../parts/lists.css'
import './inbox.css'
import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import type { ActorSummary, DeadLetter, LoggedEvent } from '../../api/answers.ts'
import { place, queryOf, setQuery } from '../../base/router.ts'
import { may } from '../../base/session.ts'
import { CurlHint } from '../../parts/curl-hint.tsx'
import { EmptyState } from '../../parts/empty-state.tsx'
import { ChipFacet } from '../../parts/facets.tsx'
import { Loading, LoadProblem } from '../../parts/load-state.tsx'
import { PageHead } from '../../parts/page-head.tsx'
import { SearchField } from '../../parts/search-field.tsx'
import { SidePane } from '../../parts/side-pane.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Ago } from '../../parts/time.tsx'
import { BulkLetters } from './bulk-letters.tsx'
import { ItemInFull } from './item-in-full.tsx'
import { after, type Item, KINDS, ofDevice, ofEvent, ofLetter, ofParked, ofRun } from './items.ts'
import { KindBadge } from './kind-badge.tsx'
import { useWhole } from './lists.ts'
import { Nothing } from './nothing.tsx'
import { useWaiting } from './waiting.ts'

const DAY_MS = 24 * 3_600_000

const COLUMNS: readonly Column<Item>[] = [
  {
    id: 'what',
    label: 'What',
    width: 'minmax(18rem, 3fr)',
    cell: ({ kind, what }) => (
      <span class="inbox-what" title={what}>
        <KindBadge kind={kind} /> <span class="clip">{what}</span>
      </span>
    ),
  },
  {
    id: 'where',
    label: 'Where',
    width: 'minmax(7rem, 1fr)',
    cell: ({ where }) => (
      <span class="mono muted" title={where}>
        {where}
      </span>
    ),
  },
  { id: 'at', label: 'Since', width: '7rem', align: 'right', cell: ({ at }) => <Ago at={at} /> },
]

/** Everything that does not go on by itself, and the words that make it go on. */
export function InboxPage() {
  const inbox = useWaiting()
  const known = inbox.data.value
  const again = useSignal(0)
  const since = useMemo(() => new Date(Date.now() - DAY_MS).toISOString(), [])
  const version = (count: number | undefined): string | null => (count === undefined ? null : `${count} ${again.value}`)
  const letters = useWhole<DeadLetter>('/v1/dead-letters', { open: 'true' }, version(known?.deadLetters))
  const parked = useWhole<ActorSummary>('/v1/actors', { status: 'parked' }, version(known?.parked))
  const events = useWhole<LoggedEvent>('/v1/events', { status: 'unhandled', since }, version(known?.unhandled))
  const picked = useSignal<ReadonlySet<string>>(new Set())

  const kind = queryOf('kind')
  const q = queryOf('q').toLowerCase()
  const all: Item[] = [
    ...(known?.runs.map(ofRun) ?? []),
    ...(known?.devices.map(ofDevice) ?? []),
    ...(letters.items.value?.map(ofLetter) ?? []),
    ...(parked.items.value?.map(ofParked) ?? []),
    ...(events.items.value?.map(ofEvent) ?? []),
  ]
  // What nobody heard needs nobody: it is there for whoever asks for it.
  const shown = all.filter(
    (item) =>
      (kind === '' ? item.kind !== 'event' : item.kind === kind) &&
      `${item.what} ${item.where}`.toLowerCase().includes(q),
  )
  const open = all.find(({ key }) => key === queryOf('item'))
  const isReading = !known || [letters, parked, events].some(({ items, error }) => !items.value && !error.value)
  const error = inbox.error.value ?? letters.error.value ?? parked.error.value ?? events.error.value
  const reload = (): void => {
    again.value += 1
    inbox.reload()
  }
  const onDone = (key: string): void => {
    setQuery({ item: after(shown, key) })
    reload()
  }
  const picking = kind === 'letter' && may('operator')
  return (
    <>
      <PageHead
        title="Inbox"
        count={isReading ? undefined : all.filter((item) => item.kind !== 'event').length.toLocaleString('en')}
      >
        <SearchField label="Search the inbox" />
      </PageHead>
      <div class="inbox-kinds">
        <ChipFacet
          name="kind"
          label="Kind"
          choices={[
            { value: '', label: 'All that waits' },
            ...KINDS.map((one) => ({
              value: one.kind,
              label: one.label,
              count: all.filter((item) => item.kind === one.kind).length,
            })),
          ]}
        />
        {picking && picked.value.size > 0 && (
          <BulkLetters
            ids={shown.flatMap(({ key }) => (picked.value.has(key) ? [Number(key.slice('letter:'.length))] : []))}
            onDone={() => {
              picked.value = new Set()
              reload()
            }}
          />
        )}
      </div>
      <SidePane
        label="What is open"
        name="item"
        side={open && <ItemInFull key={open.key} item={open} onDone={() => onDone(open.key)} />}
        main={
          isReading && shown.length === 0 ? (
            error ? (
              <LoadProblem error={error} onRetry={reload} />
            ) : (
              <Loading />
            )
          ) : shown.length === 0 ? (
            q === '' ? (
              <Nothing kind={kind} />
            ) : (
              <EmptyState title="Nothing of it is here" icon="search">
                <p>Types, reasons, addresses and devices are searched.</p>
              </EmptyState>
            )
          ) : (
            <Table
              label="Inbox"
              columns={COLUMNS}
              rows={shown}
              keyOf={({ key }) => key}
              hrefOf={hrefOf}
              current={open?.key ?? ''}
              {...(picking ? { picked: picked.value, onPick: (next) => (picked.value = next) } : {})}
            />
          )
        }
      />
      <footer class="page-foot">
        <CurlHint path={kind === 'letter' ? '/v1/dead-letters?open=true' : '/v1/inbox'} />
      </footer>
    </>
  )
}

function hrefOf({ key }: Item): string {
  const query = new URLSearchParams(place.value.query)
  query.set('item', key)
  return `/inbox?${query}`
}
