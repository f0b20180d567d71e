import { z } from 'zod'
import type * as keysApi from '../../actors/agents/access/keys-api.ts'
import type * as api from '../../actors/agents/api.ts'
import type * as auditApi from '../../actors/agents/records/audit-api.ts'
import { ROLES } from '../../core/principal.ts'
import { Anything, Time } from '../wire/words.ts'
import { Address, Count, named, type View } from './view.ts'

export const DeadLetter = named(
  'DeadLetter',
  z.strictObject({
    id: z.int(),
    address: Address,
    messageId: z.string(),
    event: z.looseObject({ type: z.string() }),
    sender: z.string().nullable(),
    cause: z.string().nullable(),
    reason: z.string(),
    error: Anything,
    revision: Count.nullable(),
    createdAt: Time,
    resolution: z.enum(['redriven', 'discarded']).nullable(),
    resolvedBy: z.string().nullable(),
    resolvedAt: Time.nullable(),
  }),
)

const key = {
  id: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  team: z.string(),
  hint: z.string().nullable().describe('How the key begins'),
  createdAt: Time,
  lastUsedAt: Time.nullable(),
  expiresAt: Time.nullable(),
  revokedAt: Time.nullable(),
}
export const Key = named('Key', z.strictObject(key) satisfies View<keysApi.KeyView>)
export const NewKey = named('NewKey', z.strictObject({ ...key, key: z.string().describe('Told this once') }))

export const AuditEntry = named(
  'AuditEntry',
  z.strictObject({
    id: z.int(),
    at: Time,
    principal: z.string(),
    action: z.string(),
    target: z.string(),
    details: Anything,
  }) satisfies View<auditApi.AuditEntry>,
)

export const System = named(
  'System',
  z.strictObject({
    version: z.string(),
    roles: z.array(z.string()),
    backend: z.enum(['postgres', 'redis']),
    lab: z.string().nullable(),
    postgres: z.boolean(),
    queue: z.boolean(),
    lagMs: z.number(),
  }) satisfies View<api.SystemInfo>,
)
