import assert from 'node:assert/strict'
import { test } from 'node:test'
import express5 from 'express'
import express4 from 'express4'
import request from 'supertest'
import { waInteractive } from '../../lib/index'
import { testOptions, testPhone } from '../../lib/testing'
import { later } from '../support/later'
import { helpCenter, more } from './host'

type Wa = ReturnType<typeof waInteractive>
type App = ReturnType<typeof express5>

/** Ways to mount, and the address under which the dashboard is then. */
const MOUNTS: [says: string, mount: (app: App, wa: Wa, router: () => ReturnType<typeof express5.Router>) => void, base: string][] = [
  ['without a path', (app, wa) => void app.use(wa), '/wa'],
  ['under a path', (app, wa) => void app.use('/support', wa), '/support'],
  ['under a path with a parameter', (app, wa) => void app.use('/a/:tenant/chat', wa), '/a/Acme/chat'],
  ['inside two routers', (app, wa, router) => void app.use('/one', router().use('/two', router().use('/wa', wa))), '/one/two/wa'],
]

for (const [major, express] of [
  ['5', express5],
  ['4', express4 as unknown as typeof express5],
] as const) {
  for (const [says, mount, base] of MOUNTS) {
    test(`Express ${major}, mounted ${says}: every address of every page is below the mount and answers`, async (t) => {
      const { control: _control, ...options } = testOptions()
      const wa = waInteractive({ ...options, menus: [helpCenter, more], authorize: () => ({ id: 'u1', name: 'Ravi', role: 'admin' as const }) })
      wa.on('unmatched', ({ say }) => say(helpCenter))
      await wa.start()
      later(t, () => wa.close())
      await testPhone(wa, { name: 'Asha' }).says('hi')
      const app = express()
      mount(app, wa as unknown as Wa, () => express.Router())

      const seen = new Set<string>()
      const queue = [`${base}/`]
      for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
        if (seen.has(path) || path.startsWith(`${base}/live`)) continue
        seen.add(path)
        const { status, headers, text } = await request(app).get(path)
        assert.ok(status < 400, `${path} answers ${status}`)
        if (!headers['content-type']?.startsWith('text/html')) continue
        for (const [, attribute, raw] of text.matchAll(/\s(href|src|action|hx-get|hx-post|hx-sse:connect)="([^"]*)"/g)) {
          const address = (raw ?? '').replaceAll('&amp;', '&').replaceAll('&#34;', '"').replaceAll('&#39;', "'")
          if (/^(#|\?|https?:)/.test(address)) continue
          assert.ok(address.startsWith(`${base}/`), `${attribute}="${address}" in ${path}`)
          // Every page of every list once: what differs in its query alone is one page.
          const page = address.split('#')[0] ?? ''
          if (['href', 'src', 'hx-get'].includes(attribute ?? '') && !seen.has(page) && seen.size + queue.length < 150) queue.push(page)
        }
      }

      assert.ok(seen.size > 25, `only ${seen.size} pages were found`)
    })
  }
}
