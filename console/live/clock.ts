import { type ReadonlySignal, signal } from '@preact/signals'

const seconds = signal(Date.now())
let timer: ReturnType<typeof setInterval> | undefined

/** Milliseconds since 1970, told once a second while the tab is seen: only what reads it is drawn again. */
export const now: ReadonlySignal<number> = seconds

/** Starts the one timer that everything counting up or down shares. */
export function startClock(): void {
  const run = (): void => {
    clearInterval(timer)
    if (document.hidden) return
    seconds.value = Date.now()
    timer = setInterval(() => {
      seconds.value = Date.now()
    }, 1000)
  }
  document.addEventListener('visibilitychange', run)
  run()
}
