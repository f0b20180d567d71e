import type { ComponentChildren } from 'preact'

/** `wide`: takes two columns, for ids and sentences. */
type Fact = readonly [label: string, value: ComponentChildren, size?: 'wide']

/** Pairs of a word and what holds for it; those that say nothing are left out. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl class="facts">
      {facts.flatMap(([label, value, size]) =>
        value === null || value === undefined || value === '' || value === false
          ? []
          : [
              <div key={label} data-wide={size === 'wide' ? 'true' : undefined}>
                <dt>{label}</dt>
                <dd>{value}</dd>
              </div>,
            ],
      )}
    </dl>
  )
}

/** A part of a page with a heading of its own. */
export function Section({
  title,
  count,
  tools,
  children,
}: {
  title: string
  count?: number
  tools?: ComponentChildren
  children: ComponentChildren
}) {
  const id = `section-${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`
  return (
    <section class="section" aria-labelledby={id}>
      <div class="section-head">
        <h2 id={id}>
          {title}
          {count !== undefined && <span class="count number">{count.toLocaleString('en')}</span>}
        </h2>
        {tools}
      </div>
      {children}
    </section>
  )
}
