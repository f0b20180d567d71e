import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { DeviceView, InstanceView, RunView } from '../../actors/agents/api.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

/** Writes down, in the page, each state of the chart as it is lit. */
const WATCH = `
  globalThis.litStates = []
  new MutationObserver((changes) => {
    for (const { target } of changes) if (target.hasAttribute('data-active')) litStates.push(target.dataset.state)
  }).observe(document.querySelector('.chart'), { subtree: true, attributeFilter: ['data-active'] })`

/** Drawing takes a machine without a graphics card its time. */
const TIMES = { timeout: 60_000 }

describe.skipIf(inject('browser').program === undefined)('the console', TIMES, () => {
  let database: TestDatabase
  let platform: TestPlatform
  let browser: TestBrowser

  beforeAll(async () => {
    database = await createTestDatabase()
    platform = await startPlatform({ database, templates: true, labSpeed: 20 })
    browser = await startBrowser({ hosts: [new URL(platform.url).host, new URL(platform.lab).host] })
    await browser.page.goto(platform.url)
  })
  afterAll(async () => {
    await browser?.stop()
    await platform?.stop()
    await database?.drop()
  })

  const doctor = (): Promise<InstanceView> => platform.get('/v1/instances/stb-doctor')
  const state = (path: string): Locator => browser.page.locator(`.chart [data-state="${path}"]`)
  const lit = (path: string): Promise<void> =>
    browser.page.locator(`.chart [data-state="${path}"][data-active]`).waitFor()
  const button = (name: string): Locator => browser.page.getByRole('button', { name, exact: true })

  it('lists every instance and every device', async () => {
    const { page } = browser
    await page.locator('#live[data-state="up"]').waitFor()
    const [instances, devices] = await Promise.all([
      platform.get<{ items: InstanceView[] }>('/v1/instances?limit=200'),
      platform.get<{ items: DeviceView[] }>('/v1/devices'),
    ])
    await eventually('all rows', async () => (await page.locator('#instances > li').count()) === instances.items.length)
    await eventually('all devices', async () => (await page.locator('#devices > li').count()) === devices.items.length)
    expect(instances.items.map(({ id }) => id)).toContain('stb-doctor')
    for (const { id } of instances.items) expect(await page.locator('#instances').textContent()).toContain(id)
    for (const { name } of devices.items) expect(await page.locator('#devices').textContent()).toContain(name)
    await browser.keep('overview')
    expect(browser.complaints).toEqual([])
  })

  it('shows the statechart of an agent with the state lit that it is in', async () => {
    const { page } = browser
    await page.locator('#instances a', { hasText: 'stb-doctor' }).click()
    await lit('idle')
    expect(await page.locator('.chart [data-state][data-active]').count()).toBe(1)
    expect(await state('idle').getAttribute('aria-current')).toBe('true')
    expect(await page.locator('.detail .wait').textContent()).toBe(
      'Waits for an event that one of its triggers matches',
    )
  })

  it('lights what the agent does while it mends a black screen, and leads to what the run did', async () => {
    const { page } = browser
    await page.evaluate(WATCH)
    const fault = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"kind":"blackscreen"}' }
    expect((await fetch(`${platform.lab}/devices/stb-1/faults`, fault)).status).toBe(200)
    await lit('running')
    await page.locator('#devices .holder', { hasText: 'Held by agent.stb-doctor.' }).waitFor()
    await browser.keep('agent-running')
    const run = page.locator('.detail tr', { hasText: 'alert.blackscreen.firing' })
    await run.getByText('succeeded').waitFor()
    await lit('idle')
    expect(await page.evaluate('litStates')).toEqual(['running', 'idle'])

    await run.getByRole('link').first().click()
    await lit('succeeded')
    const { items } = await platform.get<{ items: RunView[] }>('/v1/runs?agent=stb-doctor')
    expect(items).toMatchObject([{ outcome: 'succeeded', device: 'stb-1' }])
    expect(await page.locator('.detail h2').textContent()).toBe(items[0]?.address)
    expect(await page.locator('.detail .head .state').textContent()).toBe('succeeded')
    await page.locator('.detail tr', { hasText: 'device.power_cycle' }).getByText('succeeded').waitFor()
    await page.locator('.pictures img[src^="data:image/png;"]').nth(1).waitFor()
    await browser.keep('run')
    expect(browser.complaints).toEqual([])
  })

  it('pauses and resumes the agent', async () => {
    await browser.page.locator('#instances a', { hasText: 'stb-doctor' }).click()
    await button('Pause').click()
    await lit('paused')
    expect(await doctor()).toMatchObject({ state: 'paused' })
    await button('Resume').click()
    await lit('idle')
    expect(await doctor()).toMatchObject({ state: 'idle' })
  })

  it('says why a control is refused, and sends nothing', async () => {
    const { page } = browser
    await page.locator('.detail .head .state', { hasText: 'idle' }).waitFor()
    const retry = button('Retry')
    expect(await retry.getAttribute('aria-disabled')).toBe('true')
    const reason = await retry.getAttribute('title')
    expect(reason).toBe('In state "idle" the machine does not accept RETRY. It takes: PAUSE, STOP.')
    const sent: string[] = []
    page.on('request', (request) => sent.push(request.method()))
    // A person can press it, and then hears the reason; only Playwright takes it for unusable.
    await retry.click({ force: true })
    expect(await page.locator('#announcer').textContent()).toBe(reason)
    expect(sent).not.toContain('POST')
  })

  it('starts another instance of the agent, under a name of its own', async () => {
    await button('Start another').click()
    await browser.page.locator('.detail h2', { hasText: 'agent/stb-doctor-2' }).waitFor()
    await lit('idle')
    expect(await platform.get('/v1/instances/stb-doctor-2')).toMatchObject({ agent: 'stb-doctor', state: 'idle' })
    expect(browser.complaints).toEqual([])
  })

  it('leads to the lab, whose page shows the devices and their faults', async () => {
    const page = await browser.page.context().newPage()
    await page.goto(platform.lab)
    await page.locator('article', { hasText: 'tv-1' }).getByRole('button', { name: 'audio loss' }).click()
    await page.locator('article.faulty', { hasText: 'tv-1' }).waitFor()
    await browser.keep('lab', page, ['dark'])
    await page.close()
    expect(browser.complaints).toEqual([])
  })

  it('says that the server is away, and goes on by itself once it is back', async () => {
    const { page } = browser
    await page.evaluate('globalThis.sameDocument = true')
    const { port } = new URL(platform.url)
    await platform.stop()
    await page.locator('#live[data-state="down"]').waitFor()
    expect(await page.locator('#banner').textContent()).toMatch(/Live updates stopped at \d\d:\d\d:\d\d\./)
    await browser.keep('down')

    platform = await startPlatform({ database, port: Number(port), templates: true })
    await page.locator('#live[data-state="up"]').waitFor({ timeout: 20_000 })
    await page.locator('#banner').waitFor({ state: 'hidden' })
    await platform.post('/v1/instances/stb-doctor-2/pause')
    await lit('paused')
    expect(await page.evaluate('globalThis.sameDocument')).toBe(true)
    // A browser notes every call that a server refused or that found none; the page has to live with it.
    expect(browser.complaints.filter((text) => !text.startsWith('Failed to load resource: '))).toEqual([])
  })
})
