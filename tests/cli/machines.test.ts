import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { hostOf } from '../../cli/machines.ts'
import { readConfig } from '../../core/config.ts'

const TRAFFIC = fileURLToPath(new URL('./fixtures/traffic.ts', import.meta.url))
const BAD_MIGRATION = fileURLToPath(new URL('./fixtures/bad-migration.ts', import.meta.url))
const TAKEN = fileURLToPath(new URL('./fixtures/taken.ts', import.meta.url))

it('hosts what the module of TROUPE_MACHINES exports, with the migrations of its actors', async () => {
  const hosted = await hostOf(readConfig({ TROUPE_MACHINES: TRAFFIC }))
  expect(hosted.get('traffic')).toMatchObject({ version: '2', migrate: expect.any(Function) })
  expect(hosted.get('agent')).toMatchObject({ kind: 'agent', stamped: true })
  expect((await hostOf(readConfig({}))).has('traffic')).toBe(false)
})

it('refuses migrations that are none, or of kinds that are the platform’s own', async () => {
  await expect(hostOf(readConfig({ TROUPE_MACHINES: BAD_MIGRATION }))).rejects.toMatchObject({
    code: 'config.invalid',
    message: expect.stringContaining('migrations.traffic: expected a function'),
  })
  await expect(hostOf(readConfig({ TROUPE_MACHINES: TAKEN }))).rejects.toMatchObject({
    code: 'config.invalid',
    message: expect.stringContaining('machines of its own called agent'),
  })
})
