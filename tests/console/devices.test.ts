import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { visit } from './visit.ts'

interface Device {
  maintenance: { by: string; reason: string } | null
  health: string
  holder: { ticket: string; token: number } | null
}
interface Run {
  id: string
  device: string
  outcome: string | null
}

describe.skipIf(inject('browser').program === undefined)('the pages of devices and runs', { timeout: 90_000 }, () => {
  let running: TestPlatform
  let browser: TestBrowser

  beforeAll(async () => {
    running = await startPlatform({ templates: true, labSpeed: 20 })
    running.platform.setLab(running.lab)
    browser = await startBrowser({ hosts: [new URL(running.url).host] })
  })
  afterAll(async () => {
    await browser?.stop()
    await running?.stop()
  })

  const open = (path: string): Promise<void> => visit(browser, `${running.url}${path}`)
  const tile = (id: string) => browser.page.locator(`.tile[data-device="${id}"]`)
  const device = (id: string): Promise<Device> => running.get(`/v1/devices/${id}`)
  /** A key counts from when the page hears it, which is a moment after the list is seen. */
  const toFirst = (marked: string) =>
    eventually('the first one to be marked', async () => {
      await browser.page.keyboard.press('k')
      return browser.page.locator(marked).isVisible()
    })
  const confirm = async (action: string, reason: string): Promise<void> => {
    const dialog = browser.page.locator('dialog.confirm')
    await dialog.getByLabel('Reason').fill(reason)
    await dialog.getByRole('button', { name: action }).click()
  }

  it('teach what to do while nothing has happened', async () => {
    await open('/runs')
    await browser.page.getByRole('heading', { name: 'No agent has worked yet' }).waitFor()
    await expectAccessible(browser.page)
    await browser.keep('runs-empty')
    await open('/devices?q=nothing-like-it')
    await browser.page.getByRole('heading', { name: 'No device is like this' }).waitFor()
    await browser.page.getByRole('button', { name: 'Clear filters' }).first().click()
    await tile('stb-1').waitFor()
    expect(browser.complaints).toEqual([])
  })

  it('show the wall with a picture of every device that is near what is seen', async () => {
    await open('/devices')
    const picture = tile('stb-1').getByRole('img', { name: 'What Set-top box 1 shows now' })
    await picture.waitFor()
    const before = await picture.getAttribute('src')
    await eventually('the next picture', async () => (await picture.getAttribute('src')) !== before)
    expect(await picture.evaluate((image: HTMLImageElement) => [image.naturalWidth, image.naturalHeight])).toEqual([
      480, 270,
    ])
    await expectAccessible(browser.page)
    await browser.keep('devices')
    expect(browser.complaints).toEqual([])
  })

  it('break a device and watch the main job: from its alert over the run to the recovered device', async () => {
    const { page } = browser
    await open('/devices')
    await tile('stb-1').getByLabel('Simulate a fault of Set-top box 1').selectOption('Black screen')
    // The run takes the device: the tile links to it, and counts its lease down.
    const link = tile('stb-1').locator('.tile-holder a')
    await link.waitFor({ timeout: 30_000 })
    const run = await link.innerText()
    await link.click()
    await page.waitForURL(`**/runs/${run}`)
    // Nothing is loaded anew from here on: what changes comes over the live stream.
    await page.evaluate(() => Object.assign(globalThis, { sameDocument: true }))
    await page.getByRole('heading', { name: run }).waitFor()
    await page.locator('.detail-head').getByText('succeeded').waitFor({ timeout: 30_000 })
    expect(await page.evaluate(() => 'sameDocument' in globalThis)).toBe(true)
    const steps = page.locator('.waterfall-line[data-status] .waterfall-name > .clip:first-child')
    expect(await steps.allInnerTexts()).toEqual(['look', 'judge', 'reboot', 'boot', 'verify', 'tell'])
    const told = await running.get<Run & { evidence: object[] }>(`/v1/runs/${run}`)
    expect(told).toMatchObject({ outcome: 'succeeded', device: 'stb-1' })
    await eventually('all pictures', async () => (await page.locator('.thumb').count()) === told.evidence.length)

    await page.getByRole('button', { name: /^judge/ }).click()
    await page.getByText('blackRatio').waitFor()
    await expectAccessible(page)
    await browser.keep('run-page')
    await page.locator('.section .thumb').first().click()
    const large = page.getByRole('dialog', { name: /1 of/ })
    await large.getByRole('img').waitFor()
    await page.keyboard.press('ArrowRight')
    await page.getByRole('dialog', { name: /2 of/ }).waitFor()
    await expectAccessible(page)
    await browser.keep('run-page-evidence')
    await page.keyboard.press('Escape')

    await page.locator('.facts').getByRole('link', { name: 'stb-1' }).click()
    await page.getByRole('heading', { name: 'Set-top box 1' }).waitFor()
    await page.getByRole('link', { name: 'stb-doctor' }).waitFor()
    await page.getByRole('link', { name: 'blackscreen' }).waitFor()
    await page.getByRole('img', { name: 'What Set-top box 1 shows now' }).waitFor()
    await expectAccessible(page)
    await browser.keep('device-page')
    const { fault }: { fault: unknown } = await (await fetch(`${running.lab}/devices/stb-1`)).json()
    expect(fault).toBeNull()
    expect(browser.complaints).toEqual([])
  })

  it('take a device out of service by key and put it back, with the reason', async () => {
    const { page } = browser
    await open('/devices?q=tv-1')
    await tile('tv-1').waitFor()
    await toFirst('.tile[data-at]')
    await page.keyboard.press('m')
    await confirm('Out of service', 'new remote control')
    await tile('tv-1').getByText('out of service').waitFor()
    expect((await device('tv-1')).maintenance).toMatchObject({ by: 'local', reason: 'new remote control' })
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Television 1' }).waitFor()
    await page.getByText('new remote control, by local').waitFor()
    await page.getByRole('button', { name: 'Back into service' }).click()
    await confirm('Back into service', '')
    await page.getByText('in service', { exact: true }).waitFor()
    expect((await device('tv-1')).maintenance).toBeNull()
    expect(browser.complaints).toEqual([])
  })

  it('promise a device to the first who asks only where somebody would be given it', async () => {
    const { page } = browser
    await open('/devices/web-2')
    await page.getByText('Whoever asks first gets it').waitFor()
    const report = (type: string) =>
      running.post('/v1/actors/device/web-2/events?wait=10s', { type, reason: 'a scratched lens', by: 'local' })
    await report('SUSPECT')
    await page.getByText('nobody is given it while it is suspect').waitFor()
    expect(await page.getByText('Whoever asks first gets it').count()).toBe(0)
    await page.getByText('It is suspect: a scratched lens').waitFor()
    await expectAccessible(page)
    await browser.keep('device-in-doubt')
    await page.getByRole('button', { name: 'Vouch for' }).click()
    await confirm('Vouch for it', 'polished')
    await page.getByText('Whoever asks first gets it').waitFor()
    expect(await page.getByRole('button', { name: 'Vouch for' }).count()).toBe(0)
    expect((await device('web-2')).health).toBe('good')
  })

  it('take a device from its holder, and show who is next', async () => {
    const { page } = browser
    const wants = { pool: 'lab', wants: { devices: ['web-1'] }, ttlMs: 600_000 }
    const first = await running.post<{ ticket: string }>('/v1/tickets', { ...wants, reason: 'a long measurement' })
    const second = await running.post<{ ticket: string }>('/v1/tickets', { ...wants, reason: 'waits for the other' })
    await open('/devices?state=held')
    await tile('web-1').getByText('a long measurement').waitFor()
    await tile('web-1').getByText('waits for the other').waitFor()
    expect((await device('web-1')).holder?.ticket).toBe(first.ticket)
    await expectAccessible(page)
    await browser.keep('devices-held')
    await tile('web-1').getByRole('button', { name: 'Kick: Browser 1' }).click()
    await confirm('Take it away', 'the release cannot wait')
    await tile('web-1').locator('.tile-holder').getByText('waits for the other').waitFor({ timeout: 30_000 })
    expect((await device('web-1')).holder?.ticket).toBe(second.ticket)
    expect(browser.complaints).toEqual([])
  })

  it('list runs live, filtered by the address, and go by keys', async () => {
    const { page } = browser
    await open('/runs')
    const rows = page.locator('.table-body .table-row')
    await rows.first().waitFor()
    await expectAccessible(page)
    await browser.keep('runs')
    await page.getByRole('button', { name: 'Failed' }).click()
    await page.getByRole('heading', { name: 'No run is like this' }).waitFor()
    expect(new URL(page.url()).search).toBe('?outcome=failed')
    await page.getByRole('button', { name: 'Clear filters' }).first().click()
    await rows.first().waitFor()
    await toFirst('.table-row[data-at]')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/runs/agent.stb-doctor.*')
    await page.getByRole('link', { name: 'Statechart' }).waitFor()
    await page.keyboard.press('u')
    await page.waitForURL('**/runs')
    expect(browser.complaints).toEqual([])
  })
})
