import { AppError } from '../../../core/errors.ts'
import { PASSES, refused, type Verdict } from './verdict.ts'

/** What a definition may write as an event type pattern. */
export const PATTERN = /^!?([A-Za-z0-9_-]+|\*)(\.([A-Za-z0-9_-]+|\*))*(\.\*\*)?$|^!?\*\*$/

/** A compiled list of patterns: linear in the length of the type, whatever was written. */
export interface Pattern {
  /** The patterns that let through, as segments; an index looks rules up by them. */
  readonly includes: readonly (readonly string[])[]
  matches(type: string): Verdict
}

/**
 * Dot segments; `*` is exactly one, `**` at the end is one or more, `!pattern` excludes whatever its place in the list;
 * a list of exclusions alone includes all else. `alert.<kind>` without its last segment means `alert.<kind>.firing`,
 * in patterns and in types, which is how VirtualPyTest writes both. Throws `expression.invalid`.
 */
export function compilePattern(patterns: string | readonly string[]): Pattern {
  const texts = typeof patterns === 'string' ? [patterns] : patterns
  for (const text of texts) {
    if (text.length > 200 || !PATTERN.test(text)) {
      throw new AppError('expression.invalid', `"${text}" is not an event pattern: expected for example alert.*.firing`)
    }
  }
  const excludes = texts
    .filter((text) => text.startsWith('!'))
    .map((text) => ({ text, segments: typeSegments(text.slice(1)) }))
  const written = texts.filter((text) => !text.startsWith('!')).map(typeSegments)
  const includes = written.length === 0 && excludes.length > 0 ? [['**']] : written
  return {
    includes,
    matches(type) {
      const segments = typeSegments(type)
      if (!includes.some((pattern) => fits(pattern, segments)))
        return refused(`type: ${type} is not ${texts.join(' | ')}`)
      const excluded = excludes.find((exclude) => fits(exclude.segments, segments))
      return excluded ? refused(`type: ${type} is excluded by ${excluded.text}`) : PASSES
    },
  }
}

/** The segments of a type or pattern, `.firing` added where an alert leaves it out. */
export function typeSegments(type: string): string[] {
  const segments = type.split('.')
  return segments.length === 2 && segments[0] === 'alert' && segments[1] !== '**' ? [...segments, 'firing'] : segments
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  const open = pattern.at(-1) === '**'
  const fixed = open ? pattern.length - 1 : pattern.length
  if (open ? segments.length <= fixed : segments.length !== fixed) return false
  for (let index = 0; index < fixed; index += 1) {
    if (pattern[index] !== '*' && pattern[index] !== segments[index]) return false
  }
  return true
}
