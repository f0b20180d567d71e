import type { System } from '../api/answers.ts'
import { Icon } from '../base/icon.tsx'
import { isOpen } from '../base/page.ts'
import { matchPath, path } from '../base/router.ts'
import { logOut, session } from '../base/session.ts'
import { nextTheme, theme } from '../base/theme.ts'
import { useResource } from '../live/resource.ts'
import { openHelp } from './help.tsx'
import { LiveLamp } from './live-banner.tsx'
import { PAGES } from './pages.ts'
import { openPalette } from './palette.tsx'

/** Where one can go, how the page stands, and who one is. */
export function Sidebar() {
  return (
    <header class="sidebar">
      <a class="brand" href="/">
        <img src="/favicon.svg" alt="" width="22" height="22" /> Troupe
      </a>
      <button type="button" class="search-button" onClick={openPalette}>
        <Icon name="search" /> <span>Go anywhere</span> <kbd>Ctrl K</kbd>
      </button>
      <nav aria-label="Pages">
        <ul>
          {PAGES.filter(isOpen).flatMap(({ path: to, nav }) => {
            if (!nav) return []
            const current = matchPath(to, path.value) !== undefined || path.value.startsWith(`${to}/`)
            return (
              <li key={to}>
                <a href={to} aria-current={current ? 'page' : undefined} title={`g ${nav.key}`}>
                  <Icon name={nav.icon} /> <span class="nav-label">{nav.label}</span>
                  {nav.Badge && <nav.Badge />}
                </a>
              </li>
            )
          })}
        </ul>
      </nav>
      <div class="sidebar-foot">
        <LiveLamp />
        <Facts />
        <Who />
      </div>
    </header>
  )
}

function Facts() {
  const system = useResource<System>('/v1/system').data.value
  if (!system) return null
  const lab = system.lab !== null && /^https?:\/\//.test(system.lab) ? system.lab : undefined
  return (
    <ul class="foot-links">
      {lab && (
        <li>
          <a href={lab} target="_blank" rel="noopener">
            <Icon name="external" /> <span>Simulated lab</span>
          </a>
        </li>
      )}
      <li>
        <a href="/docs" target="_blank" rel="noopener">
          <Icon name="terminal" /> <span>API</span>
        </a>
      </li>
    </ul>
  )
}

function Who() {
  const who = session.value
  const themes = { system: 'system', light: 'sun', dark: 'moon' } as const
  return (
    <div class="who">
      <span class="who-name" title={typeof who === 'object' ? `Team ${who.team}` : undefined}>
        {typeof who === 'object' ? (
          <>
            {who.name} <span class="muted">{who.role}</span>
          </>
        ) : (
          ''
        )}
      </span>
      <button
        type="button"
        class="icon-button"
        aria-label={`Theme: ${theme.value}`}
        title={`Theme: ${theme.value} (t)`}
        onClick={nextTheme}
      >
        <Icon name={themes[theme.value]} />
      </button>
      <button type="button" class="icon-button" aria-label="Keyboard" title="Keyboard (?)" onClick={openHelp}>
        <Icon name="help" />
      </button>
      {typeof who === 'object' && who.name !== 'local' && (
        <button type="button" class="icon-button" aria-label="Log out" title="Log out" onClick={() => void logOut()}>
          <Icon name="logout" />
        </button>
      )}
    </div>
  )
}
