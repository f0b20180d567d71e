import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { passedOn } from '../../cli/child-env.ts'

const run = promisify(execFile)

it('gives a child what it needs to run, and no secret of ours', async () => {
  const secrets = {
    DATABASE_URL: 'postgres://u:canary@h/db',
    DATABASE_POOL_URL: 'postgres://u:canary@h/db',
    REDIS_URL: 'redis://:canary@h',
    TROUPE_API_KEY: 'trp_canary',
    AWS_SECRET_ACCESS_KEY: 'canary',
    SOMETHING_NEW: 'canary',
  }
  const env = passedOn({ ...process.env, ...secrets })
  const { stdout } = await run(process.execPath, ['-p', 'JSON.stringify(process.env)'], { env })
  expect(stdout).not.toContain('canary')
  expect(JSON.parse(stdout)).toMatchObject({ PATH: process.env['PATH'] })
})
