import { createHmac } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Client, createClient } from '../http/client.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

const ADMIN = `trp_${'a'.repeat(40)}`
let running: TestPlatform
let other: TestPlatform
let admin: Client
beforeAll(async () => {
  running = await startPlatform({ apiKey: ADMIN })
  other = await startPlatform({ database: running.database, roles: ['api'] })
  admin = createClient(running, { authorization: `Bearer ${ADMIN}` })
}, 60_000)
afterAll(async () => {
  await other.stop()
  await running.stop()
})

interface Made {
  path: string
  secret: string
  formerUntil: string | null
}
interface Logged {
  items: { id: string; type: string; data: unknown }[]
}

async function post(url: string, body: string, headers: Record<string, string>): Promise<[number, string]> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
  const answer = (await response.json()) as { code?: string; status?: string | number }
  return [response.status, answer.code ?? String(answer.status)]
}
function signed(secret: string, id: string, body: string, at = new Date()): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  }
}
const logged = async (type: string): Promise<Logged['items']> =>
  (await admin<Logged>(`GET /v1/events?type=${type}`, 200)).body.items

describe('a source with a secret', () => {
  it('needs no key, and nothing else opens it', async () => {
    const { body: made } = await admin<Made>('PUT /v1/sources/pipeline', 200, {
      body: { kind: 'manual', scheme: 'standard-webhooks' },
    })
    expect(made).toMatchObject({ path: 'pipeline', secret: expect.stringMatching(/^whsec_/), formerUntil: null })
    const url = `${running.url}/v1/ingest/pipeline`
    const body = '{"type":"pipeline.done"}'
    expect(await post(url, body, signed(made.secret, 'm1', body))).toEqual([202, 'unhandled'])
    const refused = [401, 'auth.bad_signature']
    expect(await post(url, body, {})).toEqual(refused)
    expect(await post(url, `${body} `, signed(made.secret, 'm2', body))).toEqual(refused)
    expect(await post(url, body, signed(made.secret, 'm3', body, new Date(Date.now() - 301_000)))).toEqual(refused)
    expect(await post(url, body, { authorization: `Bearer ${made.secret}` })).toEqual(refused)
    expect(await post(url, body, { authorization: `Bearer ${ADMIN}` })).toEqual(refused)
    expect(await logged('pipeline.done')).toHaveLength(1)
  })

  it('is done once, however often and wherever its delivery is sent again', async () => {
    const { body: made } = await admin<Made>('PUT /v1/sources/again', 200, {
      body: { kind: 'manual', scheme: 'standard-webhooks' },
    })
    const body = '[{"type":"again.done"},{"type":"again.done"}]'
    const headers = signed(made.secret, 'once', body)
    const places = [running.url, other.url].flatMap((url) =>
      ['again', 'again?x=1', '%61gain', 'again#x'].map((path) => `${url}/v1/ingest/${path}`),
    )
    for (const place of [...places, ...places]) expect((await post(place, body, headers))[0]).toBe(202)
    expect(await logged('again.done')).toHaveLength(2)
  })

  it('takes the former secret while a new one is given out, on every process, and not after', async () => {
    const make = { body: { kind: 'manual', scheme: 'bearer', secret: 'the-first-secret-of-it' } }
    const { body: first } = await admin<Made>('PUT /v1/sources/turning', 200, make)
    expect(first.secret).toBe('the-first-secret-of-it')
    const status = async ({ secret }: Made, url: string): Promise<number> =>
      (await post(`${url}/v1/ingest/turning`, '{"type":"turning"}', { authorization: `Bearer ${secret}` }))[0]
    const rotate = async (graceMs: number): Promise<Made> =>
      (await admin<Made>('POST /v1/sources/turning/rotate', 200, { body: { graceMs } })).body
    const second = await rotate(60_000)
    expect(second.formerUntil).not.toBeNull()
    expect([await status(first, other.url), await status(second, running.url)]).toEqual([202, 202])
    const third = await rotate(0)
    expect([await status(first, running.url), await status(second, running.url)]).toEqual([401, 401])
    expect(await status(third, running.url)).toBe(202)
  })

  it('tells its secret once, and only administrators of its team that it is there', async () => {
    const { body: made } = await admin<Made>('PUT /v1/sources/quiet', 200, { body: { scheme: 'github' } })
    const { body: list } = await admin('GET /v1/sources', 200)
    const { body: audit } = await admin('GET /v1/audit', 200)
    for (const shown of [list, audit]) expect(JSON.stringify(shown)).not.toContain(made.secret.slice(0, 12))
    const { body: stranger } = await admin<{ key: string }>('POST /v1/keys', 201, {
      body: { name: 'zoe', role: 'admin', team: 'other' },
    })
    const zoe = createClient(running, { authorization: `Bearer ${stranger.key}` })
    expect((await zoe<{ items: object[] }>('GET /v1/sources', 200)).body.items).toEqual([])
    await zoe('DELETE /v1/sources/quiet', 404)
    await zoe('POST /v1/sources/quiet/rotate', 404)
    const { body: hers } = await zoe<Made>('PUT /v1/sources/quiet', 200, {
      body: { kind: 'manual', scheme: 'bearer' },
    })
    expect(hers.path).toBe('other:quiet')
    const bearer = { authorization: `Bearer ${hers.secret}` }
    expect(await post(`${running.url}/v1/ingest/other:quiet`, '{"type":"hers"}', bearer)).toEqual([202, 'unhandled'])
    expect(await logged('hers')).toEqual([])
    expect((await zoe<Logged>('GET /v1/events?type=hers', 200)).body.items).toHaveLength(1)
    await admin('DELETE /v1/sources/quiet', 204)
    const body = '{}'
    const hub = { 'x-hub-signature-256': `sha256=${createHmac('sha256', made.secret).update(body).digest('hex')}` }
    expect(await post(`${running.url}/v1/ingest/quiet`, body, hub)).toEqual([401, 'auth.missing_key'])
  })

  it('is known by its path in one spelling only, and not under the name of a kind', async () => {
    const { body: made } = await admin<Made>('PUT /v1/sources/spelled', 200, {
      body: { kind: 'manual', scheme: 'bearer' },
    })
    const bearer = { authorization: `Bearer ${made.secret}` }
    for (const path of ['default:spelled', 'SPELLED', 'spelled%00', 'unknown', 'auto', 'manual']) {
      const [status] = await post(`${running.url}/v1/ingest/${path}`, '{"type":"x"}', bearer)
      expect([path, status]).toEqual([path, 401])
    }
    await admin('PUT /v1/sources/github', 400, { body: { scheme: 'github' } })
    for (const secret of ['short', 'with space in it, and long', `whsec_${'A'.repeat(8)}`]) {
      await admin('PUT /v1/sources/weak', 400, { body: { scheme: 'standard-webhooks', secret } })
    }
  })

  it('is GitHub: a redelivery is the same event, a ping is none', async () => {
    const { body: made } = await admin<Made>('PUT /v1/sources/gh', 200, { body: { kind: 'github', scheme: 'github' } })
    const url = `${running.url}/v1/ingest/gh`
    const send = (event: string, id: string, payload: object): Promise<[number, string]> => {
      const body = JSON.stringify(payload)
      const signature = createHmac('sha256', made.secret).update(body).digest('hex')
      const hub = { 'x-hub-signature-256': `sha256=${signature}`, 'x-github-event': event, 'x-github-delivery': id }
      return post(url, body, hub)
    }
    const run = { action: 'completed', workflow_run: { conclusion: 'failure' }, repository: { full_name: 'a/b' } }
    expect((await send('ping', 'p', { zen: 'x', hook_id: 1 }))[0]).toBe(202)
    for (const _ of [1, 2]) expect((await send('workflow_run', 'guid-1', run))[0]).toBe(202)
    const [event, ...more] = await logged('github.workflow_run.completed')
    expect([event?.data, more]).toEqual([run, []])
  })

  it('is GitLab, Grafana, or an Alertmanager that can sign nothing', async () => {
    const { body: lab } = await admin<Made>('PUT /v1/sources/gl', 200, { body: { kind: 'gitlab', scheme: 'gitlab' } })
    const pipeline = '{"object_kind":"pipeline","object_attributes":{"status":"failed"}}'
    const token = { 'x-gitlab-token': lab.secret, 'x-gitlab-event': 'Pipeline Hook', 'idempotency-key': 'k1' }
    expect((await post(`${running.url}/v1/ingest/gl`, pipeline, token))[0]).toBe(202)
    expect(await logged('gitlab.pipeline.failed')).toHaveLength(1)

    const group = (version: string): string =>
      JSON.stringify({ version, groupKey: 'g', alerts: [{ status: 'firing', labels: { alertname: `V${version}` } }] })
    const { body: grafana } = await admin<Made>('PUT /v1/sources/graf', 200, { body: { scheme: 'grafana' } })
    const time = String(Math.floor(Date.now() / 1000))
    const hmac = createHmac('sha256', grafana.secret)
      .update(`${time}:${group('1')}`)
      .digest('hex')
    const timed = { 'x-grafana-alerting-signature': hmac, 'x-grafana-alerting-timestamp': time }
    expect((await post(`${running.url}/v1/ingest/graf`, group('1'), timed))[0]).toBe(202)

    const { body: am } = await admin<Made>('PUT /v1/sources/am', 200, {
      body: { kind: 'alertmanager', scheme: 'bearer' },
    })
    const bearer = { authorization: `Bearer ${am.secret}` }
    expect((await post(`${running.url}/v1/ingest/am`, group('4'), bearer))[0]).toBe(202)
    const { body } = await admin<{ items: object[] }>('GET /v1/alerts?status=firing', 200)
    expect(body.items).toHaveLength(2)
  })
})
