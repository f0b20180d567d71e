import { z } from 'zod'
import { AppError } from '../../../core/errors.ts'
import type { TicketRequest } from './locks-api.ts'

const Name = z.string().min(1).max(200)

/** Whether any device could ever meet it is for the lock to say. */
const Wants = z.strictObject({
  devices: z.array(Name).max(200).optional(),
  all: z.boolean().optional(),
  kind: Name.optional(),
  labels: z.record(Name, z.string().max(512)).optional(),
  count: z.int().min(1).max(200).optional(),
})

const Request = z.strictObject({
  pool: Name,
  wants: Wants,
  priority: z.int().min(0).max(100).default(50),
  ttlMs: z.int().min(1).optional(),
  maxHoldMs: z.int().min(1).optional(),
  reason: z.string().max(1000).optional(),
  key: z.string().optional(),
})

/** Throws `request.invalid`, naming the place. */
export function parseTicketRequest(request: TicketRequest): z.infer<typeof Request> {
  const parsed = Request.safeParse(request)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new AppError(
    'request.invalid',
    `${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'not a request for devices'}`,
  )
}
