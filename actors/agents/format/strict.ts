import { z } from 'zod'
import { suggest } from '../../../core/suggest.ts'

/**
 * An object that refuses unknown keys and says which known one was meant: one line of the issue's message per key, in
 * the order of the issue's `keys`.
 */
export function strict<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape)
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => unknownKey(key, known)).join('\n') : undefined,
  })
}

function unknownKey(key: string, known: string[]): string {
  const meant = suggest(key, known)
  return meant === undefined ? `unknown key; known are ${known.join(', ')}` : `unknown key; did you mean "${meant}"?`
}
