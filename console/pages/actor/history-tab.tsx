import { useMemo } from 'preact/hooks'
import { place } from '../../base/router.ts'
import { type Column, Table } from '../../parts/table.tsx'
import { eventName, stateText, timeText } from '../../parts/words.ts'
import type { ActorModel } from './model.ts'
import type { TabProps } from './tab.ts'

const ROW = 32

/** Every transition, the latest first; what is scrolled to is read then. A row leads to the actor as it was. */
export function HistoryTab({ model }: TabProps) {
  const head = model.head.value
  const rows = useMemo(() => Array.from({ length: head }, (_, index) => head - index), [head])
  const columns = useMemo(() => columnsOf(model), [model])
  const hrefOf = (revision: number): string => {
    const query = new URLSearchParams(place.value.query)
    if (revision === head) query.delete('at')
    else query.set('at', String(revision))
    return `${place.value.path}?${query}`
  }
  return (
    <Table
      label="Transitions"
      columns={columns}
      rows={rows}
      keyOf={String}
      hrefOf={hrefOf}
      current={String(model.at.value ?? head)}
      rowHeight={ROW}
    />
  )
}

function columnsOf(model: ActorModel): Column<number>[] {
  return [
    {
      id: 'event',
      label: 'Event',
      width: 'minmax(7rem, 1.2fr)',
      cell: (revision) => <Event model={model} revision={revision} />,
    },
    {
      id: 'to',
      label: 'To',
      cell: (revision) => {
        const entry = model.history.at(revision)
        if (!entry) return ''
        const to = stateText(entry.to)
        return <span class={stateText(entry.from) === to ? 'muted' : ''}>{to}</span>
      },
    },
    {
      id: 'at',
      label: 'At',
      width: '4.5rem',
      align: 'right',
      cell: (revision) => <span class="number muted">{timeText(model.history.at(revision)?.at ?? '')}</span>,
    },
  ]
}

function Event({ model, revision }: { model: ActorModel; revision: number }) {
  const entry = model.history.at(revision)
  if (!entry) model.history.want(revision)
  return (
    <>
      <span class="muted number">{revision}</span> {entry ? eventName(entry.event.type) : '…'}
    </>
  )
}
