import type { ComponentChildren } from 'preact'
import { Icon, type IconName } from '../base/icon.tsx'

/** Where a list is empty: says why, and in `children` what to do next. */
export function EmptyState({ title, icon, children }: { title: string; icon: IconName; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Icon name={icon} size={28} />
      <h2>{title}</h2>
      <div class="empty-text">{children}</div>
    </div>
  )
}
