import { expect, it } from 'vitest'
import { startLab } from '../../cli/lab.ts'
import { readConfig } from '../../core/config.ts'

it('says in one sentence that the lab starts too slowly, and how to do without it', async () => {
  // No process of Node's is up within a millisecond.
  const late = startLab('http://127.0.0.1:1', readConfig({ LOG_LEVEL: 'silent' }), 1)
  await expect(late).rejects.toMatchObject({
    code: 'config.invalid',
    message: expect.stringMatching(/^The simulated lab did not start within 0\.001 s.*TROUPE_LAB=off/),
  })
})

it('starts the lab and ends it', { timeout: 60_000 }, async () => {
  const lab = await startLab('http://127.0.0.1:1', readConfig({ LOG_LEVEL: 'silent' }))
  expect((await fetch(`${lab.url}/healthz`)).status).toBe(200)
  await lab.stop()
  await expect(fetch(`${lab.url}/healthz`)).rejects.toThrow('fetch failed')
})
