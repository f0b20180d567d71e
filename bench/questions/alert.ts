import { expectReplay, expectStatus } from '../contestants/troupe-http.ts'
import { connect } from '../http.ts'
import { until, within } from '../patience.ts'
import { startTroupe } from '../server.ts'
import { startSink } from '../sink.ts'
import { spread } from '../stats.ts'
import type { Question } from './question.ts'

/** V8 has compiled the way of an alert after some tens of them. */
const WARM_UPS = 50

/** An agent that hears alerts and calls a tool first thing, with no device to wait for. */
const agentFor = (host: string): object => ({
  metadata: { id: 'bench', name: 'bench', version: '1.0.0' },
  triggers: [{ on: 'alert.bench.firing' }],
  skills: ['http.get'],
  permissions: { external: ['http'] },
  playbook: { steps: [{ id: 'call', uses: 'http.get', with: { url: `http://${host}/call/\${event.subject}` } }] },
})

/**
 * How long from the alert's POST until the first tool call of the agent that cares reaches the world: ingest, routing,
 * the agent's and the run's turns, the step's row, the call. One at a time: the next alert comes when the run of the one
 * before has ended. Timed by one clock at both ends.
 */
export function alertToTool(backend: 'redis' | 'embedded'): Question {
  return {
    name: `alert to tool call ${backend}`,
    ...(backend === 'redis' ? { needs: ['redis'] } : {}),
    async ask(stage) {
      const sink = await startSink()
      stage.atEnd(sink.stop)
      const server = await startTroupe(stage, backend, { TROUPE_ALLOWED_HOSTS: sink.host })
      const client = connect(server.url, 1)
      expectStatus(await client.post('/v1/agents?publish=true', JSON.stringify(agentFor(sink.host))), 201)
      await until('the agent to listen', 10_000, async () => {
        const { version } = await client
          .get<{ version?: string }>('/v1/instances/bench')
          .catch(() => ({ version: undefined }))
        return version
      })
      const report = async (device: string): Promise<number> => {
        const called = sink.asked(`/call/${device}`)
        const at = performance.now()
        expectStatus(await client.post('/v1/alerts', JSON.stringify({ kind: 'bench', device })), 202)
        const ms = (await within(`the tool call for ${device}`, 20_000, called)) - at
        await until(`the run for ${device} to end`, 20_000, async () => {
          const { items } = await client.get<{ items: { outcome: string | null }[] }>('/v1/runs?agent=bench&limit=1')
          return items[0]?.outcome ?? undefined
        })
        return ms
      }
      for (let n = 0; n < WARM_UPS; n++) await report(`warm-${n}`)
      const samples: number[] = []
      for (let n = 0; n < stage.sizes.alerts; n++) samples.push(await report(`device-${n}`))
      const runs = await until('all runs to end', 20_000, async () => {
        const { items } = await client.get<{ items: { outcome: string | null }[] }>('/v1/runs?agent=bench&limit=200')
        return items.every(({ outcome }) => outcome !== null) ? items : undefined
      })
      const failed = runs.filter(({ outcome }) => outcome !== 'succeeded').length
      if (failed > 0 || runs.length !== stage.sizes.alerts + WARM_UPS)
        throw new Error(`${runs.length} runs, ${failed} failed`)
      await expectReplay(server.url)
      await client.close()
      await server.stop()
      await sink.stop()
      return { samples: samples.length, ...spread(samples) }
    },
  }
}
