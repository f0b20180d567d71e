import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { KeyView } from '../../actors/agents/access/keys-api.ts'
import { note, type Stage, stageOn } from '../scenarios/stage.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { eventually as within } from '../support/eventually.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'
import { expectFine, visit } from './visit.ts'

/** A browser, a server and a database share two cores with other tests. */
const eventually = <T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> =>
  within(what, ask, { timeoutMs: 30_000 })

describe.skipIf(inject('browser').program === undefined)('the pages Keys and Audit', { timeout: 240_000 }, () => {
  let platform: TestPlatform
  let browser: TestBrowser
  let stage: Stage
  let key = ''

  beforeAll(async () => {
    platform = await startPlatform()
    stage = stageOn(() => platform)
    browser = await startBrowser({ hosts: [new URL(platform.url).host] })
  })
  afterAll(async () => {
    await browser?.stop()
    await platform?.stop()
  })

  const open = (path: string): Promise<void> => visit(browser, `${platform.url}${path}`)
  const looksRight = (name: string): Promise<void> => expectFine(browser, name)
  const ask = async <Body>(path: string): Promise<Body> => {
    const response = await platform.request('GET', path, undefined, { authorization: `Bearer ${key}` })
    return (await response.json()) as Body
  }

  it('teach what they are for while they are empty', async () => {
    const { page } = browser
    await open('/audit')
    await page.getByText('Nobody did anything yet').waitFor()
    await looksRight('audit-empty')
    await open('/keys')
    await page.getByText('No keys yet').waitFor()
    await looksRight('keys-empty')
    expect(await page.getByRole('table').count()).toBe(0)
  })

  it('note who did what, from which revision to which, and lead to it', async () => {
    const { page } = browser
    await stage.publish({ id: 'noted', on: 'noted.go', steps: [note('x')] })
    await platform.post('/v1/instances/noted/pause', { reason: 'lunch is ready' })
    const { revision } = await stage.instance('noted')
    await open('/audit?action=instance')
    const row = page.getByRole('row', { name: /instance\.pause/ })
    await row.getByText(`${revision - 1} → ${revision}`).waitFor()
    await row.getByText('lunch is ready').waitFor()
    await platform.post('/v1/instances/noted/resume', { reason: 'it was good' })
    await page.getByRole('row', { name: /instance\.resume/ }).waitFor()
    await page.keyboard.press('j')
    await page.keyboard.press('Enter')
    await page.getByRole('complementary', { name: 'Audit entry' }).getByText('it was good').first().waitFor()
    await page.keyboard.press('Escape')
    await open('/audit')
    await page.getByRole('row', { name: /agent\.publish/ }).waitFor()
    await page
      .getByRole('row', { name: /instance\.pause/ })
      .locator('.row-link')
      .click()
    await page.getByRole('complementary', { name: 'Audit entry' }).getByText('lunch is ready').first().waitFor()
    await looksRight('audit')
    await page.getByRole('combobox', { name: 'Action' }).selectOption('agent.publish')
    await eventually('only those', async () => (await page.getByRole('row', { name: /instance/ }).count()) === 0)
    expect(page.url()).toContain('action=agent.publish')
    await page.getByRole('button', { name: 'Clear filters' }).click()
    await page
      .getByRole('row', { name: /instance\.pause/ })
      .getByRole('link', { name: 'agent/noted' })
      .click()
    await page.waitForURL(`**/actors/agent/noted?at=${revision}`)
  })

  it('make the first key, which is told once, and go on with it', async () => {
    const { page } = browser
    await open('/keys')
    await page.getByRole('button', { name: 'New key' }).click()
    const dialog = page.getByRole('dialog', { name: 'New key', exact: true })
    await dialog.getByLabel('Name').fill('anna')
    expect(await dialog.getByRole('radio').count()).toBe(1)
    await looksRight('keys-new')
    await dialog.getByRole('button', { name: 'Make the key' }).click()
    const told = page.getByRole('dialog', { name: 'Your new key' })
    key = await told.locator('.made-key code').innerText()
    expect(key).toMatch(/^trp_/)
    // Until it has logged in with the new key, what it asks for in between may be refused.
    browser.complaints.length = 0
    await told.getByRole('button', { name: 'I have kept it' }).click()
    await page.getByRole('row', { name: /anna/ }).waitFor()
    await page.reload()
    await page.getByRole('row', { name: /anna/ }).waitFor()
    expect(await page.content()).not.toContain(key)
  })

  it('make keys for others and revoke them', async () => {
    const { page } = browser
    await page.getByRole('button', { name: 'New key' }).click()
    const dialog = page.getByRole('dialog', { name: 'New key', exact: true })
    await dialog.getByLabel('Name').fill('ci')
    await dialog.getByRole('radio', { name: /operator/ }).check()
    await dialog.getByRole('button', { name: 'Make the key' }).click()
    const told = page.getByRole('dialog', { name: 'Your new key' })
    const other = await told.locator('.made-key code').innerText()
    await looksRight('keys-made')
    await told.getByRole('button', { name: 'I have kept it' }).click()
    const asks = () => platform.request('GET', '/v1/system', undefined, { authorization: `Bearer ${other}` })
    expect((await asks()).status).toBe(200)
    await page.getByRole('row', { name: /ci/ }).waitFor()
    await looksRight('keys')
    await page.getByRole('button', { name: 'Revoke ci' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('row', { name: /ci.*revoked/ }).waitFor()
    expect((await asks()).status).toBe(401)
    const { items } = await ask<{ items: KeyView[] }>('/v1/keys')
    expect(items.find(({ name }) => name === 'ci')?.revokedAt).not.toBeNull()
  })
})
