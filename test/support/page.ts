import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, type TestContext } from 'node:test'
import type { AxeResults } from 'axe-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launch } from './browser'
import { later } from './later'

export { later }

export const WIDE = { width: 1280, height: 900 }
export const NARROW = { width: 390, height: 844 }

/** One browser for a test file, closed when it ends. */
export function browser(): () => Promise<Browser> {
  let started: Promise<Browser> | undefined
  after(async () => (await started)?.close())
  return () => {
    started ??= launch()
    return started
  }
}

/** A page of a fresh profile. When the test ends it has had no error, no violation of the CSP, and asked nobody but `origin`. */
export async function open(
  t: TestContext,
  started: () => Promise<Browser>,
  origin: string,
  options: BrowserContextOptions & { expects?: RegExp } = {},
): Promise<Page> {
  const { expects, ...given } = options
  const context = await (await started()).newContext({ viewport: WIDE, baseURL: origin, ...given })
  context.setDefaultTimeout(10_000)
  const page = await context.newPage()
  const troubles: string[] = []
  page.on('console', (message) => {
    if ((message.type() === 'error' || message.type() === 'warning') && !expects?.test(message.text())) troubles.push(`console: ${message.text()}`)
  })
  page.on('pageerror', (error) => troubles.push(`script: ${error.message}`))
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:')) troubles.push(`asked ${request.url()}`)
  })
  later(t, async () => {
    await context.close()
    assert.deepEqual(troubles, [])
  })
  return page
}

/** A host on a free port of this machine. Answers its origin. */
export async function listen(t: TestContext, app: RequestListener): Promise<string> {
  const server: Server = createServer(app).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  later(t, () => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds wrong with the page as it stands, one line each. (Run through the debugger, which the CSP does not bind.) */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const found = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as AxeResults
  return found.violations.flatMap((violation) =>
    violation.nodes.map((node) => `${violation.id}: ${node.target.join(' ')} (${node.failureSummary?.split('\n')[1]?.trim() ?? ''})`),
  )
}

/** Wider than the window: somebody on a phone would have to scroll sideways. */
export const overflows = (page: Page): Promise<boolean> => page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')
