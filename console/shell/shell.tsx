import { useEffect } from 'preact/hooks'
import { useShortcuts } from '../base/keyboard.ts'
import { isOpen, type Page } from '../base/page.ts'
import { matchPath, navigate, path } from '../base/router.ts'
import { session } from '../base/session.ts'
import { nextTheme } from '../base/theme.ts'
import { Toasts } from '../base/toasts.tsx'
import { ConfirmHost } from '../parts/confirm-dialog.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { Help, openHelp } from './help.tsx'
import { LiveBanner } from './live-banner.tsx'
import { Login } from './login.tsx'
import { PAGES } from './pages.ts'
import { openPalette, Palette } from './palette.tsx'
import { Sidebar } from './sidebar.tsx'

/** The page whose path this is, and what its parameters stand for. */
export function findPage(given: string): { page: Page; params: Record<string, string> } | undefined {
  for (const page of PAGES) {
    const params = matchPath(page.path, given)
    if (params) return { page, params }
  }
  return undefined
}

/** Everything around a page: navigation, banner, keys, dialogs. */
export function Shell() {
  useShortcuts([
    { keys: '?', label: 'This list', run: openHelp },
    { keys: 'Ctrl+k', label: 'Go anywhere', run: openPalette },
    { keys: 't', label: 'Theme: system, light, dark', run: nextTheme },
    ...PAGES.filter(isOpen).flatMap(({ path: to, nav }) =>
      nav ? [{ keys: `g ${nav.key}`, label: `Go to ${nav.label}`, run: () => navigate(to) }] : [],
    ),
  ])
  if (session.value === 'anonymous') return <Login />
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Sidebar />
      <div class="stage">
        <LiveBanner />
        <main id="main" tabIndex={-1}>
          <CurrentPage />
        </main>
      </div>
      <Toasts />
      <ConfirmHost />
      <Palette />
      <Help />
    </div>
  )
}

function CurrentPage() {
  const found = findPage(path.value)
  const title = found ? found.page.title(found.params) : 'Nothing here'
  useEffect(() => {
    document.title = `${title} · Troupe`
  }, [title])
  // Nothing is asked for before it is known who asks.
  if (session.value === 'unknown') return null
  if (!found || !isOpen(found.page)) {
    return (
      <EmptyState title="Nothing here" icon="search">
        <p>
          No page of the console has this address. <a href="/instances">See all instances</a>, or press <kbd>Ctrl</kbd>{' '}
          <kbd>K</kbd> to go anywhere.
        </p>
      </EmptyState>
    )
  }
  const { View } = found.page
  return <View key={path.value} params={found.params} />
}
