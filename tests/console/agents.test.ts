import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { InstanceView } from '../../actors/agents/instances/instances-api.ts'
import type { AgentView, VersionView } from '../../actors/agents/registry/agents-api.ts'
import { expectAccessible } from '../support/accessible.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { eventually as within } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { expectFine, visit } from './visit.ts'

const STB_DOCTOR = new URL('../../agent-templates/stb-doctor.yaml', import.meta.url)

/** A browser, a server and a database share two cores with other tests. */
const eventually = <T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> =>
  within(what, ask, { timeoutMs: 30_000 })

describe.skipIf(inject('browser').program === undefined)('the pages of agents', { timeout: 240_000 }, () => {
  let platform: TestPlatform
  let browser: TestBrowser

  beforeAll(async () => {
    platform = await startPlatform({ templates: true })
    browser = await startBrowser({ hosts: [new URL(platform.url).host] })
  })
  afterAll(async () => {
    await browser?.stop()
    await platform?.stop()
  })

  const open = (path: string): Promise<void> => visit(browser, `${platform.url}${path}`)
  // The browser notes every answer that is a refusal: to a definition with a mistake it is what was asked for.
  const looksRight = (name: string): Promise<void> => expectFine(browser, name, /422.*agents.validate/)
  const version = (id: string, which: string): Promise<VersionView> =>
    platform.get(`/v1/agents/${id}/versions/${which}`)

  it('show every agent with what it listens to in words, found by text, tag and status in the address', async () => {
    const { page } = browser
    await open('/agents')
    const card = page.locator('.agent-card[data-id="stb-doctor"]')
    await card.getByText('platform is stb').waitFor()
    await card.getByText('alert.blackscreen.firing').waitFor()
    await card.getByText('no runs yet').waitFor()
    await looksRight('agents')
    await page.keyboard.press('/')
    await page.keyboard.type('doctor')
    await page.waitForURL('**/agents?q=doctor')
    await eventually('one card', async () => (await page.locator('.agent-card').count()) === 1)
    await open('/agents?tag=qa')
    await eventually('fewer cards', async () => {
      const { items } = await platform.get<{ items: AgentView[] }>('/v1/agents?tag=qa')
      return items.length > 0 && (await page.locator('.agent-card').count()) === items.length
    })
    await open('/agents?status=deprecated')
    await page.getByText('No agent fits these filters').waitFor()
    await looksRight('agents-none-found')
    await page.getByRole('button', { name: 'Clear filters' }).click()
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/agents\/[a-z-]+$/)
  })

  it('switch an agent off, after asking, and on again', async () => {
    const { page } = browser
    await open('/agents?q=stb-doctor')
    const toggle = page.getByRole('switch', { name: 'Medic starts runs' })
    await toggle.click()
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click()
    await eventually('it to be off', async () => !(await platform.get<AgentView>('/v1/agents/stb-doctor')).enabled)
    await page.locator('[role="switch"][aria-checked="false"]').waitFor()
    await toggle.click()
    await eventually('it to be on', async () => (await platform.get<AgentView>('/v1/agents/stb-doctor')).enabled)
  })

  it('tell of one agent what it does, with which tools, and where', async () => {
    const { page } = browser
    await open('/agents/stb-doctor')
    await page.getByText('device.power_cycle').first().waitFor()
    await page.getByText('2 tries').waitFor()
    await page.getByText('It does less than its definition says').waitFor()
    const { definition } = await version('stb-doctor', '1.1.0')
    expect(await page.locator('.steps-of').first().locator('li').count()).toBe(
      (definition['playbook'] as { steps: object[] }).steps.length,
    )
    await looksRight('agent')
  })

  it('show a mistake at its line while one types; mended it becomes a draft, shows its difference, and is published', async () => {
    const { page } = browser
    await open('/agents/stb-doctor?tab=definition')
    const editor = page.getByRole('textbox', { name: 'Definition' })
    const source = await readFile(STB_DOCTOR, 'utf8')
    await eventually('the text', async () => (await editor.inputValue()) === source)
    await looksRight('agent-definition')

    const line = source.split('\n').findIndex((text) => text.includes('priority:')) + 1
    await editor.fill(source.replace('floor: 70', 'floor: "high"').replace('Brings a black', 'Brings a dark'))
    await page.locator('.code-line[data-bad]').waitFor()
    const problem = page.getByRole('list', { name: 'Problems' }).getByRole('button').first()
    expect(await problem.innerText()).toContain(`${line}:`)
    expect(await problem.innerText()).toContain('triggers[0].priority')
    expect(
      await page
        .locator('.code-line')
        .nth(line - 1)
        .getAttribute('data-bad'),
    ).toBe('true')
    expect(await page.getByRole('button', { name: 'Save as draft' }).isDisabled()).toBe(true)
    await problem.click()
    expect(await editor.evaluate((field) => field.ownerDocument.activeElement === field)).toBe(true)
    const scroll = await page.locator('.code-scroll').boundingBox()
    const marked = await page.locator('.code-line[data-bad]').boundingBox()
    expect(marked!.y).toBeGreaterThan(scroll!.y)
    expect(marked!.y).toBeLessThan(scroll!.y + scroll!.height)
    await looksRight('agent-definition-problem')

    await editor.fill(source.replace('Brings a black', 'Brings a dark'))
    await page.getByText('Version 1.1.0 is published and never changes').waitFor()
    await looksRight('agent-definition-clash')
    await page.getByRole('button', { name: 'Make it 1.1.1' }).click()
    await page.getByText('stb-doctor 1.1.1 is valid').waitFor()
    await editor.press('Control+s')
    await page.waitForURL('**version=1.1.1')
    expect(await version('stb-doctor', '1.1.1')).toMatchObject({ status: 'draft' })

    await page.getByRole('tab', { name: /Versions/ }).click()
    await page.locator('.hunks tr[data-mark="+"]', { hasText: 'Brings a dark' }).waitFor()
    await page.locator('.hunks tr[data-mark="-"]', { hasText: 'Brings a black' }).waitFor()
    await page.getByRole('list', { name: 'What changed in meaning' }).getByText('metadata.description').waitFor()
    await looksRight('agent-versions')
    await page.locator('[data-version="1.1.1"]').getByRole('button', { name: 'Publish' }).click()
    await eventually('it to be published', async () => (await version('stb-doctor', '1.1.1')).status === 'published')
    expect(await platform.get('/v1/agents/stb-doctor')).toMatchObject({ current: '1.1.1' })

    const old = page.locator('[data-version="1.1.0"]')
    await old.getByRole('button', { name: 'Deprecate' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Deprecate' }).click()
    await eventually('it to be deprecated', async () => (await version('stb-doctor', '1.1.0')).status === 'deprecated')
  })

  it('say of an event whether each trigger takes it, and if not, why', async () => {
    const { page } = browser
    const device = { kind: 'stb', pool: 'p', host: 'h', gateway: 'http://127.0.0.1:9', connectivity: 'online' }
    await platform.request('PUT', '/v1/devices/stb-7', device)
    await open('/agents/stb-doctor?tab=dry-run')
    await eventually('a device that is there', async () =>
      (await page.getByRole('textbox', { name: 'Event as JSON' }).inputValue()).includes('stb-7'),
    )
    await page.getByRole('button', { name: 'Try it' }).click()
    await page.locator('[data-outcome="matched"]').first().waitFor()
    await looksRight('agent-dry-run')
    const editor = page.getByLabel('Event as JSON')
    await editor.fill('{ "type": "alert.blackscreen.firing", "data": { "platform": "web" } }')
    await page.getByRole('button', { name: 'Try it' }).click()
    await eventually('no match', async () => {
      const mine = page.getByRole('region', { name: 'This agent' })
      return (await mine.locator('[data-outcome="matched"]').count()) === 0
    })
    await editor.fill('{ "type": ')
    await page.getByRole('list', { name: 'Problems' }).getByText('not JSON').waitFor()
  })

  it('make a new agent from a text that works, indent with Tab and let it go with Escape, and delete its draft', async () => {
    const { page } = browser
    await open('/agents/-/new')
    await page.getByText('my-agent 1.0.0 is valid').waitFor()
    await looksRight('agent-new')
    const editor = page.getByRole('textbox', { name: 'Definition' })
    await editor.focus()
    await page.keyboard.press('Control+Home')
    await page.keyboard.press('Tab')
    expect((await editor.inputValue()).startsWith('  # What it is')).toBe(true)
    await page.keyboard.press('Shift+Tab')
    expect((await editor.inputValue()).startsWith('# What it is')).toBe(true)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Tab')
    expect(await editor.evaluate((field) => field.ownerDocument.activeElement === field)).toBe(false)
    await page.getByRole('button', { name: 'Save as draft' }).click()
    await page.waitForURL('**/agents/my-agent?**')
    await page.getByRole('tab', { name: /Versions/ }).click()
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await eventually('it to be gone', async () => (await platform.request('GET', '/v1/agents/my-agent')).status === 404)
    await page.waitForURL('**/agents')
  })

  it('start an instance under a key of its own', async () => {
    const { page } = browser
    await open('/agents/stb-doctor')
    await page.getByRole('button', { name: 'Start an instance' }).click()
    await page.getByRole('dialog').getByLabel('Key').fill('night-shift')
    await looksRight('agent-start')
    await page.getByRole('dialog').getByRole('button', { name: 'Start' }).click()
    await page.waitForURL('**/actors/agent/night-shift')
    expect(await platform.get<InstanceView>('/v1/instances/night-shift')).toMatchObject({ agent: 'stb-doctor' })
  })
})

describe.skipIf(inject('browser').program === undefined)('the registry without agents', { timeout: 240_000 }, () => {
  it('teaches how to write the first one', async () => {
    const platform = await startPlatform()
    const browser = await startBrowser({ hosts: [new URL(platform.url).host] })
    try {
      await browser.page.goto(`${platform.url}/agents`)
      await browser.page.getByRole('link', { name: 'Write the first agent' }).waitFor()
      await expectAccessible(browser.page)
      await browser.keep('agents-empty')
      expect(browser.complaints).toEqual([])
    } finally {
      await browser.stop()
      await platform.stop()
    }
  })
})
