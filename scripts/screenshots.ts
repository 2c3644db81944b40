// Takes a picture of every page, with the example's data, at two widths and in both themes: `npm run screenshots`.
// Those of the README go to examples/screenshots; all of them, for the eye, to the folder named: `npm run screenshots -- /tmp/look`.
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import express from 'express'
import type { Page } from 'playwright-core'
import { orderDesk } from '../examples/order-desk/desk'
import { testOptions, testPhone } from '../lib/testing'
import { launch } from '../test/support/browser'

/** What the README shows. */
const README: Readonly<Record<string, string>> = { '/menus/help-center': 'editor', '/conversations/1': 'conversation', '/phone?as=1': 'phone', '/': 'overview' }
const PAGES = [
  '/',
  '/menus',
  '/menus/help-center',
  '/menus/help-center/versions',
  '/conversations',
  '/conversations/1',
  '/conversations/1/customer',
  '/outbox',
  '/events',
  '/phone?as=1',
  '/settings',
  '/audit',
]
const WIDTHS = [1280, 390] as const

async function main(): Promise<void> {
  const all = process.argv[2]
  const readme = join(__dirname, '..', 'examples', 'screenshots')
  mkdirSync(readme, { recursive: true })
  if (all) mkdirSync(all, { recursive: true })
  const { control, ...options } = testOptions()
  const wa = orderDesk(options)
  await wa.start()
  await talk(wa, control)
  const server = createServer(express().use(wa)).listen(0, '127.0.0.1')
  await new Promise((ready) => server.once('listening', ready))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/wa`
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
  server.close()
  server.closeAllConnections()
  await wa.close()
}

async function look(page: Page, address: string): Promise<void> {
  await page.goto(address)
  // What a page fetches after it is shown: the preview, the live stream's first answer.
  await page.waitForTimeout(500)
}

/** A morning at the order desk. */
async function talk(wa: ReturnType<typeof orderDesk>, control: ReturnType<typeof testOptions>['control']): Promise<void> {
  const asha = testPhone(wa, { phone: '+919800000001', name: 'Asha Rao' })
  const ravi = testPhone(wa, { phone: '+919800000002', name: 'Ravi Kumar' })
  const meera = testPhone(wa, { phone: '+919800000003', name: 'Meera Iyer' })
  await ravi.says('Hello')
  await ravi.taps('payment_issue')
  await ravi.says('It says declined, but my bank shows the amount.')
  await meera.says('Hi, is anybody there?')
  await meera.taps('cancel_order')
  await asha.says('Hello')
  await asha.taps('track_order')
  await asha.says('ORD-12345')
  control.provider.failNext(131026)
  await wa.send('+919800000004', { text: 'Your order ORD-99120 has arrived at the shop.' })
  await wa.idle()
}

main().catch((error: Error) => {
  console.error(error.message)
  process.exitCode = 1
})
