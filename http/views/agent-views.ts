import { z } from 'zod'
import type * as instancesApi from '../../actors/agents/instances/instances-api.ts'
import type * as agentsApi from '../../actors/agents/registry/agents-api.ts'
import { Anything, Time } from '../wire/words.ts'
import { Address, Count, named, type View } from './view.ts'

export const Agent = named(
  'Agent',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    nickname: z.string().nullable(),
    description: z.string(),
    tags: z.array(z.string()),
    current: z.string().nullable(),
    latest: z.string(),
    status: z.enum(['draft', 'published', 'deprecated']),
    enabled: z.boolean(),
  }) satisfies View<agentsApi.AgentView>,
)

export const Version = named(
  'AgentVersion',
  z.strictObject({
    id: z.string(),
    version: z.string(),
    status: z.enum(['draft', 'published', 'deprecated']),
    contentHash: z.string(),
    createdAt: Time,
    publishedAt: Time.nullable(),
    definition: z.record(z.string(), Anything),
    warnings: z.array(z.string()).describe('What it asks for and does not get in this version'),
  }) satisfies View<agentsApi.VersionView>,
)

export const Instance = named(
  'Instance',
  z.strictObject({
    id: z.string(),
    address: Address,
    agent: z.string(),
    version: z.string(),
    name: z.string(),
    nickname: z.string().nullable(),
    description: z.string(),
    state: z.string(),
    status: z.string(),
    revision: Count,
    waitingFor: z.string(),
    backlog: Count,
    runs: z.strictObject({ active: Count, succeeded: Count, failed: Count, aborted: Count }),
    updatedAt: Time,
  }) satisfies View<instancesApi.InstanceView>,
)
