import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { complain } from '../base/toasts.tsx'
import { useSettled } from './settled.ts'

/** What the server says of a text, once one has stopped typing for so long; the last word stays until the next one comes. */
export function useWord<Word>(text: string | undefined, typingMs: number, ask: (text: string) => Promise<Word>) {
  const settled = useSettled(text, typingMs)
  const latest = useSignal<Word | undefined>(undefined)
  useEffect(() => {
    if (settled === undefined) return undefined
    let over = false
    ask(settled).then((word) => {
      if (!over) latest.value = word
    }, complain)
    return () => {
      over = true
    }
  }, [settled])
  return latest.value
}
