// Takes a picture of every page, with the example's data, at two widths and in both themes: `npm run screenshots`.
// Those of the README go to examples/screenshots; all of them, for the eye, to the folder named: `npm run screenshots -- /tmp/look`.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { launch } from '../test/support/browser'
import { morning, PAGES } from './morning'

/** What the README shows. */
const README: Readonly<Record<string, string>> = { '/menus/help-center': 'editor', '/conversations/1': 'conversation', '/phone?as=1': 'phone', '/': 'overview' }
const WIDTHS = [1280, 390] as const

async function main(): Promise<void> {
  const all = process.argv[2]
  const readme = join(__dirname, '..', 'examples', 'screenshots')
  mkdirSync(readme, { recursive: true })
  if (all) mkdirSync(all, { recursive: true })
  const { origin, close } = await morning()
  const browser = await launch()
  for (const width of WIDTHS) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await browser.newPage({ viewport: { width, height: width === 390 ? 844 : 800 }, colorScheme, deviceScaleFactor: 1 })
      for (const path of PAGES) {
        if (!all && !(path in README && colorScheme === 'light')) continue
        await look(page, `${origin}${path}`)
        const name = `${path.replace(/[^a-z0-9]+/gi, '-').replace(/^-|-$/g, '') || 'overview'}-${width}-${colorScheme}.png`
        if (all) await page.screenshot({ path: join(all, name) })
        if (path in README && colorScheme === 'light' && width === 1280) await page.screenshot({ path: join(readme, `${README[path]}.png`) })
        if (path.startsWith('/phone') && colorScheme === 'light' && width === 390) await page.screenshot({ path: join(readme, 'phone-narrow.png') })
      }
      await page.close()
    }
  }
  await browser.close()
  await close()
}

async function look(page: Page, address: string): Promise<void> {
  await page.goto(address)
  // What a page fetches after it is shown: the preview, the live stream's first answer.
  await page.waitForTimeout(500)
}

main().catch((error: Error) => {
  console.error(error.message)
  process.exitCode = 1
})
