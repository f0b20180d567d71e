import { useEffect, useState } from 'preact/hooks'

/** A value that changes with every key, once it has stood still for a moment. */
export function useSettled<Value>(value: Value, ms: number): Value {
  const [settled, settle] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => settle(() => value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return settled
}

/** Does something again and again while the tab is seen: for what no live message tells of. */
export function useEvery(ms: number, work: () => void): void {
  useEffect(() => {
    const timer = setInterval(() => document.hidden || work(), ms)
    return () => clearInterval(timer)
  }, [ms, work])
}
