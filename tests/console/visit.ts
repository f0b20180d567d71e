import { expect } from 'vitest'
import { expectAccessible } from '../support/accessible.ts'
import type { TestBrowser } from '../support/browser.ts'

/** Opens a page of the console, and waits until it is live. */
export async function visit(browser: TestBrowser, url: string): Promise<void> {
  await browser.page.goto(url)
  await browser.page.locator('.lamp[data-state="live"]').waitFor()
}

/** Accessible in both themes, kept as a picture, and without complaints of the browser but those that are expected. */
export async function expectFine(browser: TestBrowser, name: string, expected?: RegExp): Promise<void> {
  await expectAccessible(browser.page)
  await browser.keep(name)
  expect(browser.complaints.filter((text) => !expected?.test(text))).toEqual([])
}
