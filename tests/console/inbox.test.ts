import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { DeviceView } from '../../actors/agents/devices/devices-api.ts'
import type { InboxView } from '../../actors/agents/inspect/inbox-api.ts'
import type { DeadLetterView } from '../../actors/agents/mail/dead-letters-api.ts'
import { answer, connect } from '../../db/client.ts'
import { type Ledger, startLedger } from '../scenarios/foreign-lab.ts'
import { note, type Run, type Stage, stageOn } from '../scenarios/stage.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { eventually as within } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { expectFine, visit } from './visit.ts'

const KEY = `trp_${'i'.repeat(40)}`
const BOX = { kind: 'stb', pool: 'attic', host: 'h', gateway: 'http://127.0.0.1:9', connectivity: 'online' }

/** A browser, a server and a database share two cores with other tests. */
const eventually = <T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> =>
  within(what, ask, { timeoutMs: 30_000 })

describe.skipIf(inject('browser').program === undefined)('the inbox', { timeout: 240_000 }, () => {
  let platform: TestPlatform
  let browser: TestBrowser
  let ledger: Ledger
  let stage: Stage

  beforeAll(async () => {
    ledger = await startLedger()
    platform = await startPlatform({ apiKey: KEY, allowedHosts: [ledger.host] })
    stage = stageOn(() => platform)
    browser = await startBrowser({ hosts: [new URL(platform.url).host] })
    await logIn(KEY)
  })
  afterAll(async () => {
    await browser?.stop()
    await platform?.stop()
    await ledger?.stop()
  })

  async function logIn(key: string): Promise<void> {
    const { page } = browser
    await page.context().clearCookies()
    await page.goto(`${platform.url}/inbox`)
    await page.getByLabel('API key').fill(key)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.locator('.lamp[data-state="live"]').waitFor()
    browser.complaints.length = 0
  }
  const open = (path: string): Promise<void> => visit(browser, `${platform.url}${path}`)
  const looksRight = (name: string): Promise<void> => expectFine(browser, name)
  const book = (id: string) => ({
    id: 'book',
    uses: 'http.request',
    with: { url: `http://${ledger.host}/${id}`, method: 'POST' },
  })
  const standing = (agent: string, state: string): Promise<Run> =>
    eventually(`the run of ${agent} to be ${state}`, async () => {
      const [run] = await stage.runs(agent)
      return run?.state.endsWith(state) && run
    })
  async function asking(id: string): Promise<Run> {
    const config = { approval_required_for: ['http.*'] }
    await stage.publish({ id, on: `${id}.go`, steps: [note('before'), book(id)], config })
    await stage.post({ type: `${id}.go` })
    return standing(id, 'awaitingApproval')
  }
  async function doubtful(id: string): Promise<Run> {
    ledger.answering = false
    await stage.publish({ id, on: `${id}.go`, steps: [{ ...book(id), timeout: '300ms' }, note('after')] })
    await stage.post({ type: `${id}.go` })
    return standing(id, 'suspended')
  }
  /** What the lock of a pool cannot handle: `wants` is missing. */
  async function bury(ticket: string): Promise<void> {
    await platform.request('PUT', '/v1/devices/attic-1', BOX)
    const event = { type: 'ACQUIRE', ticket, owner: { kind: 'run', id: ticket }, priority: 50 }
    await platform.platform.runtime.send('lock/attic', event)
  }
  const letters = async (): Promise<DeadLetterView[]> =>
    (await platform.get<{ items: DeadLetterView[] }>('/v1/dead-letters?open=true')).items
  const badge = () => browser.page.locator('.nav-badge')

  it('teaches what would be there while nothing is', async () => {
    const { page } = browser
    await page.getByText('Nothing needs you').waitFor()
    await looksRight('inbox-empty')
    for (const kind of ['Approvals', 'Suspended', 'Devices', 'Dead letters', 'Parked', 'Unhandled events']) {
      await page.getByRole('button', { name: kind }).click()
      await page.locator('.empty').waitFor()
      expect(await page.locator('.empty h2').innerText()).not.toBe('Nothing needs you')
      await page.getByRole('button', { name: kind }).click()
    }
    expect(await badge().count()).toBe(0)
  })

  it('tells everywhere, live, that a run asks for an approval, and gives it', async () => {
    const { page } = browser
    ledger.answering = true
    await open('/agents')
    const run = await asking('booker')
    await badge().getByText('1').waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('n')
    await page.getByText('booker asks to go on').waitFor()
    await eventually('a row to be marked', async () => {
      await page.keyboard.press('j')
      return (await page.locator('.table-row[data-at]').count()) === 1
    })
    await page.keyboard.press('Enter')
    await page.getByText('It wants to call').waitFor()
    await page.getByText(`http://${ledger.host}/booker`).waitFor()
    await looksRight('inbox-approval')
    expect(ledger.booked).not.toContain('/booker')
    await page.getByLabel('Reason').fill('I looked')
    await page.getByRole('button', { name: 'Approve' }).click()
    expect(await stage.ended('booker', 1)).toMatchObject([{ outcome: 'succeeded' }])
    expect(ledger.booked.filter((url) => url === '/booker')).toHaveLength(1)
    const { items } = await platform.get<{ items: object[] }>(`/v1/audit?target=run/${run.id}`)
    expect(items).toMatchObject([{ action: 'run.approve', details: { reason: 'I looked', step: 'book' } }])
    await page.getByText('Nothing needs you').waitFor()
    await eventually('no badge', async () => (await badge().count()) === 0)
  })

  it('lets a person say what became of a step that nobody knows about', async () => {
    const { page } = browser
    const run = await doubtful('doubter')
    await open(`/inbox?item=run:${run.id}`)
    await page.getByText('Nobody knows whether this was done').waitFor()
    await page.locator('.side .detail-line').waitFor()
    await looksRight('inbox-suspended')
    await page.getByRole('button', { name: 'Skip' }).click()
    expect(await stage.ended('doubter', 1)).toMatchObject([{ outcome: 'succeeded' }])
    ledger.answering = true
  })

  it('tells everywhere, live, that a device is in doubt, why and for whom, and lets a person vouch for it', async () => {
    const { page } = browser
    await platform.request('PUT', '/v1/devices/cellar-1', { ...BOX, pool: 'cellar', name: 'Cellar box' })
    await open('/agents')
    const reason = 'it could not be put into its home state'
    await platform.platform.runtime.send('device/cellar-1', { type: 'SUSPECT', reason })
    await badge().getByText('1').waitFor()
    const { ticket } = await platform.post<{ ticket: string }>('/v1/tickets', {
      pool: 'cellar',
      wants: { devices: ['cellar-1'] },
    })
    await open('/inbox?kind=device')
    await page.getByRole('link', { name: `Cellar box is suspect: ${reason}` }).click()
    await page.locator('.side .detail-line').getByText(reason).waitFor()
    await page.locator('.side .facts').getByText('1', { exact: true }).waitFor()
    await looksRight('inbox-device')
    await page.getByRole('button', { name: 'Vouch for Cellar box' }).click()
    const dialog = page.getByRole('dialog', { name: 'Vouch for Cellar box?' })
    await dialog.getByText(reason).waitFor()
    await looksRight('inbox-device-vouch')
    await dialog.getByLabel('Reason').fill('I cleaned it')
    await dialog.getByRole('button', { name: 'Vouch for it' }).click()
    await page.getByText('No device is in doubt').waitFor()
    await eventually('no badge', async () => (await badge().count()) === 0)
    expect(await platform.get<DeviceView>('/v1/devices/cellar-1')).toMatchObject({ health: 'good', doubt: null })
    await eventually('the device to be given to who waited', async () => {
      const { holder } = await platform.get<DeviceView>('/v1/devices/cellar-1')
      return holder?.ticket === ticket
    })
    const { items } = await platform.get<{ items: object[] }>('/v1/audit?action=device.vouch&target=cellar-1')
    expect(items).toMatchObject([{ details: { reason: 'I cleaned it', was: { health: 'suspect', reason } } }])
  })

  it('mends a dead letter and sends it again, so that it does what it was for', async () => {
    const { page } = browser
    await bury('run/mended')
    await eventually('the letter', async () => (await letters()).length === 1)
    await open('/inbox?kind=letter')
    await page.getByRole('link', { name: /ACQUIRE: lock\/attic cannot take/ }).click()
    const editor = page.getByRole('textbox', { name: 'The message as JSON' })
    await editor.waitFor()
    await looksRight('inbox-letter')
    await editor.fill('{ "type": "ACQUIRE", ')
    await page.getByRole('list', { name: 'Problems' }).getByText('not JSON').waitFor()
    expect(await page.getByRole('button', { name: 'Redrive' }).isDisabled()).toBe(true)
    const mended = { type: 'ACQUIRE', ticket: 'run/mended', owner: { kind: 'run', id: 'run/mended' }, priority: 50 }
    await editor.fill(JSON.stringify({ ...mended, wants: { kind: 'stb' } }, null, 2))
    await page.getByRole('button', { name: 'Redrive edited' }).click()
    await eventually('the device to be held', async () => {
      const { holder } = await platform.get<DeviceView>('/v1/devices/attic-1')
      return holder?.ticket === 'run/mended'
    })
    expect(await letters()).toEqual([])
    await page.getByText('No dead letters').waitFor()
  })

  it('deals with many letters at once, and says how many', async () => {
    const { page } = browser
    for (let n = 0; n < 7; n += 1) await bury(`run/many-${n}`)
    await eventually('the letters', async () => (await letters()).length === 7)
    await open('/inbox?kind=letter')
    await page.getByLabel('Pick all').check()
    await page.getByText('7 picked').waitFor()
    await looksRight('inbox-letters')
    await page.getByRole('group', { name: 'What is picked' }).getByRole('button', { name: 'Discard' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Discard 7' }).click()
    await eventually('none to be open', async () => (await letters()).length === 0)
    await page.getByText('Discarded: 7 of 7').waitFor()
  })

  it('says of an event that nobody heard why each agent did not', async () => {
    const { page } = browser
    await stage.post({ type: 'nobody.cares', subject: 'attic-1', data: { why: 'not' } })
    await open('/inbox?kind=event')
    await page.getByRole('link', { name: /nobody\.cares: no agent took it/ }).click()
    await page.getByRole('button', { name: 'Why did nobody take it?' }).click()
    await page.locator('.said [data-outcome="filtered"]').first().waitFor()
    await looksRight('inbox-unheard')
    expect(await badge().count()).toBe(0)
  })

  it('says why an actor is parked', async () => {
    const { page } = browser
    const sql = connect(platform.database.url, { max: 1 })
    try {
      const why = { message: 'State "moving" does not exist in version 2 of machine "agent"', hash: 'h' }
      await answer(sql`
        insert into actors (address, kind, key, status, revision, value, snapshot, machine_hash, version, root, parked)
        select 'agent/left-behind', kind, 'left-behind', 'parked', revision, value, snapshot, 'h', version, 'agent/left-behind',
          ${JSON.stringify(why)}::text::json
        from actors where address = 'agent/booker'`)
      await open('/inbox?item=actor:agent/left-behind')
      await page.getByText('State "moving" does not exist in version 2').waitFor()
      await looksRight('inbox-parked')
      expect(await platform.get<InboxView>('/v1/inbox')).toMatchObject({ parked: 1 })
      await badge().getByText('1').waitFor()
      await answer(sql`delete from actors where address = 'agent/left-behind'`)
    } finally {
      await sql.end()
    }
  })

  it('holds five thousand letters, of which only those exist that are seen, and deals with all of them', async () => {
    const { page } = browser
    const sql = connect(platform.database.url, { max: 1 })
    try {
      await answer(sql`
        insert into dead_letters (address, message_id, event, reason)
        select 'lock/attic', 'm' || n, json_build_object('type', 'MANY', 'n', n), 'number ' || n
        from generate_series(1, 5000) n`)
    } finally {
      await sql.end()
    }
    await open('/inbox?kind=letter')
    await page.getByRole('button', { name: 'Dead letters 5,000' }).waitFor()
    expect(await page.locator('.table-body .table-row').count()).toBeLessThan(100)
    await page.locator('.table').evaluate((box) => box.scrollTo({ top: box.scrollHeight }))
    await page.getByText('MANY: number 5000').waitFor()
    expect(await page.locator('.table-body .table-row').count()).toBeLessThan(100)
    await page.getByRole('searchbox').fill('number 4999')
    await eventually('one row', async () => (await page.locator('.table-body .table-row').count()) === 1)
    await page.getByRole('searchbox').fill('')
    await page.getByLabel('Pick all').check()
    await page.getByText('5,000 picked').waitFor()
    await looksRight('inbox-5000')
    await page.getByRole('group', { name: 'What is picked' }).getByRole('button', { name: 'Discard' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Discard 5000' }).click()
    await page.getByText('Discarded: 5000 of 5000').waitFor({ timeout: 60_000 })
    await eventually('none to be open', async () => (await letters()).length === 0)
  })

  it('shows a viewer all of it, and not one control that would be refused', async () => {
    const { page } = browser
    const run = await asking('shown')
    await bury('run/seen')
    const { key } = await platform.post<{ key: string }>('/v1/keys', { name: 'eyes', role: 'viewer' })
    const [letter] = await eventually('the letter', async () => {
      const found = await letters()
      return found.length > 0 && found
    })
    await logIn(key)
    await open(`/inbox?item=run:${run.id}`)
    await page.getByText('An approver decides about it').waitFor()
    await looksRight('inbox-viewer')
    await open(`/inbox?kind=letter&item=letter:${letter!.id}`)
    await page.getByRole('region', { name: 'The message' }).getByText('run/seen').first().waitFor()
    expect(await page.getByRole('textbox').count()).toBe(0)
    for (const path of ['/agents', '/agents/shown', '/agents/shown?tab=definition', '/agents/shown?tab=versions']) {
      await open(path)
      await page.getByText('shown').first().waitFor()
      const forbidden =
        /^(approve|deny|vouch .*|redrive|discard|publish( .*)?|deprecate|delete|save.*|start an instance|new agent)$/i
      expect([path, await page.getByRole('button', { name: forbidden }).allInnerTexts()]).toEqual([path, []])
      expect(await page.getByRole('switch').count()).toBe(0)
      expect(await page.getByRole('link', { name: 'New agent' }).count()).toBe(0)
    }
    const places = await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').allInnerTexts()
    expect(places.some((place) => /Audit|Keys/.test(place))).toBe(false)
    for (const path of ['/audit', '/keys', '/agents/-/new']) {
      await open(path)
      await page.getByText('Nothing here').waitFor()
    }
    expect(await platform.get<InboxView>('/v1/inbox')).toMatchObject({ deadLetters: 1, runs: [{ id: run.id }] })
  })
})
