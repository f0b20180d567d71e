import { describe, expect, it } from 'vitest'
import type { AgentView } from '../../actors/agents/registry/agents-api.ts'
import { eventually } from '../support/eventually.ts'
import { startPlatform } from '../support/platform.ts'
import { backends } from '../support/redis.ts'
import { definition, note, openStage, pause } from './stage.ts'

const YAML = { 'content-type': 'application/yaml' }

describe.each(await backends())('versions of an agent on $name', ({ redisUrl }) => {
  const stage = openStage({ redisUrl })

  it('change nothing while they are drafts; once published, work under way ends on the old one and the instance moves', async () => {
    const v1 = { id: 'moving', on: 'moving.go', steps: [pause('700ms'), note('v1')], config: { max_parallel_tasks: 1 } }
    const v2 = { ...v1, version: '2.0.0', on: [{ on: ['moving.go', 'moving.new'] }], steps: [note('v2')] }
    await stage.publish(v1)
    const draft = await stage.at.request('POST', '/v1/agents', definition(v2))
    expect(draft.status).toBe(201)
    expect(await stage.post({ type: 'moving.new' })).toMatchObject({ status: 'unhandled' })
    expect(await stage.at.get<AgentView>('/v1/agents/moving')).toMatchObject({ current: '1.0.0', latest: '2.0.0' })

    await stage.post({ type: 'moving.go' })
    await stage.becomes('moving', 'running')
    await stage.at.post('/v1/agents/moving/versions/2.0.0/publish')
    expect(await stage.instance('moving')).toMatchObject({ version: '1.0.0', state: 'running' })
    await stage.ended('moving', 1)
    await eventually('the instance to move', async () => (await stage.instance('moving')).version === '2.0.0')
    expect(await stage.post({ type: 'moving.new' })).toMatchObject({ status: 'routed' })
    const runs = await stage.ended('moving', 2)
    expect(runs.map(({ version, outcome }) => [version, outcome])).toEqual([
      ['1.0.0', 'succeeded'],
      ['2.0.0', 'succeeded'],
    ])
    const said = await Promise.all(runs.map(async ({ id }) => (await stage.run(id)).steps.at(-1)?.output))
    expect(said).toEqual([{ note: 'v1' }, { note: 'v2' }])
  })

  it('stay what they were published as: other content needs another version', async () => {
    const agent = { id: 'fixed', on: 'fixed.go', steps: [note('this')] }
    await stage.publish(agent)
    const other = await stage.at.request('POST', '/v1/agents', definition({ ...agent, steps: [note('that')] }))
    expect(other.status).toBe(409)
    expect(await other.json()).toMatchObject({ code: 'agent.version_exists', detail: expect.stringContaining('1.0.0') })
    const same = await stage.at.request('POST', '/v1/agents', definition(agent))
    expect(same.status).toBe(200)
  })

  it('are measured one by one: ten good runs are a success rate of 100 %', async () => {
    const agent = { id: 'good', on: 'good.go', steps: [note('fine')] }
    await stage.publish(agent)
    for (let n = 0; n < 10; n++) await stage.post({ type: 'good.go' })
    await stage.ended('good', 10)
    await stage.publish({
      ...agent,
      version: '1.1.0',
      steps: [{ uses: 'note.add', with: { text: 'x' }, expect: 'false' }],
    })
    await stage.post({ type: 'good.go' })
    await stage.ended('good', 11)
    const { items } = await stage.at.get<{ items: object[] }>('/v1/agents/good/metrics')
    expect(items).toMatchObject([
      {
        version: '1.0.0',
        runs: 10,
        succeeded: 10,
        failed: 0,
        aborted: 0,
        successRate: 1,
        medianMs: expect.any(Number),
      },
      { version: '1.1.0', runs: 1, succeeded: 0, failed: 1, aborted: 0, successRate: 0 },
    ])
  })

  it('travel to another lab byte for byte, and unknown keys are refused with what was meant', async () => {
    const text = `# kept as it is\nmetadata: { id: traveller,   name: "T", version: 1.0.0 }\ntriggers: [ { on: a.b } ]\nskills: [note.add]\nplaybook:\n  steps:\n    - { uses: note.add, with: { text: hi } } # said\n`
    const post = (url: string, body: string): Promise<Response> =>
      fetch(`${url}/v1/agents?publish=true`, { method: 'POST', headers: YAML, body })
    const path = '/v1/agents/traveller/versions/1.0.0/export'
    expect((await post(stage.at.url, text)).status).toBe(201)
    const exported = await (await fetch(`${stage.at.url}${path}`)).text()
    expect(exported).toBe(text)
    const elsewhere = await startPlatform({ redisUrl })
    try {
      expect((await post(elsewhere.url, exported)).status).toBe(201)
      expect(await (await fetch(`${elsewhere.url}${path}`)).text()).toBe(text)
    } finally {
      await elsewhere.stop()
    }
    const wrong = await post(stage.at.url, text.replace('skills', 'skils').replace('1.0.0', '1.0.1'))
    expect(wrong.status).toBe(422)
    expect(await wrong.text()).toContain('did you mean')
  })
})
