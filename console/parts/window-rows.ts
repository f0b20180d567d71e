import { useSignal } from '@preact/signals'
import type { RefObject } from 'preact'
import { useEffect } from 'preact/hooks'

const SPARE = 12

/** Which rows of a long list of equal height are near what is seen. The list scrolls inside `box`. */
export function useWindow(
  box: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
): { from: number; to: number } {
  const seen = useSignal({ from: 0, to: 60 })
  useEffect(() => {
    const element = box.current
    if (!element) return undefined
    const measure = (): void => {
      const from = Math.max(0, Math.floor(element.scrollTop / rowHeight) - SPARE)
      const to = Math.ceil((element.scrollTop + element.clientHeight) / rowHeight) + SPARE
      // Steps of a few rows: not every pixel is a new picture.
      const stepped = { from: from - (from % 4), to: to + 4 - (to % 4) }
      if (stepped.from !== seen.peek().from || stepped.to !== seen.peek().to) seen.value = stepped
    }
    const resized = new ResizeObserver(measure)
    resized.observe(element)
    element.addEventListener('scroll', measure, { passive: true })
    measure()
    return () => {
      resized.disconnect()
      element.removeEventListener('scroll', measure)
    }
  }, [box, rowHeight])
  return { from: Math.min(seen.value.from, Math.max(0, count - 1)), to: Math.min(seen.value.to, count) }
}
