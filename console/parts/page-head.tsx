import type { ComponentChildren } from 'preact'

/** The top of every page: what it is, how much of it there is, and what one can do with all of it. */
export function PageHead({
  title,
  count,
  children,
}: {
  title: string
  count?: ComponentChildren
  children?: ComponentChildren
}) {
  return (
    <div class="page-head">
      <h1>
        {title} {count !== undefined && <span class="count">{count}</span>}
      </h1>
      <div class="page-tools">{children}</div>
    </div>
  )
}
