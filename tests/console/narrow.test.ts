import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { note, type Stage, stageOn } from '../scenarios/stage.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { visit } from './visit.ts'

const PHONE = { width: 390, height: 844 }
const NAMES = Array.from({ length: 24 }, (_, index) => `step-${index}`)

describe.skipIf(inject('browser').program === undefined)('the console on a phone', { timeout: 240_000 }, () => {
  let platform: TestPlatform
  let browser: TestBrowser
  let stage: Stage

  beforeAll(async () => {
    platform = await startPlatform()
    stage = stageOn(() => platform)
    browser = await startBrowser({ hosts: [new URL(platform.url).host] })
    await browser.page.setViewportSize(PHONE)
  })
  afterAll(async () => {
    await browser?.stop()
    await platform?.stop()
  })

  const open = (path: string): Promise<void> => visit(browser, `${platform.url}${path}`)
  /** How far the window itself can be scrolled, into nothing: its pages scroll inside of it. */
  const overshoot = (): Promise<number> =>
    browser.page.evaluate(() => document.documentElement.scrollHeight - window.innerHeight)

  it('leaves most of the screen to the page', async () => {
    const { page } = browser
    await open('/instances')
    await browser.keep('narrow-instances')
    const head = await page.locator('.sidebar').boundingBox()
    expect(head?.height).toBeLessThan(PHONE.height / 3)
    const last = await page.getByRole('link', { name: 'Keys' }).boundingBox()
    expect((last?.x ?? PHONE.width) + (last?.width ?? 0)).toBeLessThanOrEqual(PHONE.width)
  })

  it('scrolls a long run, and two versions side by side, without moving the window', async () => {
    const { page } = browser
    const steps = NAMES.map((id) => ({ id, ...note(id) }))
    await stage.publish({ id: 'long', on: 'long.go', steps })
    await stage.publish({ id: 'long', on: 'long.go', version: '1.1.0', steps: steps.toReversed() })
    await stage.post({ type: 'long.go' })
    const [run] = await stage.ended('long', 1, 60_000)
    await open(`/runs/${run?.id}`)
    await page.getByText('Did what it was for.').waitFor()
    await browser.keep('narrow-run')
    expect(await overshoot()).toBe(0)
    await open('/agents/long?tab=versions')
    await page.getByRole('region', { name: 'Line by line' }).waitFor()
    expect(await overshoot()).toBe(0)
  })
})
