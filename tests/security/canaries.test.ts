import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createPlatform } from '../../actors/agents/platform.ts'
import { createLog } from '../../core/log.ts'
import { createVault, drawKey } from '../../core/vault.ts'
import { createApp } from '../../http/app.ts'
import { listen } from '../../http/server.ts'
import { createToolCatalog, createTools } from '../../tools/catalog.ts'
import { createTestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'

const canary = (): string => `cnry${randomBytes(20).toString('hex')}`

describe('twelve secrets sent through every entrance', () => {
  it('are in no log line, no answer and no metric afterwards', { timeout: 120_000 }, async () => {
    const lines: string[] = []
    const admin = `trp_${canary()}`
    const known = canary()
    const log = createLog('trace', { write: (line) => lines.push(line) }, [admin, known])
    const database = await createTestDatabase()
    const tools = createToolCatalog(createTools({ allowedHosts: ['127.0.0.1:9'] }))
    const vault = createVault([drawKey()])
    const platform = await createPlatform({ version: '0', log, databaseUrl: database.url, tools, apiKey: admin, vault })
    await platform.start()
    const app = createApp({ platform, log, config: { loopbackOnly: true } })
    const server = await listen({ app, host: '127.0.0.1', port: 0, graceMs: 500 })
    const told: string[] = []
    const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
      const response = await fetch(`${server.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      told.push(text, JSON.stringify([...response.headers]))
      return { status: response.status, text }
    }
    try {
      const secrets = {
        wrongKey: canary(),
        wrongSession: canary(),
        wrongLogin: canary(),
        named: canary(),
        nested: canary(),
        url: canary(),
        query: canary(),
        quoted: canary(),
        step: canary(),
        source: canary(),
        signature: canary(),
      }
      const id = { key: '' }
      await ask('GET', '/v1/agents', undefined, { authorization: `Bearer trp_${secrets.wrongKey}` })
      await ask('GET', '/v1/agents', undefined, {
        authorization: '',
        cookie: `troupe_session=trs_${secrets.wrongSession}`,
      })
      await ask('POST', '/v1/session', { key: `trp_${secrets.wrongLogin}` })
      await ask('PUT', '/v1/sources/hub', { kind: 'manual', scheme: 'github', secret: secrets.source })
      // The only answer that tells it: to whoever made it.
      told.splice(-2)
      const signed = '{"type":"x.y"}'
      const right = createHmac('sha256', secrets.source).update(signed).digest('hex')
      await ask('POST', '/v1/ingest/hub', signed, { 'x-hub-signature-256': `sha256=${right}` })
      await ask('POST', '/v1/ingest/hub', signed, { 'x-hub-signature-256': secrets.signature, authorization: '' })
      await ask('GET', `/v1/events?access_token=${secrets.query}`)
      const published = await ask('POST', '/v1/agents?publish=true', {
        metadata: { id: 'caller', name: 'Caller', version: '1.0.0' },
        triggers: [{ on: 'canary.sent' }],
        skills: ['http.get'],
        permissions: { external: ['http'] },
        playbook: {
          steps: [
            {
              uses: 'http.get',
              with: { url: 'http://127.0.0.1:10/', headers: { authorization: `Bearer ${secrets.step}` } },
            },
          ],
        },
      })
      expect([published.status, published.text.slice(0, published.status === 201 ? 0 : 400)]).toEqual([201, ''])
      // Its own answer shows the definition to its author, with what the author wrote into it.
      told.splice(-2)
      await eventually('the agent to listen', async () => (await ask('GET', '/v1/instances/caller')).status === 200)
      const data = {
        password: secrets.named,
        list: [{ headers: [{ 'X-Api-Key': secrets.nested }] }],
        link: `https://me:${secrets.url}@example.org/`,
        raw: JSON.stringify({ token: secrets.quoted }),
      }
      const event = await ask('POST', '/v1/events', { type: 'canary.sent', data })
      id.key = (JSON.parse(event.text) as { id: string }).id
      const runs = await eventually(
        'the run to end',
        async () => {
          const { items } = JSON.parse((await ask('GET', '/v1/runs?agent=caller')).text) as {
            items: { id: string; outcome: string | null }[]
          }
          if (items.length > 0 && items.every(({ outcome }) => outcome !== null)) return items
          throw new Error(JSON.stringify(items))
        },
        { timeoutMs: 30_000, intervalMs: 200 },
      )
      const run = runs[0]?.id ?? ''
      log.error({ err: new Error(`connect to somewhere with ${known}`) }, 'whatever')
      const actors = [`actors/run/${run}`, 'actors/agent/caller']
      const lists =
        'agents instances runs actors events events/types alerts dead-letters audit keys sources devices locks'
      for (const path of [
        ...`${lists} inbox session system instances/caller`.split(' '),
        `events/${id.key}`,
        `runs/${run}`,
        ...actors.flatMap((actor) => ['', '/history', '/mailbox', '/why', '/replay?at=1'].map((part) => actor + part)),
      ]) {
        const { status, text } = await ask('GET', `/v1/${path}`)
        expect([path, status, text.slice(0, status === 200 ? 0 : 200)]).toEqual([path, 200, ''])
      }
      await ask('GET', '/metrics')
      const everything = [...lines, ...told].join('\n')
      expect(lines.length).toBeGreaterThan(20)
      expect(everything).toContain('caller')
      const found = Object.entries({ ...secrets, admin, known }).filter(([, secret]) => everything.includes(secret))
      expect(found.map(([where]) => where)).toEqual([])
    } finally {
      await server.stop()
      await platform.stop()
      await database.drop()
    }
  })
})
