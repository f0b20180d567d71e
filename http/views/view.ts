import { z } from 'zod'
import type { Wire } from '../wire/words.ts'

/**
 * A body that goes out, for the API description; tests hold the answers to it. The compiler checks each against what the
 * platform answers, dates being text by then.
 */
export type View<T> = z.ZodType<Wire<T>>

export const Address = z.string().describe('`kind/key`')
export const Count = z.int().min(0)
export const named = <S extends z.ZodType>(id: string, schema: S): S => schema.meta({ id })

/** One page of a list, with what is told of the whole. */
export function pageOf(item: z.ZodType, more: z.ZodRawShape = {}): z.ZodType {
  return z.strictObject({ items: z.array(item), nextCursor: z.string().nullable(), ...more })
}

export const Problem = named(
  'Problem',
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string(),
    retryable: z.boolean(),
    requestId: z.string(),
  }),
)
