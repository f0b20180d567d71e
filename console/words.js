/** Machine facts in words. */

/** `xstate.done.actor.executor` → `done(executor)`; other types as they are. */
export function eventName(type) {
  if (typeof type !== 'string' || type === '') return 'always'
  if (type === 'xstate.init') return 'created'
  const actor = /^xstate\.(done|error|snapshot)\.(?:actor\.)?(.+)$/.exec(type)
  if (actor && !type.startsWith('xstate.done.state.')) return `${actor[1]}(${actor[2]})`
  if (type.startsWith('xstate.done.state.')) return 'done'
  const after = /^xstate\.after\.([^.]+)\./.exec(type)
  if (!after) return type
  return /^\d+$/.test(after[1]) ? `after ${duration(Number(after[1]))}` : `after ${after[1]}`
}

/** `850 ms`, `12 s`, `3 min 5 s`, `2 h 4 min`, `3 d 2 h`. */
export function duration(ms) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([count]) => count > 0)
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ')
}

/** For what counts up or down before one's eyes: never less than a second. */
export function seconds(ms) {
  return duration(Math.max(1000, Math.round(ms / 1000) * 1000))
}

export function ago(iso) {
  const ms = Date.now() - Date.parse(iso)
  if (Number.isNaN(ms)) return ''
  return ms < 2000 ? 'just now' : `${duration(ms)} ago`
}

export function clockTime(iso) {
  const date = new Date(iso)
  return Number.isNaN(date.getTime()) ? '' : date.toLocaleTimeString(undefined, { hour12: false })
}

/** A state value, or what a log calls one, as one line: `connectivity.online, health.healthy`. */
export function stateName(value) {
  if (value === null || value === undefined) return '–'
  const leaves = leavesOf(value)
  return leaves.length > 0 ? leaves.join(', ') : '–'
}

/** Every active path of a state value, parents included: `{a: 'b'}` and `a.b` → `a`, `a.b`. */
export function activePaths(value) {
  const paths = new Set()
  for (const leaf of leavesOf(value)) {
    const keys = leaf.split('.')
    for (let end = 1; end <= keys.length; end += 1) paths.add(keys.slice(0, end).join('.'))
  }
  return paths
}

function leavesOf(value) {
  if (typeof value === 'string') return value.split(/[\s,|]+/).filter((path) => path !== '')
  if (Array.isArray(value)) return value.flatMap(leavesOf)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const leaves = leavesOf(inner)
    return leaves.length > 0 ? leaves.map((leaf) => `${key}.${leaf}`) : [key]
  })
}
