import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { assign, setup } from 'xstate'
import { SIZE } from '../../console/pages/actor/chart/size.ts'
import { SIZE as SERVER_SIZE } from '../../http/diagram/boxes.ts'
import { expectAccessible } from '../support/accessible.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { bigMachine } from './big-machine.ts'
import { type ChartPage, chartOn } from './chart-page.ts'

const TRANSITIONS = 10_000
const BATCH = 500

/** One that does nothing but move, and remembers how often. */
const ticker = setup({
  types: { context: {} as { ticks: number }, events: {} as { type: 'TICK' } },
  actions: { count: assign({ ticks: ({ context }) => context.ticks + 1 }) },
}).createMachine({
  id: 'ticker',
  context: { ticks: 0 },
  initial: 'tick',
  states: {
    tick: { on: { TICK: { target: 'tock', actions: 'count' } } },
    tock: { on: { TICK: { target: 'tick', actions: 'count' } } },
  },
})

it('draws inside boxes and labels where the server left room', () => {
  expect(SERVER_SIZE).toMatchObject(SIZE)
})

describe.skipIf(inject('browser').program === undefined)('a statechart in the page', { timeout: 240_000 }, () => {
  let platform: TestPlatform
  let browser: TestBrowser
  let chart: ChartPage

  beforeAll(async () => {
    platform = await startPlatform({ machines: { studio: bigMachine, ticker } })
    browser = await startBrowser({ hosts: [new URL(platform.url).host] })
    chart = chartOn(browser.page)
  })
  afterAll(async () => {
    await browser?.stop()
    await platform?.stop()
  })

  const start = (address: string): Promise<Response> => platform.request('PUT', `/v1/actors/${address}`, {})
  const send = (address: string, type: string): Promise<unknown> =>
    platform.post(`/v1/actors/${address}/events?wait=10s`, { type })
  const open = async (path: string): Promise<void> => {
    await browser.page.goto(platform.url + path)
    await browser.page.locator('.statechart').waitFor({ timeout: 60_000 })
    await browser.page.locator('.lamp[data-state="live"]').waitFor()
  }

  it('is legible with forty states, parallel regions and history: every text inside its box', async () => {
    const { page } = browser
    await start('studio/north')
    await send('studio/north', 'PLAY')
    await send('studio/north', 'FASTER')
    await open('/actors/studio/north')
    await chart.lit('transport.playing.double')
    expect((await chart.active()).sort()).toEqual([
      'calendar',
      'calendar.mon',
      'calendar.mon.morning',
      'recording',
      'recording.idle',
      'transport',
      'transport.playing',
      'transport.playing.double',
    ])
    expect(await page.locator('.statechart [data-state]').count()).toBeGreaterThan(40)
    const outside = await page.locator('.statechart [data-state], .statechart .label').evaluateAll((groups) =>
      groups.flatMap((group) => {
        const box = group.querySelector(':scope > .box, :scope > .pill')?.getBoundingClientRect()
        if (!box) return []
        const texts = [...group.querySelectorAll(':scope > text:not(.count), :scope > [data-edge] > text')]
        return texts
          .filter((text) => {
            const { left, right, top, bottom } = text.getBoundingClientRect()
            return left < box.left - 1 || right > box.right + 1 || top < box.top - 2 || bottom > box.bottom + 2
          })
          .map((text) => text.textContent)
      }),
    )
    expect(outside).toEqual([])
    await page.locator('.statechart .count', { hasText: /^in \d/ }).waitFor()
    await browser.keep('chart-forty-states')
    await expectAccessible(page)

    await chart.button('Direction: down').click()
    await chart.button('Direction: right').waitFor()
    await chart.lit('transport.playing.double')
    await browser.keep('chart-forty-states-right')
    await chart.button('Direction: right').click()
    expect(browser.complaints).toEqual([])
  })

  it('keeps what a person chose to look at, zooms, and fits again', async () => {
    const { page } = browser
    await open('/actors/studio/north')
    await chart.lit('transport.playing.double')
    const width = async (): Promise<number> =>
      page
        .locator('.statechart [data-state="transport.playing.double"] .box')
        .evaluate((box) => box.getBoundingClientRect().width)
    const before = await width()
    await page.keyboard.press('+')
    await eventually('it to be larger', async () => (await width()) > before * 1.1)
    await page.keyboard.press('0')
    await eventually('it to be as before', async () => Math.abs((await width()) - before) < 1)
  })

  it('goes through ten thousand transitions by reading only what is looked at', async () => {
    const { page } = browser
    await start('ticker/t')
    for (let sent = 0; sent < TRANSITIONS; sent += BATCH) {
      const events = Array.from({ length: BATCH }, (_, index) => ({
        specversion: '1.0',
        id: String(sent + index),
        source: 'test',
        type: 'TICK',
        subject: 'ticker/t',
      }))
      const response = await fetch(`${platform.url}/v1/actors/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/cloudevents-batch+json' },
        body: JSON.stringify(events),
      })
      expect(response.status).toBe(202)
    }
    const last = TRANSITIONS + 1
    await eventually(
      'all to be taken',
      async () => (await platform.get<{ revision: number }>('/v1/actors/ticker/t')).revision === last,
      { timeoutMs: 60_000 },
    )
    await open('/actors/ticker/t')
    const reads: string[] = []
    page.on('request', (request) => {
      if (/\/(history|replay)\b/.test(request.url())) reads.push(request.url())
    })
    const slider = page.getByRole('slider', { name: 'Revision' })
    await eventually('the whole past', async () => (await slider.getAttribute('max')) === String(last))
    const box = await slider.boundingBox()
    if (!box) throw new Error('The slider has no place')
    const y = box.y + box.height / 2
    await page.mouse.move(box.x + box.width - 8, y)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.1, y, { steps: 60 })
    await page.mouse.move(box.x + box.width * 0.5, y, { steps: 60 })
    await page.mouse.up()
    const at = await eventually('the address to say where it came to rest', async () => {
      const revision = Number(new URL(page.url()).searchParams.get('at'))
      return revision === Number(await slider.inputValue()) ? revision : undefined
    })
    expect(at).toBeGreaterThan(TRANSITIONS / 4)
    expect(at).toBeLessThan((TRANSITIONS * 3) / 4)
    await page.getByRole('tab', { name: 'Context' }).click()
    await page.locator(`[data-context="${at}"]`, { hasText: `ticks${at - 1}` }).waitFor()
    expect(await chart.active()).toEqual([at % 2 === 1 ? 'tick' : 'tock'])
    // At most a page of history for each two hundred revisions that were passed, and a replay where it came to rest.
    expect(reads.length).toBeLessThanOrEqual(TRANSITIONS / 200 + 10)
    await page.getByRole('tab', { name: 'History' }).click()
    await page
      .locator(`.panel .table-row[aria-current="true"]`)
      .or(page.locator('.panel .table-row').nth(5))
      .first()
      .waitFor()
    expect(await page.locator('.panel .table-body .table-row').count()).toBeLessThan(100)
    await browser.keep('history-long')
    expect(browser.complaints).toEqual([])
  })
})
