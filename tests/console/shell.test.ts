import { readdir, readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { startPlatform, type TestPlatform } from '../support/platform.ts'

const KEY = `trp_${'k'.repeat(40)}`
const MAX_GZIP = 120 * 1024

it('is at most 120 kB of JavaScript, compressed', async () => {
  const folder = new URL('../../console/dist/assets/', import.meta.url)
  const scripts = (await readdir(folder)).filter((name) => name.endsWith('.js'))
  const sizes = await Promise.all(scripts.map(async (name) => gzipSync(await readFile(new URL(name, folder))).length))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  expect(total).toBeGreaterThan(0)
  expect(total).toBeLessThanOrEqual(MAX_GZIP)
})

it('is the same page whoever builds it: nothing for developers, no place of the machine it was built on', async () => {
  const folder = new URL('../../console/dist/assets/', import.meta.url)
  const scripts = (await readdir(folder)).filter((name) => name.endsWith('.js'))
  const texts = await Promise.all(scripts.map((name) => readFile(new URL(name, folder), 'utf8')))
  expect(texts.join('').length).toBeGreaterThan(0)
  expect(texts.join('').includes('.tsx')).toBe(false)
})

describe.skipIf(inject('browser').program === undefined)('the shell', { timeout: 180_000 }, () => {
  let platform: TestPlatform
  let browser: TestBrowser

  beforeAll(async () => {
    platform = await startPlatform({ templates: true, apiKey: KEY })
    browser = await startBrowser({ hosts: [new URL(platform.url).host] })
  })
  afterAll(async () => {
    await browser?.stop()
    await platform?.stop()
  })

  it('asks for a key where keys exist, refuses a wrong one in words, and opens what was asked for with a right one', async () => {
    const { page } = browser
    await page.goto(`${platform.url}/instances?state=idle`)
    await page.getByLabel('API key').waitFor()
    await expectAccessible(page)
    await browser.keep('login')
    await page.getByLabel('API key').fill(`trp_${'x'.repeat(40)}`)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByText('The key is unknown or has ended').waitFor()
    await page.getByLabel('API key').fill(KEY)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.locator('.lamp[data-state="live"]').waitFor()
    expect(page.url()).toBe(`${platform.url}/instances?state=idle`)
    await page.getByText('admin').first().waitFor()
    // The browser notes every call that was refused; until the login there is nothing else to say.
    expect(browser.complaints.filter((text) => !text.includes('401'))).toEqual([])
    browser.complaints.length = 0
  })

  it('goes by keys: to a page, to help, and anywhere by name', async () => {
    const { page } = browser
    await page.goto(`${platform.url}/nowhere`)
    await page.getByRole('heading', { name: 'Nothing here' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('i')
    await page.getByRole('heading', { name: /^Instances/ }).waitFor()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard' }).getByText('Go to Instances').waitFor()
    await expectAccessible(page)
    await browser.keep('keyboard')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').getByRole('combobox').fill('stb-doc')
    await page
      .getByRole('dialog')
      .getByRole('option', { name: /stb-doctor/ })
      .waitFor()
    await expectAccessible(page)
    await browser.keep('palette')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/actors/agent/stb-doctor')
    expect(browser.complaints).toEqual([])
  })

  it('answers a program that asks for no page with a problem, and an asset of an older build with 404', async () => {
    const program = await fetch(`${platform.url}/nowhere`)
    expect([program.status, program.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
    expect((await fetch(`${platform.url}/assets/app-old.js`)).status).toBe(404)
    const page = await fetch(`${platform.url}/runs/anything`, { headers: { accept: 'text/html' } })
    expect(page.status).toBe(200)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe')
  })
})
