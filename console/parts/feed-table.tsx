import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'
import type { Feed } from './feed.ts'
import { Loading, LoadProblem } from './load-state.tsx'
import { Table, type TableProps } from './table.tsx'
import { countText } from './words.ts'

interface FeedTableProps<Row> extends Omit<TableProps<Row>, 'rows'> {
  feed: Feed<Row>
  /** Shown where nothing is in it. */
  empty: ComponentChildren
  /** What one of them is called. */
  word: string
}

const NEAR_PX = 800

/**
 * A list that reads more as one comes near its end, and stands still while one is not at its top: what came meanwhile is
 * counted, and shown by one press.
 */
export function FeedTable<Row>({ feed, empty, word, ...table }: FeedTableProps<Row>) {
  const box = useRef<HTMLDivElement>(null)
  const rows = feed.items.value
  const fresh = feed.fresh.value
  if (!rows) return feed.error.value ? <LoadProblem error={feed.error.value} onRetry={feed.reload} /> : <Loading />
  if (rows.length === 0) return <>{empty}</>

  const toTop = (): void => {
    feed.hold(false)
    box.current?.querySelector('.table')?.scrollTo({ top: 0 })
  }
  return (
    <div
      class="feed"
      ref={box}
      onScrollCapture={({ target }) => {
        if (!(target instanceof HTMLElement) || !target.classList.contains('table')) return
        feed.hold(target.scrollTop > 0)
        if (target.scrollHeight - target.scrollTop - target.clientHeight < NEAR_PX) feed.readMore()
      }}
    >
      {fresh > 0 && (
        <button type="button" class="feed-news" onClick={toTop}>
          ↑ {countText(fresh, `new ${word}`)}
        </button>
      )}
      <Table {...table} rows={rows} />
      <p class="quiet" role="status">
        {feed.readingMore.value ? `Reading more ${word}s` : ''}
      </p>
    </div>
  )
}
