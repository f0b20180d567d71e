import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { HistoryEntry } from '../../db/history.ts'
import { freePort, type Program, startMain } from '../scenarios/programs.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { TEMP_PREFIX } from '../support/leftovers.ts'
import { chartOn } from './chart-page.ts'

/** Writes down, in the page, every step that the live stream tells, as `address revision`. */
const OVERHEAR = `
  globalThis.heard = []
  globalThis.streams = 0
  const fetched = globalThis.fetch
  globalThis.fetch = async (...given) => {
    const response = await fetched(...given)
    if (!String(given[0]).startsWith('/v1/live') || !response.ok) return response
    globalThis.streams += 1
    const [mine, theirs] = response.body.tee()
    const read = async () => {
      let text = ''
      for await (const piece of mine.pipeThrough(new TextDecoderStream())) {
        text += piece
        const blocks = text.split('\\n\\n')
        text = blocks.pop()
        for (const block of blocks) {
          const { address, revision } = JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '{}')
          if (address) globalThis.heard.push(address + ' ' + revision)
        }
      }
    }
    read().catch(() => undefined)
    return new Response(theirs, response)
  }`

describe.skipIf(inject('browser').program === undefined)(
  'the page of a server that is killed',
  { timeout: 180_000 },
  () => {
    let folder: string
    let env: Record<string, string>
    let main: Program
    let browser: TestBrowser

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), TEMP_PREFIX))
      env = {
        PORT: String(await freePort()),
        TROUPE_DATA_DIR: join(folder, 'data'),
        DATABASE_URL: '',
        REDIS_URL: '',
      }
      main = await startMain(env)
      browser = await startBrowser({ hosts: [new URL(main.url).host] })
      await browser.page.addInitScript(OVERHEAR)
    })
    afterAll(async () => {
      await browser?.stop()
      await main?.kill()
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 })
    })

    const command = async (action: string): Promise<void> => {
      const response = await fetch(`${main.url}/v1/instances/stb-doctor/${action}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      })
      expect(response.status).toBe(200)
    }
    const heard = async (): Promise<string[]> =>
      (await browser.page.evaluate<string[]>('heard')).filter((step) => step.startsWith('agent/stb-doctor '))

    it('says how old it is, goes on by itself, and has missed nothing and heard nothing twice', async () => {
      const { page } = browser
      const chart = chartOn(page)
      await page.goto(`${main.url}/actors/agent/stb-doctor`)
      await page.locator('.lamp[data-state="live"]').waitFor()
      await chart.lit('idle')
      await page.evaluate('globalThis.sameDocument = true')
      await command('pause')
      await chart.lit('paused')

      await main.kill()
      await page.locator('.lamp[data-state="down"]').waitFor({ timeout: 60_000 })
      expect(await page.locator('#banner').textContent()).toMatch(/^Reconnecting\. .+ The view is \d+ s old\./)
      await chart.lit('paused')
      await browser.keep('down')

      main = await startMain(env)
      // Before the page is back: what happened meanwhile has to reach it all the same.
      await command('resume')
      await command('pause')
      await page.locator('.lamp[data-state="live"]').waitFor({ timeout: 60_000 })
      await page.locator('#banner').waitFor({ state: 'hidden' })
      await command('resume')
      await chart.lit('idle')
      expect(await page.evaluate('globalThis.sameDocument')).toBe(true)

      const response = await fetch(`${main.url}/v1/actors/agent/stb-doctor/history`)
      const { items } = (await response.json()) as { items: HistoryEntry[] }
      const all = items.slice(1).map(({ address, revision }) => `${address} ${revision}`)
      await eventually('every step, each once', async () => {
        expect(await heard()).toEqual(all)
        return true
      })
    })

    it('holds no stream while nobody sees it, and goes on from where it was', async () => {
      const { page } = browser
      const hide = (hidden: boolean): Promise<unknown> =>
        page.evaluate(`
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${hidden} })
        document.dispatchEvent(new Event('visibilitychange'))`)
      const open = async (): Promise<number> => {
        const text = await (await fetch(`${main.url}/metrics`)).text()
        return Number(/^troupe_live_streams (\d+)$/m.exec(text)?.[1])
      }
      expect(await open()).toBe(1)
      await hide(true)
      await eventually('the stream to be closed', async () => (await open()) === 0, { timeoutMs: 20_000 })
      const before = await heard()
      await command('pause')
      expect(await heard()).toEqual(before)
      await hide(false)
      await chartOn(page).lit('paused')
      expect(await open()).toBe(1)
      expect(await heard()).toHaveLength(before.length + 1)
    })
  },
)
