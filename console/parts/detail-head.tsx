import type { ComponentChildren } from 'preact'
import { Icon } from '../base/icon.tsx'
import { useShortcuts } from '../base/keyboard.ts'
import { navigate } from '../base/router.ts'

/** The top of a page about one thing: the way back, what it is, how it stands, and what one can do with it. */
export function DetailHead({
  back,
  title,
  state,
  children,
}: {
  back: { href: string; label: string }
  title: string
  state?: ComponentChildren
  children?: ComponentChildren
}) {
  useShortcuts([{ keys: 'u', label: `Up to ${back.label}`, run: () => navigate(back.href) }])
  return (
    <div class="page-head detail-head">
      <div class="detail-title">
        <a class="crumb" href={back.href}>
          {back.label}
        </a>
        <Icon name="chevron" size={12} />
        <h1 class="clip" title={title}>
          {title}
        </h1>
        {state}
      </div>
      <div class="page-tools">{children}</div>
    </div>
  )
}
