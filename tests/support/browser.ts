import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { inject } from 'vitest'

const run = promisify(execFile)
const screenshots = fileURLToPath(new URL('../../build/screenshots/', import.meta.url))

export interface TestBrowser {
  page: Page
  /** What went wrong in the page since it was opened: console errors, uncaught exceptions, requests to other hosts. */
  readonly complaints: string[]
  /** Pictures for people, in `build/screenshots/`: one dark, one light. */
  keep(name: string, page?: Page, themes?: readonly ('dark' | 'light')[]): Promise<void>
  stop(): Promise<void>
}

/** A browser with a fresh profile and one page, which may talk to `hosts` only. Throws where none is installed. */
export async function startBrowser({ hosts }: { hosts: readonly string[] }): Promise<TestBrowser> {
  const { program } = inject('browser')
  if (program === undefined) throw new Error('There is no browser in this run')
  await mkdir(screenshots, { recursive: true })
  const browser = await chromium.launch({
    executablePath: program,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' })
  context.setDefaultTimeout(10_000)
  const complaints = listen(context, hosts)
  const page = await context.newPage()
  return {
    page,
    complaints,
    async keep(name, shown = page, themes = ['dark', 'light']) {
      for (const colorScheme of themes) {
        await shown.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await shown.screenshot({ path: `${screenshots}${name}-${colorScheme}.png`, fullPage: true })
      }
    },
    stop: () => browser.close(),
  }
}

/** Decides once per run which browser it is. With TROUPE_REQUIRE_CHROMIUM=1 there is no run without one. */
export async function chooseBrowser(): Promise<{ program?: string; note: string }> {
  const given = process.env.CHROMIUM_PATH
  for (const program of given ? [given] : ['chromium', 'chromium-browser', 'google-chrome']) {
    const path = await findProgram(program)
    if (path !== undefined) return { program: path, note: `; browser: ${path}` }
  }
  if (given || process.env.TROUPE_REQUIRE_CHROMIUM === '1') {
    throw new Error(
      given ? `CHROMIUM_PATH=${given} does not start` : 'TROUPE_REQUIRE_CHROMIUM=1, but there is no chromium',
    )
  }
  return { note: '; NOT the console: install chromium or set CHROMIUM_PATH to test it in a browser' }
}

async function findProgram(name: string): Promise<string | undefined> {
  try {
    const { stdout } = await run('sh', ['-c', 'command -v "$1" && "$1" --version >/dev/null', 'sh', name])
    return stdout.trim()
  } catch {
    // Not installed: the caller says so.
    return undefined
  }
}

function listen(context: BrowserContext, hosts: readonly string[]): string[] {
  const complaints: string[] = []
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      complaints.push(`${message.text()} (${message.location().url})`)
  })
  context.on('weberror', (error) => complaints.push(`uncaught: ${error.error().message}`))
  context.on('request', (request) => {
    const { protocol, host } = new URL(request.url())
    if (protocol !== 'data:' && !hosts.includes(host)) complaints.push(`request to ${request.url()}`)
  })
  return complaints
}
