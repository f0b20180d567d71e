const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

/** A duration as definitions write it: `90s` for what is no whole minute, `10m`, `1d`. */
export function inWords(ms: number): string {
  const [unit, size] = UNITS.find(([, whole]) => ms >= whole && ms % whole === 0) ?? ['ms', 1]
  return `${ms / size}${unit}`
}

/** A time of the machine's clock, for people: `2026-11-01 10:05:00 UTC`. */
export function timeInWords(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** Rounded up, so that nothing is told to be none: `3 KB`. */
export function sizeInWords(bytes: number): string {
  return bytes < 1_048_576 ? `${Math.ceil(bytes / 1024)} KB` : `${Math.ceil(bytes / 104_857.6) / 10} MB`
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** What becomes of a run whose alert is over. */
export const CONSEQUENCES = {
  cancel: 'its run ends at the next safe point',
  complete: 'its run ends well at the next safe point',
  note: 'its run goes on',
} as const
