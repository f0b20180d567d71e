import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSend, type Outcome } from '../../examples/lab/platform.ts'
import { type FakePlatform, startFakePlatform } from './fake-platform.ts'

let platform: FakePlatform
beforeAll(async () => {
  platform = await startFakePlatform()
})
afterAll(() => platform.stop())

function send(url = platform.url): Promise<Outcome> {
  return createSend({ url, key: undefined })(
    { method: 'POST', path: '/v1/alerts', body: {} },
    AbortSignal.timeout(5000),
  )
}

describe('a message to the platform', () => {
  it('is delivered when the platform accepts it', async () => {
    expect(await send(`${platform.url}/`)).toEqual({ kind: 'delivered' })
    expect(platform.received.at(-1)).toMatchObject({ path: '/v1/alerts', authorization: undefined })
  })

  it.each([400, 409, 413, 422])('is given up when its content is refused with %i', async (status) => {
    platform.failNext(status)
    expect(await send()).toMatchObject({ kind: 'refused' })
  })

  it.each([401, 403, 404, 429, 500, 503])(
    'is worth another try after %i, which the other side can put right',
    async (status) => {
      platform.failNext(status)
      expect(await send()).toMatchObject({ kind: 'later' })
    },
  )

  it('is worth another try when nobody is there, and says why', async () => {
    const gone = await startFakePlatform()
    await gone.stop()
    expect(await send(gone.url)).toMatchObject({ kind: 'later', reason: expect.stringContaining('ECONNREFUSED') })
  })
})
