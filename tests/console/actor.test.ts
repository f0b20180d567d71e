import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { Moment } from '../../actors/agents/inspect/past-api.ts'
import type { InstanceView } from '../../actors/agents/instances/instances-api.ts'
import type { RunView } from '../../actors/agents/runs/runs-api.ts'
import { definition } from '../scenarios/stage.ts'
import { expectAccessible } from '../support/accessible.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { type ChartPage, chartOn } from './chart-page.ts'

/** Drawing takes a machine without a graphics card its time. */
const TIMES = { timeout: 300_000 }

describe.skipIf(inject('browser').program === undefined)('the page of an actor', TIMES, () => {
  let platform: TestPlatform
  let browser: TestBrowser
  let chart: ChartPage

  beforeAll(async () => {
    platform = await startPlatform({ templates: true, labSpeed: 20, allowedHosts: ['127.0.0.1:9'] })
    browser = await startBrowser({ hosts: [new URL(platform.url).host] })
    chart = chartOn(browser.page)
  })
  afterAll(async () => {
    await browser?.stop()
    await platform?.stop()
  })

  const open = async (path: string): Promise<void> => {
    await browser.page.goto(platform.url + path)
    await browser.page.locator('.lamp[data-state="live"]').waitFor()
    await browser.page.locator('.statechart').waitFor({ timeout: 30_000 })
  }
  const instance = (id: string): Promise<InstanceView> => platform.get(`/v1/instances/${id}`)

  it('shows the machine with the state lit that the actor is in, what it waits for and what it would take', async () => {
    const { page } = browser
    await open('/actors/agent/stb-doctor')
    await chart.lit('idle')
    expect(await chart.active()).toEqual(['idle'])
    expect(await page.locator('.waits').textContent()).toContain(
      'Waits for an event that one of its triggers matches · idle since',
    )
    expect(await page.locator('.statechart .label[data-event="PAUSE"][data-possible="yes"]').count()).toBe(1)
    expect(await page.locator('.statechart .label[data-event="RESUME"][data-possible]').count()).toBe(0)
    expect(await page.locator('ol[aria-label="States of the machine"] [aria-current]').allTextContents()).toEqual([
      'idle, current',
    ])
    await page.getByText('Refuses now: ').click()
    await page.getByText('no active state has a transition for RESUME').waitFor()
    await browser.keep('agent-idle')
    expect(browser.complaints).toEqual([])
  })

  it('lights what the agent does while it mends a black screen, and leads to the run and what it saw', async () => {
    const { page } = browser
    await open('/actors/agent/stb-doctor')
    await chart.lit('idle')
    // The device is in somebody's hands, so that the run has to wait until the test looks at it.
    const { ticket } = await platform.post<{ ticket: string }>('/v1/tickets', {
      pool: 'lab',
      wants: { devices: ['stb-1'] },
      reason: 'looking by hand',
    })
    await chart.watch()
    const fault = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"kind":"blackscreen"}' }
    expect((await fetch(`${platform.lab}/devices/stb-1/faults`, fault)).status).toBe(200)
    await page.locator('.statechart [data-state="running"][data-active]').waitFor({ timeout: 30_000 })
    expect(await chart.watched()).toEqual(['running'])
    await page.locator('.statechart [data-fired]').first().waitFor()
    await browser.keep('agent-running')
    await page.getByRole('tab', { name: 'Runs' }).click()
    await page.locator('.actor-cards li', { hasText: 'alert.blackscreen.firing' }).getByRole('link').click()
    await page.waitForURL(/\/actors\/run\//)
    await page.locator('.statechart').waitFor({ timeout: 30_000 })
    await chart.lit('waitingForDevice')
    await page.locator('.waits', { hasText: 'Waits for device stb-1: place 1 in the queue' }).waitFor()
    await browser.keep('run-waiting')
    await chart.watch()
    expect((await platform.request('DELETE', `/v1/tickets/${ticket}`)).status).toBe(204)
    await page.locator('.statechart [data-state="succeeded"][data-active]').waitFor({ timeout: 60_000 })
    const way = ['holding', 'holding.executing', 'holding.cleaning', 'succeeded']
    const seen = [...new Set(await chart.watched())].filter((state) => way.includes(state))
    // Two steps that are committed within one picture of the screen are drawn as one: in order, and to the end.
    expect(seen).toEqual(way.filter((state) => seen.includes(state)))
    expect(seen).toEqual(expect.arrayContaining(['holding', 'holding.executing', 'succeeded']))
    const { items } = await platform.get<{ items: RunView[] }>('/v1/runs?agent=stb-doctor')
    expect(items).toMatchObject([{ outcome: 'succeeded', device: 'stb-1' }])
    await page.locator('.actor-steps li', { hasText: 'device.power_cycle' }).getByText('succeeded').waitFor()
    const pictures = page.locator('.actor-steps .actor-evidence img')
    await eventually('two pictures', async () => (await pictures.count()) === 2)
    for (const picture of await pictures.all()) {
      await picture.scrollIntoViewIfNeeded()
      const width = (): Promise<number> =>
        picture.evaluate((image) => Number('naturalWidth' in image && image.naturalWidth))
      await eventually('it to be drawn', async () => (await width()) > 0)
    }
    await browser.keep('run')
    await page.getByRole('link', { name: 'agent/stb-doctor' }).first().click()
    await chart.lit('idle')
    expect(browser.complaints).toEqual([])
  })

  it('lights each state as it is entered, in the order of commits', async () => {
    await open('/actors/agent/stb-doctor')
    await chart.lit('idle')
    await chart.watch()
    await platform.post('/v1/instances/stb-doctor/pause')
    await chart.lit('paused')
    await platform.post('/v1/instances/stb-doctor/resume')
    await chart.lit('idle')
    // A chart that is read again in between lights a state a second time.
    expect((await chart.watched()).filter((state, place, all) => state !== all[place - 1])).toEqual(['paused', 'idle'])
  })

  it('pauses, resumes, stops and starts the agent, and says who did it and why', async () => {
    const { page } = browser
    await chart.command('Pause', 'maintenance window')
    await chart.lit('paused')
    expect(await instance('stb-doctor')).toMatchObject({ state: 'paused' })
    await page.locator('.waits', { hasText: 'RESUME (by local: maintenance window)' }).waitFor()
    await browser.keep('agent-paused')
    await chart.command('Resume')
    await chart.lit('idle')
    await chart.command('Stop', '')
    await chart.lit('stopped')
    expect(await instance('stb-doctor')).toMatchObject({ state: 'stopped' })
    await chart.command('Start')
    await chart.lit('idle')
    expect(await instance('stb-doctor')).toMatchObject({ state: 'idle' })
    expect(browser.complaints).toEqual([])
  })

  it('retries what failed, when somebody says so', async () => {
    const fails = { id: 'reach', uses: 'http.get', with: { url: 'http://127.0.0.1:9/' } }
    await platform.post(
      '/v1/agents?publish=true',
      definition({ id: 'hopeless', on: 'test.fail', steps: [fails], config: { auto_retry: false } }),
    )
    await eventually('its instance', () => instance('hopeless'))
    await platform.post('/v1/events', { type: 'test.fail', subject: 'x' })
    await open('/actors/agent/hopeless')
    await chart.lit('error')
    await browser.page.locator('.waits', { hasText: 'RETRY, SKIP or RESET' }).waitFor()
    await browser.keep('agent-error')
    const before = await instance('hopeless')
    await chart.command('Retry')
    await eventually('a second run that fails as the first', async () => {
      const now = await instance('hopeless')
      return now.revision > before.revision && now.state === 'error' && now.runs.failed === before.runs.failed + 1
    })
    await chart.lit('error')
    await chart.command('Skip')
    await chart.lit('idle')
    expect(browser.complaints).toEqual([])
  })

  it('says why a control is refused, and sends nothing', async () => {
    const { page } = browser
    await open('/actors/agent/stb-doctor')
    await chart.lit('idle')
    const retry = chart.button('Retry')
    expect(await retry.getAttribute('aria-disabled')).toBe('true')
    expect(await retry.getAttribute('title')).toBe('idle takes no Retry; it takes Pause, Stop')
    const sent: string[] = []
    page.on('request', (request) => sent.push(request.method()))
    // A person can press it, and then hears the reason; only Playwright takes it for unusable.
    await retry.click({ force: true })
    await page.locator('.toast', { hasText: 'idle takes no Retry' }).waitFor()
    expect(sent).not.toContain('POST')
  })

  it('refuses the second of two people who decided by the same view, and tells what to do', async () => {
    const { page } = browser
    await page.getByRole('group', { name: 'Controls' }).getByRole('button', { name: 'Pause' }).click()
    // While this person still thinks about the reason, somebody else is faster, twice.
    await platform.post('/v1/instances/stb-doctor/pause')
    await platform.post('/v1/instances/stb-doctor/resume')
    await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click()
    await page.locator('.toast', { hasText: 'Somebody else was faster' }).waitFor()
    expect(await instance('stb-doctor')).toMatchObject({ state: 'idle' })
    browser.complaints.length = 0
  })

  it('sends an event that is possible from the chart itself', async () => {
    const { page } = browser
    await page.locator('.statechart .label[role="button"][data-event="PAUSE"]').click()
    const dialog = page.getByRole('dialog', { name: 'Send PAUSE' })
    await dialog.getByRole('textbox').fill('{"reason": "from the chart"}')
    await dialog.getByText('Without this page').click()
    await browser.keep('send-event')
    await dialog.getByRole('button', { name: 'Send' }).click()
    await chart.lit('paused')
    expect(await instance('stb-doctor')).toMatchObject({ waitingFor: 'RESUME (by local: from the chart)' })
    await chart.command('Resume')
    await chart.lit('idle')
  })

  it('shows at a revision exactly what replay says, by slider, keys and link', async () => {
    const { page } = browser
    const head = (await instance('stb-doctor')).revision
    const slider = page.getByRole('slider', { name: 'Revision' })
    await page.getByRole('tab', { name: 'Context' }).click()
    for (const at of [2, 3, head - 1]) {
      await slider.fill(String(at))
      const moment = await platform.get<Moment>(`/v1/actors/agent/stb-doctor/replay?at=${at}`)
      await page.locator(`[data-context="${at}"]`).waitFor()
      expect(new URL(page.url()).searchParams.get('at')).toBe(String(at))
      expect(await chart.active()).toEqual(moment.active)
      const shown = await page.locator(`[data-context="${at}"] .json > .json-body > *`).count()
      expect(shown).toBe(Object.keys(moment.context ?? {}).length)
    }
    await page.locator('main').focus()
    await page.keyboard.press('ArrowLeft')
    await page.waitForURL(new RegExp(`at=${head - 2}`))
    await page.reload()
    await page.locator(`[data-context="${head - 2}"]`).waitFor()
    await page.locator('.past-mark', { hasText: `revision ${head - 2}` }).waitFor()
    await page.getByRole('tab', { name: 'Then' }).click()
    await page.getByRole('heading', { name: /In its mailbox then/ }).waitFor()
    await browser.keep('agent-past')
    await page.getByRole('button', { name: 'Live' }).click()
    await page.waitForURL((url) => !url.searchParams.has('at'))
    await chart.lit('idle')
    expect(browser.complaints).toEqual([])
  })

  it('plays the past to its end, and is live again there', async () => {
    const { page } = browser
    await page.getByRole('slider', { name: 'Revision' }).fill('1')
    await chart.watch()
    await page.getByRole('button', { name: 'Play ×4' }).click()
    await page.getByRole('button', { name: 'Live', pressed: true }).waitFor({ timeout: 40_000 })
    const states = await chart.watched()
    expect(states.slice(0, 4)).toEqual(['running', 'idle', 'paused', 'idle'])
  })

  it('forks the agent from its past, as an inspection that acts on nothing', async () => {
    const { page } = browser
    const { items } = await platform.get<{ items: { revision: number; to: unknown }[] }>(
      '/v1/actors/agent/stb-doctor/history',
    )
    // Other news may have reached it before the alert did.
    const revision = items.find(({ to }) => to === 'running')?.revision ?? 0
    await open(`/actors/agent/stb-doctor?at=${revision}`)
    await page.getByRole('button', { name: 'Fork from here' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Fork' }).click()
    await page.waitForURL(/\/actors\/fork\.agent\//)
    await chart.lit('running')
    const { pathname } = new URL(page.url())
    const fork = await platform.get(`/v1${pathname}`)
    expect(fork).toMatchObject({ sealed: true, forkedFrom: { address: 'agent/stb-doctor', revision } })
    await page.getByText(`from agent/stb-doctor at ${revision}`).waitFor()
    await browser.keep('fork')
    expect(browser.complaints).toEqual([])
  })

  it('is accessible on every tab, now and then, in both themes', async () => {
    const { page } = browser
    await open('/actors/agent/stb-doctor')
    await chart.lit('idle')
    for (const tab of ['Now', 'Context', 'History', 'Runs']) {
      await page.getByRole('tab', { name: tab }).click()
      await expectAccessible(page)
      await browser.keep(`agent-tab-${tab.toLowerCase()}`)
    }
    await open('/actors/agent/stb-doctor?at=2')
    await page.getByRole('heading', { name: 'Because of' }).waitFor()
    await expectAccessible(page)
    const { items } = await platform.get<{ items: RunView[] }>('/v1/runs?agent=stb-doctor')
    await open(`/actors/run/${items[0]?.id}`)
    await page.locator('.actor-steps li').first().waitFor()
    await expectAccessible(page)
    await open('/actors/lock/lab')
    await expectAccessible(page)
    await browser.keep('lock')
    await open('/actors/device/stb-1')
    await expectAccessible(page)
    await browser.keep('device')
    expect(browser.complaints).toEqual([])
  })

  it('says in words that there is no such actor', async () => {
    await browser.page.goto(`${platform.url}/actors/agent/nobody`)
    const heading = browser.page.getByRole('heading', { name: 'There is no actor agent/nobody' })
    await heading.waitFor()
    expect(await browser.page.locator('.statechart').count()).toBe(0)
  })
})
