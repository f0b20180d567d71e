import { useSignal } from '@preact/signals'
import { ApiError, remedyOf } from '../api/problem.ts'
import { logIn } from '../base/session.ts'

/** Where keys exist, nobody sees anything without one. */
export function Login() {
  const problem = useSignal('')
  const busy = useSignal(false)

  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    if (!(event.currentTarget instanceof HTMLFormElement)) return
    const key = new FormData(event.currentTarget).get('key')
    busy.value = true
    try {
      await logIn(typeof key === 'string' ? key.trim() : '')
      location.reload()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      problem.value = error.status === 401 ? error.message : `${error.message}. ${remedyOf(error)}`
      busy.value = false
    }
  }

  return (
    <main class="login">
      <form class="card" onSubmit={(event) => void submit(event)}>
        <h1>
          <img src="/favicon.svg" alt="" width="28" height="28" /> Troupe
        </h1>
        <p>This server asks for an API key. It is kept in a cookie that no script can read, for twelve hours.</p>
        <label for="key">API key</label>
        <input
          id="key"
          name="key"
          type="password"
          placeholder="trp_…"
          autocomplete="current-password"
          spellcheck={false}
          required
          aria-describedby="key-problem"
        />
        <p id="key-problem" class="problem" role="alert">
          {problem}
        </p>
        <button type="submit" class="button primary" disabled={busy.value}>
          Log in
        </button>
        <p class="muted small">
          No key yet? An administrator makes one with <code>POST /v1/keys</code>; the first is{' '}
          <code>TROUPE_API_KEY</code>.
        </p>
      </form>
    </main>
  )
}
