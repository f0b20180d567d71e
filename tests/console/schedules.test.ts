import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { ScheduleView } from '../../actors/agents/schedules/schedules-api.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { eventually as within } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { expectFine, visit } from './visit.ts'

/** A browser, a server and a database share two cores with other tests. */
const eventually = <T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> =>
  within(what, ask, { timeoutMs: 30_000 })

describe.skipIf(inject('browser').program === undefined)('the page Schedules', { timeout: 240_000 }, () => {
  let platform: TestPlatform
  let browser: TestBrowser

  beforeAll(async () => {
    platform = await startPlatform()
    browser = await startBrowser({ hosts: [new URL(platform.url).host] })
  })
  afterAll(async () => {
    await browser?.stop()
    await platform?.stop()
  })

  const open = (path: string): Promise<void> => visit(browser, `${platform.url}${path}`)
  const scheduleOf = (id: string): Promise<ScheduleView> => platform.get(`/v1/schedules/${id}`)
  const card = (id: string) => browser.page.locator(`.schedule[data-id="${id}"]`)

  it('teaches what it is for while it is empty', async () => {
    await open('/schedules')
    await browser.page.getByText('Nothing is due').waitFor()
    await browser.page.getByText('schedule.nightly.fired').first().waitFor()
    await expectFine(browser, 'schedules-empty')
  })

  it('makes a schedule, and says at every key what its rule means', async () => {
    const { page } = browser
    await page.getByRole('button', { name: 'New schedule' }).click()
    const dialog = page.getByRole('dialog', { name: 'New schedule' })
    await dialog.getByLabel('Name').fill('weekly')
    await dialog.getByLabel('Time zone').fill('Europe/Pari')
    await dialog.getByText('did you mean "Europe/Paris"?').waitFor()
    expect(await dialog.getByRole('button', { name: 'Make the schedule' }).isDisabled()).toBe(true)
    await dialog.getByLabel('Time zone').fill('Europe/Paris')
    await dialog.getByText('At 03:00').waitFor()
    await dialog.getByLabel('Rule').fill('0 0 30 2 *')
    await dialog.getByText('there is no such day').waitFor()
    // What a browser notes of an answer that says no.
    browser.complaints.length = 0
    await expectFine(browser, 'schedules-form-problem')
    await dialog.getByRole('button', { name: 'Every Monday at 7' }).click()
    await dialog.getByText('At 07:00, only on Monday').waitFor()
    await dialog.getByText('More', { exact: true }).click()
    await dialog.getByLabel('Data of the event').fill('{ "suite": ')
    await dialog.getByRole('button', { name: 'Make the schedule' }).click()
    await dialog.getByRole('alert').waitFor()
    await dialog.getByLabel('Data of the event').fill('{ "suite": "smoke" }')
    await expectFine(browser, 'schedules-form')
    await dialog.getByRole('button', { name: 'Make the schedule' }).click()
    await card('weekly').getByText('At 07:00, only on Monday').waitFor()
    const made = await scheduleOf('weekly')
    expect(made).toMatchObject({
      cron: '0 7 * * MON',
      timezone: 'Europe/Paris',
      catchUp: 'last',
      data: { suite: 'smoke' },
    })
    const slots = card('weekly').getByRole('region', { name: 'Next slots of weekly' }).getByRole('listitem')
    expect(await slots.count()).toBe(5)
    for (const text of await slots.allInnerTexts()) expect(text).toMatch(/^Mon.* \d+ \w+ \d{4}.* 07:00$/)
  })

  it('pauses, resumes, sends by hand, and shows each in its place', async () => {
    const { page } = browser
    await page.getByRole('button', { name: 'Pause weekly' }).click()
    await card('weekly').getByText('None while it is paused.').waitFor()
    expect((await scheduleOf('weekly')).state).toBe('paused')
    await page.getByRole('button', { name: 'Send now: an event of weekly' }).click()
    await card('weekly').getByText('by hand').waitFor()
    expect((await scheduleOf('weekly')).fired).toBe(1)
    await page.getByRole('button', { name: 'Resume weekly' }).click()
    await page.getByRole('button', { name: 'Pause weekly' }).waitFor()
    expect((await scheduleOf('weekly')).state).toBe('active')
  })

  it('shows what is wrong with a field that is folded away', async () => {
    const { page } = browser
    await platform.post('/v1/schedules', { id: 'spread', cron: '0 * * * *', jitterMs: 600_000 })
    await page.getByRole('button', { name: 'Change spread' }).click()
    const dialog = page.getByRole('dialog', { name: 'Change spread' })
    await dialog.getByLabel('Rule').fill('* * * * *')
    await dialog.getByText('Every minute', { exact: true }).waitFor()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('at most 30000').waitFor()
    await dialog.getByLabel('Spread by up to').fill('30')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await scheduleOf('spread')).toMatchObject({ cron: '* * * * *', jitterMs: 30_000 })
    await platform.request('DELETE', '/v1/schedules/spread')
    // What a browser notes of an answer that says no.
    browser.complaints.length = 0
  })

  it('changes one, unless somebody else was faster', async () => {
    const { page } = browser
    await page.getByRole('button', { name: 'Change weekly' }).click()
    const dialog = page.getByRole('dialog', { name: 'Change weekly' })
    await dialog.getByLabel('Rule').fill('30 6 * * TUE')
    await dialog.getByText('At 06:30, only on Tuesday').waitFor()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    await card('weekly').getByText('At 06:30, only on Tuesday').waitFor()
    expect(await scheduleOf('weekly')).toMatchObject({
      version: 2,
      data: { suite: 'smoke' },
      type: 'schedule.weekly.fired',
    })
    expect(browser.complaints).toEqual([])

    await page.getByRole('button', { name: 'Change weekly' }).click()
    await platform.request('PUT', '/v1/schedules/weekly', {
      cron: '30 6 * * TUE',
      timezone: 'Europe/Paris',
      description: 'faster',
    })
    await dialog.getByLabel('Rule').fill('0 5 * * *')
    await dialog.getByText('At 05:00').waitFor()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Somebody else was faster').waitFor()
    expect(await scheduleOf('weekly')).toMatchObject({ version: 3, cron: '30 6 * * TUE' })
    // What a browser notes of an answer that says no.
    browser.complaints.length = 0
    await dialog.getByRole('button', { name: 'Cancel' }).click()
  })

  it('counts as it happens, tells what was missed, and what is over', async () => {
    const { page } = browser
    await platform.post('/v1/schedules', { id: 'ticking', cron: '* * * * * *', description: 'Once a second.' })
    await eventually(
      'it to count',
      async () => (await card('ticking').getByText('sent', { exact: true }).count()) === 5,
    )
    await platform.post('/v1/schedules/ticking/pause')
    await platform.post('/v1/schedules', { id: 'missing', cron: '0 3 * * *', catchUp: 'none' })
    const sql = postgres(platform.database.url, { max: 1 })
    const at = Date.now() - 200_000
    const recent = JSON.stringify([
      { slot: at - 60_000, outcome: 'missed', at },
      { slot: at - 120_000, outcome: 'catch-up', at },
      { slot: at - 180_000, outcome: 'slot', at },
    ])
    await sql`update schedules set missed = 1234, fired = 2, recent = ${recent}::text::json where id = 'missing'`
    await sql.end()
    await open('/schedules')
    await card('missing').getByText('1,234 missed').waitFor()
    await card('missing').getByText('caught up').waitFor()
    await expectFine(browser, 'schedules')
    await page.getByRole('searchbox', { name: 'Search schedules' }).fill('once a second')
    await eventually('only that one', async () => (await page.locator('.schedule').count()) === 1)
    await open('/schedules?state=paused')
    await card('ticking').waitFor()
    expect(await page.locator('.schedule').count()).toBe(1)
  })

  it('deletes one after asking', async () => {
    const { page } = browser
    await page.getByRole('button', { name: 'Delete ticking' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('No schedule is like this').waitFor()
    expect((await platform.request('GET', '/v1/schedules/ticking')).status).toBe(404)
  })

  it('leads to its statechart, and is led to by the audit', async () => {
    const { page } = browser
    await open('/audit?action=schedule.remove')
    await page
      .getByRole('row', { name: /schedule\.remove/ })
      .getByRole('link', { name: 'ticking' })
      .waitFor()
    await open('/schedules')
    await card('weekly').getByRole('link', { name: 'weekly', exact: true }).click()
    await page.waitForURL('**/actors/schedule/weekly')
    await page.getByRole('heading', { name: /weekly/ }).waitFor()
    await expectFine(browser, 'schedules-statechart')
  })

  it('shows a viewer everything and no control', async () => {
    const { page } = browser
    const { key } = await platform.post<{ key: string }>('/v1/keys', { name: 'root', role: 'admin' })
    const headers = { authorization: `Bearer ${key}` }
    const answer = await platform.request('POST', '/v1/keys', { name: 'guest', role: 'viewer' }, headers)
    const guest = (await answer.json()) as { key: string }
    await page.goto(`${platform.url}/schedules`)
    await page.getByLabel(/key/i).first().fill(guest.key)
    await page.getByRole('button', { name: 'Log in' }).click()
    await card('weekly').getByText('At 06:30, only on Tuesday').waitFor()
    expect(await page.locator('.schedule').getByRole('button').count()).toBe(0)
    expect(await page.getByRole('button', { name: 'New schedule' }).count()).toBe(0)
  })
})
