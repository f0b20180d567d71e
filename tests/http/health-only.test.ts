import { expect, it } from 'vitest'
import { stubApp, stubPlatform } from './stub.ts'

it('answers probes and nothing else where only work is done', async () => {
  const app = stubApp(stubPlatform(), { healthOnly: true })
  const status = async (path: string) => (await app.fetch(new Request(`http://localhost${path}`))).status
  expect(await status('/livez')).toBe(200)
  expect(await status('/v1/agents')).toBe(404)
  expect(await status('/')).toBe(404)
  expect(await status('/docs')).toBe(404)
})
