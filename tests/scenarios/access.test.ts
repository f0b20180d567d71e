import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { backends } from '../support/redis.ts'
import { note, openStage } from './stage.ts'

const rootKey = `trp_${randomBytes(24).toString('hex')}`

describe.each(await backends())('a platform with a key on $name', ({ redisUrl }) => {
  const stage = openStage({ redisUrl, apiKey: rootKey })
  const bare = (path: string, key?: string): Promise<Response> =>
    fetch(`${stage.at.url}${path}`, key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } })

  it('lets nobody in without one, nor with one that it does not know', async () => {
    for (const path of ['/v1/agents', '/v1/events', '/v1/actors', '/v1/live', '/metrics']) {
      expect([path, (await bare(path)).status]).toEqual([path, 401])
    }
    const wrong = await bare('/v1/agents', `trp_${'x'.repeat(40)}`)
    expect(wrong.status).toBe(401)
    expect(await wrong.json()).toMatchObject({ code: 'auth.wrong_key' })
    const posted = await fetch(`${stage.at.url}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"type":"a.b"}',
    })
    expect(posted.status).toBe(401)
    expect((await bare('/livez')).status).toBe(200)
  })

  it('shows a team nothing of another, and starts nothing of it', async () => {
    const { key: secret } = await stage.at.post<{ key: string }>('/v1/keys', {
      name: 'visitor',
      role: 'admin',
      team: 'other',
    })
    await stage.publish({ id: 'private', on: 'private.go', steps: [note('ours')] })
    const event = await stage.post({ type: 'private.go' })
    const [run] = await stage.ended('private', 1)
    const paths = [
      '/v1/agents/private',
      '/v1/agents/private/versions/1.0.0/export',
      '/v1/instances/private',
      `/v1/events/${event.id}`,
      `/v1/runs/${run!.id}`,
      '/v1/actors/agent/private',
      '/v1/actors/agent/private/why',
      '/v1/actors/agent/private/history',
    ]
    for (const path of paths) {
      expect([path, (await bare(path, secret)).status]).toEqual([path, 404])
      expect([path, (await bare(path, rootKey)).status]).toEqual([path, 200])
    }
    const theirs = { authorization: `Bearer ${secret}` }
    for (const path of [`/v1/events/${event.id}/replay`, '/v1/instances/private/pause', `/v1/runs/${run!.id}/cancel`]) {
      expect([path, (await stage.at.request('POST', path, {}, theirs)).status]).toEqual([path, 404])
    }
    const told = await stage.at.request('POST', '/v1/events', { type: 'private.go' }, theirs)
    expect(await told.json()).toMatchObject({ status: 'unhandled', deliveries: [] })
    for (const path of ['/v1/agents', '/v1/instances', '/v1/runs', '/v1/actors?kind=agent', '/v1/audit']) {
      expect(JSON.stringify(await (await bare(path, secret)).json())).not.toContain('private')
    }
    expect(await stage.runs('private')).toHaveLength(1)
  })
})
