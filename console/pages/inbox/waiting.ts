import { useEffect } from 'preact/hooks'
import type { Inbox } from '../../api/answers.ts'
import { type Move, onMove } from '../../live/live.ts'
import { createResource, type Resource } from '../../live/resource.ts'

/** What becomes a dead letter or goes unheard is told by no step of its own: after any step it is looked for, this rarely. */
const RARELY_MS = 3_000
const AT_LEAST_MS = 15_000

/** One for the whole tab: the badge and the page show the same. */
const waiting = createResource<Inbox>('/v1/inbox')
let users = 0
let close: (() => void) | undefined

/** What needs a person, kept up: at once when a run or a device asks for a word or got it, the rest within seconds. */
export function useWaiting(): Resource<Inbox> {
  useEffect(() => {
    users += 1
    if (users === 1) close = open()
    return () => {
      users -= 1
      if (users === 0) close?.()
    }
  }, [])
  return waiting
}

function open(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const rarely = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined
      if (!document.hidden) waiting.soon()
    }, RARELY_MS)
  }
  const ends = [waiting.open(), onMove(['*'], (move) => (isAsking(move) ? waiting.soon() : rarely()))]
  const poll = setInterval(rarely, AT_LEAST_MS)
  return () => {
    for (const end of ends) end()
    clearTimeout(timer)
    clearInterval(poll)
  }
}

/** Told by a step itself: a run asks or was answered, a device is doubted or was vouched for. */
function isAsking({ kind, from, to }: Move): boolean {
  const words = kind === 'run' ? /awaitingApproval|suspended/ : kind === 'device' ? /suspect|bad/ : undefined
  return words?.test(JSON.stringify([from, to])) ?? false
}
