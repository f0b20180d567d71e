import type { Locator, Page } from 'playwright-core'

/** What tests ask of an actor's page. */
export interface ChartPage {
  state(path: string): Locator
  /** Waits until the state is lit. */
  lit(path: string): Promise<void>
  /** Paths of the states that are lit now. */
  active(): Promise<string[]>
  button(name: string): Locator
  /** Presses a control and answers what it asks, if it asks. */
  command(name: string, reason?: string): Promise<void>
  /** From now on, writes down each state as it is lit. */
  watch(): Promise<void>
  watched(): Promise<string[]>
}

const WATCH = `
  globalThis.litStates = []
  new MutationObserver((changes) => {
    for (const { target } of changes) if (target.hasAttribute('data-active')) litStates.push(target.dataset.state)
  }).observe(document.querySelector('.statechart'), { subtree: true, attributeFilter: ['data-active'] })`

export function chartOn(page: Page): ChartPage {
  const state = (path: string): Locator => page.locator(`.statechart [data-state="${path}"]`)
  const button = (name: string): Locator => page.getByRole('button', { name, exact: true })
  return {
    state,
    button,
    lit: (path) => page.locator(`.statechart [data-state="${path}"][data-active]`).waitFor(),
    active: () =>
      page
        .locator('.statechart [data-state][data-active]')
        .evaluateAll((lit) => lit.map((one) => one.getAttribute('data-state') ?? '')),
    async command(name, reason) {
      await page.getByRole('group', { name: 'Controls' }).getByRole('button', { name, exact: true }).click()
      if (reason === undefined) return
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel('Reason').fill(reason)
      await dialog.getByRole('button', { name, exact: true }).click()
    },
    async watch() {
      await page.evaluate(WATCH)
    },
    watched: () => page.evaluate<string[]>('litStates'),
  }
}
