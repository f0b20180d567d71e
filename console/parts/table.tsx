import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { useShortcuts } from '../base/keyboard.ts'
import { navigate } from '../base/router.ts'
import { useWindow } from './window-rows.ts'

export interface Column<Row> {
  id: string
  label: string
  /** Width as in `grid-template-columns`: `8rem`, `minmax(10rem, 2fr)`. Default: a fair share. */
  width?: string
  align?: 'right'
  cell(row: Row): ComponentChildren
}

export interface TableProps<Row> {
  /** For people who hear the page. */
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  keyOf(row: Row): string
  /** Where a row leads: by click, or with `j k Enter`. */
  hrefOf?(row: Row): string
  /** Key of the row that is marked as the one shown elsewhere. */
  current?: string
  /** Ticked rows; absent: none can be ticked. */
  picked?: ReadonlySet<string>
  onPick?(picked: ReadonlySet<string>): void
  rowHeight?: number
}

const ROW_HEIGHT = 40

/**
 * Rows of equal height, of which only those near what is seen exist: five thousand cost as much as fifty. It fills the
 * height that its parent leaves it, and scrolls inside. The first cell of a row holds its link.
 */
export function Table<Row>(props: TableProps<Row>) {
  const { label, columns, rows, keyOf, hrefOf, current, picked, onPick, rowHeight = ROW_HEIGHT } = props
  const box = useRef<HTMLDivElement>(null)
  const { from, to } = useWindow(box, rows.length, rowHeight)
  const at = useSignal(-1)
  const template = [...(picked ? ['2.25rem'] : []), ...columns.map(({ width }) => width ?? 'minmax(6rem, 1fr)')].join(
    ' ',
  )

  const move = (by: number): void => {
    at.value = Math.max(0, Math.min(rows.length - 1, at.value + by))
  }
  const open = (): void => {
    const row = rows[at.value]
    if (row !== undefined && hrefOf) navigate(hrefOf(row))
  }
  useShortcuts(
    hrefOf
      ? [
          { keys: 'j', label: 'Next row', run: () => move(1) },
          { keys: 'k', label: 'Row before', run: () => move(-1) },
          { keys: 'Enter', label: 'Open the row', run: open },
        ]
      : [],
  )
  useEffect(() => {
    const element = box.current
    if (!element || at.value < 0) return
    const top = at.value * rowHeight
    if (top < element.scrollTop) element.scrollTop = top
    const bottom = top + 2 * rowHeight
    if (bottom > element.scrollTop + element.clientHeight) element.scrollTop = bottom - element.clientHeight
  }, [at.value, rowHeight])

  const toggle = (key: string): void => {
    const next = new Set(picked)
    if (!next.delete(key)) next.add(key)
    onPick?.(next)
  }
  const all = picked !== undefined && rows.length > 0 && rows.every((row) => picked.has(keyOf(row)))
  return (
    <div class="table" ref={box} role="region" aria-label={label} tabIndex={0}>
      <div role="table" aria-label={label} aria-rowcount={rows.length + 1} style={{ '--columns': template }}>
        <div role="rowgroup" class="table-head">
          <div role="row" aria-rowindex={1} class="table-row">
            {picked && (
              <div role="columnheader" class="table-pick">
                <input
                  type="checkbox"
                  aria-label="Pick all"
                  checked={all}
                  onChange={() => onPick?.(new Set(all ? [] : rows.map(keyOf)))}
                />
              </div>
            )}
            {columns.map((column) => (
              <div key={column.id} role="columnheader" data-align={column.align}>
                {column.label}
              </div>
            ))}
          </div>
        </div>
        <div role="rowgroup" class="table-body" style={{ height: `${rows.length * rowHeight}px` }}>
          {rows.slice(from, to).map((row, offset) => {
            const index = from + offset
            const key = keyOf(row)
            return (
              <div
                key={key}
                role="row"
                class="table-row"
                aria-rowindex={index + 2}
                aria-current={key === current ? 'true' : undefined}
                data-at={index === at.value ? 'true' : undefined}
                data-key={key}
                style={{ top: `${index * rowHeight}px`, height: `${rowHeight}px` }}
              >
                {picked && (
                  <div role="cell" class="table-pick">
                    <input
                      type="checkbox"
                      aria-label={`Pick ${key}`}
                      checked={picked.has(key)}
                      onChange={() => toggle(key)}
                    />
                  </div>
                )}
                {columns.map((column, place) => (
                  <div key={column.id} role="cell" data-align={column.align}>
                    {place === 0 && hrefOf ? (
                      <a class="row-link" href={hrefOf(row)}>
                        {column.cell(row)}
                      </a>
                    ) : (
                      column.cell(row)
                    )}
                  </div>
                ))}
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}
