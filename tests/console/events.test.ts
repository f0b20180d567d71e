import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { visit } from './visit.ts'

interface Alert {
  fingerprint: string
  status: string
  state: string
  verdict: { says: string; by: { id: string }; reason: string | null } | null
}
interface Taken {
  id: string
  deliveries: { address: string }[]
}
interface Run {
  id: string
  state: string
  outcome: string | null
  reason: string | null
}

/** Does something that takes a person's word first, and then takes its time. */
const CAREFUL = `
metadata: { id: careful, name: Careful, version: 1.0.0 }
goal: { type: continuous, description: Asks before it acts }
triggers:
  - { name: heard, on: [test.ask] }
skills: [note.add, wait]
config: { approval_required_for: [note.add] }
playbook:
  steps:
    - { id: note, uses: note.add, with: { text: done } }
    - { id: rest, uses: wait, with: { for: 10m } }
`

describe.skipIf(inject('browser').program === undefined)('the pages of events and alerts', { timeout: 90_000 }, () => {
  let running: TestPlatform
  let browser: TestBrowser

  beforeAll(async () => {
    running = await startPlatform({ templates: true })
    await publish(CAREFUL)
    browser = await startBrowser({ hosts: [new URL(running.url).host] })
  })
  afterAll(async () => {
    await browser?.stop()
    await running?.stop()
  })

  const publish = async (yaml: string): Promise<void> => {
    const headers = { 'content-type': 'application/yaml' }
    const answer = await fetch(`${running.url}/v1/agents?publish=true`, { method: 'POST', body: yaml, headers })
    expect(answer.status).toBe(201)
  }
  const open = (path: string): Promise<void> => visit(browser, `${running.url}${path}`)
  const confirm = async (action: string, reason?: string): Promise<void> => {
    const dialog = browser.page.locator('dialog.confirm')
    if (reason !== undefined) await dialog.getByLabel('Reason').fill(reason)
    await dialog.getByRole('button', { name: action }).click()
  }

  it('say when nothing is wrong, and what to do where there is no device', async () => {
    await open('/alerts')
    await browser.page.getByRole('heading', { name: 'Nothing is wrong' }).waitFor()
    await expectAccessible(browser.page)
    await browser.keep('alerts-empty')
    await open('/devices')
    await browser.page.getByRole('heading', { name: 'No device is registered' }).waitFor()
    await expectAccessible(browser.page)
    await browser.keep('devices-empty')
    await open('/events?type=test.never')
    await browser.page.getByRole('heading', { name: 'No event is like this' }).waitFor()
    await expectAccessible(browser.page)
    await browser.keep('events-empty')
    expect(browser.complaints).toEqual([])
  })

  it('dry-run an event, say what is wrong with it, publish it, and tell whom it reached', async () => {
    const { page } = browser
    await open('/events/dry-run')
    const text = page.getByLabel('The event as JSON')
    await text.fill('{ "type": ')
    await page.getByRole('button', { name: 'Dry run' }).click()
    await page.getByText('This is not JSON').waitFor()
    await text.fill(JSON.stringify({ type: 'test.ask', data: { of: 'last night' } }))
    const { total } = await running.get<{ total: number }>('/v1/events/stats')
    await text.press('Control+Enter')
    await page.getByText(/takes? it/).waitFor()
    await page.locator('[data-outcome="filtered"]').first().waitFor()
    await page.locator('[data-outcome="matched"]').getByText('careful', { exact: true }).waitFor()
    expect((await running.get<{ total: number }>('/v1/events/stats')).total).toBe(total)
    await expectAccessible(page)
    await browser.keep('event-dry-run')
    await text.fill(JSON.stringify({ type: 'test.published', data: { by: 'a person' } }))
    await page.getByRole('button', { name: 'Publish' }).click()
    await page.getByRole('heading', { name: 'test.published' }).waitFor()
    const { items } = await running.get<{ items: { id: string }[] }>('/v1/events?type=test.published')
    expect(items).toHaveLength(1)
    expect(page.url()).toContain(items[0]?.id)
    expect(browser.complaints).toEqual([])
  })

  it('stream what comes in, also what nobody hears, and stand still while somebody reads', async () => {
    const { page } = browser
    for (let first = 0; first < 5000; first += 500) {
      const some = Array.from({ length: 500 }, (_, index) => ({
        type: 'test.many',
        subject: `number-${first + index}`,
      }))
      await running.post('/v1/events', some)
    }
    await open('/events?type=test.many')
    const first = page.locator('.table-body .table-row').first()
    await first.waitFor()
    await running.post('/v1/events', { type: 'test.many', subject: 'the-newest' })
    await page.locator('.table-row').getByText('the-newest').waitFor()
    await expectAccessible(page)
    await browser.keep('events')
    const list = page.locator('.table')
    await list.evaluate((element) => element.scrollTo(0, 2000))
    await running.post('/v1/events', { type: 'test.many', subject: 'newer-still' })
    const news = page.getByRole('button', { name: '1 new event' })
    await news.waitFor()
    // All that is older was read as its end came near.
    await eventually(
      'the oldest',
      async () => {
        await list.evaluate((element) => element.scrollTo(0, element.scrollHeight))
        return page.getByText('number-0', { exact: true }).isVisible()
      },
      { timeoutMs: 30_000 },
    )
    // Five thousand are there, and no more exist than can be seen.
    expect(await list.locator('[role="table"]').getAttribute('aria-rowcount')).toBe('5002')
    expect(await page.locator('.table-body .table-row').count()).toBeLessThan(120)
    await news.click()
    await page.locator('.table-row').getByText('newer-still').waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('number-7')
    await eventually('one row', async () => (await page.locator('.table-body .table-row').count()) === 1)
    expect(new URL(page.url()).searchParams.get('subject')).toBe('number-7')
    expect(browser.complaints).toEqual([])
  })

  it('tell of one event what each rule says, what came of it, and route it again', async () => {
    const { page } = browser
    const cause = await running.post<Taken>('/v1/events', { type: 'test.cause', subject: 'box' })
    const effect = await running.post<Taken>('/v1/events', { type: 'test.effect', causationid: cause.id })
    await publish(CAREFUL.replace('test.ask', 'test.cause').replaceAll('careful', 'hearer'))
    await open(`/events/${effect.id}`)
    await page.locator('.chain').getByRole('link', { name: 'test.cause' }).click()
    await page.getByRole('heading', { name: 'test.cause' }).waitFor()
    await page.locator('.chain').getByRole('link', { name: 'test.effect' }).waitFor()
    await page.locator('[data-outcome="matched"]').getByText('hearer', { exact: true }).waitFor()
    await page.getByText('It reached nobody').waitFor()
    await page.getByRole('button', { name: 'Replay' }).click()
    await confirm('Replay')
    await page.locator('.delivery-rows').getByRole('link', { name: 'agent/hearer' }).waitFor()
    const { deliveries } = await running.get<Taken>(`/v1/events/${cause.id}`)
    expect(deliveries).toMatchObject([{ address: 'agent/hearer' }])
    await page.locator('.run-rows').getByRole('link').first().waitFor()
    await expectAccessible(page)
    await browser.keep('event')
    expect(browser.complaints).toEqual([])
  })

  it('tell what the policies of a trigger made of an event, and which would be asked of the next', async () => {
    const { page } = browser
    const resting = CAREFUL.replace('test.ask', 'test.rest').replaceAll('careful', 'rests')
    await publish(resting.replace('on: [test.rest]', 'on: [test.rest], dedupe: { key: [subject], window: 1h }'))
    const told = { type: 'test.rest', subject: 'box', data: 1 }
    const first = await running.post<Taken>('/v1/events', told)
    const second = await running.post<Taken>('/v1/events', { ...told, data: 2 })
    await open(`/events/${second.id}`)
    const outcome = page.locator('[data-outcome="duplicate"]')
    await outcome.getByText('subject=box came before, 2 times by now').waitFor()
    await page.getByText('dedupe: joins an event of subject=box that came in the last 1h').waitFor()
    await expectAccessible(page)
    await browser.keep('event-policies')
    await outcome.getByRole('link', { name: 'the event that stands for it' }).click()
    await page.waitForURL(`**/events/${first.id}`)
    await page.locator('.run-rows').getByRole('link').first().waitFor()
    expect(browser.complaints).toEqual([])
  })

  it('group what fires by device, the worst first, and take a person’s word on it', async () => {
    const { page } = browser
    await running.post('/v1/alerts', [
      { kind: 'audio_loss', device: 'stb-7', severity: 'warning' },
      { kind: 'blackscreen', device: 'stb-8', severity: 'critical' },
      { kind: 'freeze', device: 'stb-7', severity: 'high' },
    ])
    await open('/alerts')
    const names = page.locator('.alert-list .row-link')
    await eventually('all three', async () => (await names.count()) === 5)
    expect(await page.locator('.alert-name').allInnerTexts()).toEqual(['blackscreen', 'freeze', 'audio_loss'])
    await page.getByRole('button', { name: 'Ack freeze of stb-7' }).click()
    await confirm('Acknowledge', 'I look at the cable')
    await page.locator('.table-row').getByText('I look at the cable').waitFor()
    const alert = async (kind: string): Promise<Alert> => {
      const { items } = await running.get<{ items: (Alert & { kind: string })[] }>('/v1/alerts')
      const found = items.find((one) => one.kind === kind)
      if (!found) throw new Error(`There is no alert ${kind}`)
      return found
    }
    expect(await alert('freeze')).toMatchObject({ state: 'acknowledged', verdict: { by: { id: 'local' } } })
    await expectAccessible(page)
    await browser.keep('alerts')

    await page.getByRole('link', { name: 'blackscreen' }).click()
    await page.getByRole('heading', { name: 'blackscreen of stb-8' }).waitFor()
    await page.keyboard.press('x')
    await confirm('Discard', 'the cinema shows a black film')
    await page.locator('.detail-head').getByText('discarded').waitFor()
    await page.locator('.episode-moves').getByText('the cinema shows a black film').waitFor()
    expect(await alert('blackscreen')).toMatchObject({ status: 'resolved', verdict: { says: 'discarded' } })
    await running.post('/v1/alerts', { kind: 'blackscreen', device: 'stb-8', severity: 'critical' })
    await eventually('the second episode', async () => (await page.locator('.episode').count()) === 2)
    await page.keyboard.press('r')
    await confirm('Resolve', 'it shows a film again')
    await eventually('the word to be taken', async () => {
      const { status, verdict } = await alert('blackscreen')
      return status === 'resolved' && verdict?.says === 'resolved'
    })
    await page.locator('.detail-head .badge[title="resolved"]').waitFor()
    const words = page.locator('.detail-head .alert-actions').getByRole('button')
    expect(
      await words.evaluateAll((all) =>
        all.map((one) => [one.getAttribute('aria-disabled'), one.getAttribute('title')]),
      ),
    ).toEqual(['', '', ''].map(() => ['true', 'It is over']))
    await words.nth(1).click({ force: true })
    await page.locator('.toast', { hasText: 'It is over' }).waitFor()
    await page.keyboard.press('x')
    expect(await page.locator('dialog').count()).toBe(0)
    await expectAccessible(page)
    await browser.keep('alert')
    expect(browser.complaints).toEqual([])
  })

  it('approve what a run asks for, and cancel it', async () => {
    const { page } = browser
    await running.post('/v1/events', { type: 'test.ask' })
    const run = await eventually('the run to ask', async () => {
      const { items } = await running.get<{ items: Run[] }>('/v1/runs?agent=careful&outcome=none')
      return items.find(({ state }) => state.endsWith('awaitingApproval'))
    })
    await open('/runs?outcome=none')
    await page.locator('.table-row').getByText('APPROVE or DENY of note.add in step note').first().waitFor()
    await open(`/runs/${run.id}`)
    await page.getByText('waits for approval').waitFor()
    await expectAccessible(page)
    await browser.keep('run-page-approval')
    await page.getByRole('button', { name: 'Approve' }).click()
    const said = page.waitForRequest((request) => request.url().endsWith('/approve'))
    await confirm('Approve', 'go on')
    // A word for what was looked at: where another step asked by now, it would be refused.
    expect((await said).postDataJSON()).toEqual({ reason: 'go on', step: 'note' })
    await page.getByRole('button', { name: /^rest/ }).waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await confirm('Cancel the run', 'long enough')
    await page.locator('.detail-head').getByText('aborted').waitFor()
    expect(await running.get<Run>(`/v1/runs/${run.id}`)).toMatchObject({
      outcome: 'aborted',
      reason: expect.stringContaining('long enough'),
    })
    await page.getByRole('button', { name: 'Cancel' }).and(page.locator('[aria-disabled="true"]')).waitFor()
    expect(browser.complaints).toEqual([])
  })
})
