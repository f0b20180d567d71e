import './styles/tokens.css'
import './styles/base.css'
import './styles/shell.css'
import './styles/parts.css'
import { effect } from '@preact/signals'
import { render } from 'preact'
import { startKeyboard } from './base/keyboard.ts'
import { navigate, path, startRouter } from './base/router.ts'
import { readSession, session } from './base/session.ts'
import { startClock } from './live/clock.ts'
import { startLive } from './live/live.ts'
import { findPage, Shell } from './shell/shell.tsx'
import './base/theme.ts'

const HOME = '/instances'
const RETRY_MS = 2000

/** Until the server has said who this is, nothing else can be asked. */
async function begin(): Promise<void> {
  try {
    await readSession()
    startLive()
  } catch {
    // No key: the login is shown. No server: the banner of the live stream tells, and this tries again.
    if (session.peek() === 'unknown') setTimeout(() => void begin(), RETRY_MS)
  }
}

startClock()
startKeyboard()
startRouter((to) => to === '/' || findPage(to) !== undefined)
effect(() => {
  if (path.value === '/') navigate(HOME, { replace: true })
})
await begin()
const root = document.querySelector('#app')
if (root) render(<Shell />, root)
