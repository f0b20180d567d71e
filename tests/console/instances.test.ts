import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { InstanceView } from '../../actors/agents/instances/instances-api.ts'
import { expectAccessible } from '../support/accessible.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

const KEY = `trp_${'a'.repeat(40)}`
const MANY = 5000

describe.skipIf(inject('browser').program === undefined)('the page of the instances', { timeout: 240_000 }, () => {
  let platform: TestPlatform
  let browser: TestBrowser

  beforeAll(async () => {
    platform = await startPlatform({ templates: true, apiKey: KEY })
    browser = await startBrowser({ hosts: [new URL(platform.url).host] })
    await logIn(KEY)
  })
  afterAll(async () => {
    await browser?.stop()
    await platform?.stop()
  })

  const logIn = async (key: string): Promise<void> => {
    const { page } = browser
    await page.context().clearCookies()
    await page.goto(`${platform.url}/instances`)
    await page.getByLabel('API key').fill(key)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.locator('.lamp[data-state="live"]').waitFor()
    // The browser notes the calls that were refused before.
    browser.complaints.length = 0
  }
  const row = (id: string) => browser.page.locator(`.table-row[data-key="${id}"]`)
  const list = (query = ''): Promise<{ items: InstanceView[] }> => platform.get(`/v1/instances?limit=200${query}`)

  it('lists every instance with its state and what it waits for, and leads to each by keys', async () => {
    const { page } = browser
    const { items } = await list()
    expect(items.length).toBeGreaterThan(3)
    for (const { id, state, waitingFor } of items) {
      await row(id).waitFor()
      expect(await row(id).locator('.badge').textContent()).toBe(state)
      expect(await row(id).textContent()).toContain(waitingFor)
    }
    await expectAccessible(page)
    await browser.keep('instances')
    await page.locator('main').focus()
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/actors/agent/${items[1]?.id}`)
    await page.goBack()
    await row(items[1]?.id ?? '').waitFor()
    expect(browser.complaints).toEqual([])
  })

  it('shows what changes as it changes, and counts it', async () => {
    const { page } = browser
    await platform.post('/v1/instances/stb-doctor/pause', { reason: 'tea' })
    await row('stb-doctor').getByText('paused').waitFor()
    await row('stb-doctor').getByText('RESUME (by').waitFor()
    await page.getByRole('button', { name: 'paused 1' }).click()
    await page.waitForURL('**/instances?state=paused')
    await eventually('only what is paused', async () => (await page.locator('.table-body .table-row').count()) === 1)
    await platform.post('/v1/instances/analyst/pause')
    await row('analyst').waitFor()
    await platform.post('/v1/instances/analyst/resume')
    await row('analyst').waitFor({ state: 'detached' })
    await page.reload()
    await row('stb-doctor').waitFor()
    await page.getByRole('searchbox').fill('nobody is called that')
    await page.getByRole('heading', { name: 'Nothing matches' }).waitFor()
    await expectAccessible(page)
    await browser.keep('instances-none')
    await page.getByRole('button', { name: 'Show all' }).click()
    await row('analyst').waitFor()
    await platform.post('/v1/instances/stb-doctor/resume')
    await row('stb-doctor').getByText('idle').waitFor()
  })

  it('does the same to many, after it has said what would happen', async () => {
    const { page } = browser
    await platform.post('/v1/instances/explorer/pause')
    await row('explorer').getByText('paused').waitFor()
    await page.getByRole('checkbox', { name: 'Pick analyst' }).check()
    await page.getByRole('checkbox', { name: 'Pick explorer' }).check()
    await page.getByRole('toolbar').getByRole('button', { name: 'Resume' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('heading', { name: 'Resume 1 instance?' }).waitFor()
    await dialog.getByText('1 other would refuse').click()
    await expectAccessible(page)
    await browser.keep('instances-bulk')
    expect(await platform.get('/v1/instances/explorer')).toMatchObject({ state: 'paused' })
    await dialog.getByRole('button', { name: 'Resume 1' }).click()
    await row('explorer').getByText('idle').waitFor()
    expect(await platform.get('/v1/instances/explorer')).toMatchObject({ state: 'idle' })
    await page.locator('.toast', { hasText: 'Resume: 1 done, 1 refused, 0 failed' }).waitFor()
    expect(browser.complaints).toEqual([])
  })

  it('starts an agent under a name of its own, and leads to it', async () => {
    const { page } = browser
    await page.keyboard.press('n')
    const dialog = page.getByRole('dialog', { name: 'Start an agent' })
    await dialog.getByText('stb-doctor').click()
    await dialog.getByLabel('Name of the instance').fill('night-shift')
    await expectAccessible(page)
    await browser.keep('instances-start')
    await dialog.getByRole('button', { name: 'Start' }).click()
    await page.waitForURL('**/actors/agent/night-shift')
    expect(await platform.get('/v1/instances/night-shift')).toMatchObject({ agent: 'stb-doctor', state: 'idle' })
    expect(browser.complaints).toEqual([])
  })

  it('shows a viewer everything and no button that would be refused', async () => {
    const { page } = browser
    const { key } = await platform.post<{ key: string }>('/v1/keys', { name: 'guest', role: 'viewer' })
    await logIn(key)
    await row('stb-doctor').waitFor()
    expect(await page.getByRole('checkbox').count()).toBe(0)
    expect(await page.getByRole('button', { name: 'Start an agent' }).count()).toBe(0)
    await row('stb-doctor').getByRole('link').click()
    await page.locator('.statechart [data-state="idle"][data-active]').waitFor({ timeout: 30_000 })
    expect(await page.getByRole('group', { name: 'Controls' }).count()).toBe(0)
    expect(await page.locator('.statechart [role="button"]').count()).toBe(0)
    await browser.keep('viewer')
    expect(browser.complaints).toEqual([])
    await logIn(KEY)
  })

  it('stays as quick with five thousand', async () => {
    const { page } = browser
    const sql = postgres(platform.database.url, { max: 1 })
    try {
      await sql`
        insert into actors (address, kind, key, status, revision, value, snapshot, machine_hash, version, root)
        select 'agent/copy-' || n, kind, 'copy-' || n, status, revision, value, snapshot, machine_hash, version, 'agent/copy-' || n
        from actors, generate_series(10001, ${10_000 + MANY}) n
        where address = 'agent/stb-doctor'`
      await sql`
        insert into agent_instances (address, team, id, agent, version, state, live)
        select 'agent/copy-' || n, team, 'copy-' || n, agent, version, state, false
        from agent_instances, generate_series(10001, ${10_000 + MANY}) n
        where address = 'agent/stb-doctor'`
    } finally {
      await sql.end()
    }
    await page.goto(`${platform.url}/instances`)
    await page
      .getByRole('table')
      .and(page.locator(`[aria-rowcount="${MANY + 7}"]`))
      .waitFor({ timeout: 30_000 })
    const rows = page.locator('.table-body .table-row')
    expect(await rows.count()).toBeLessThan(80)
    await page.getByRole('region', { name: 'Instances' }).evaluate((box) => {
      box.scrollTop = box.scrollHeight
    })
    await row('stb-doctor').waitFor()
    expect(await rows.count()).toBeLessThan(80)
    await browser.keep('instances-many')
    await platform.post('/v1/instances/stb-doctor/pause')
    await row('stb-doctor').getByText('paused').waitFor()
    expect(browser.complaints).toEqual([])
  })
})
