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

      await crawl(base, (path) => request(app).get(path))
    })
  }
}

/** Every address of every page that can be reached from the first one is below the base, and answers. */
async function crawl(base: string, ask: (path: string) => request.Test): Promise<void> {
  const seen = new Set<string>()
  const queue = [`${base}/`]
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    if (seen.has(path) || path.startsWith(`${base}/live`)) continue
    seen.add(path)
    const { status, headers, text } = await ask(path)
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
}

test('behind a proxy that takes a prefix away, addresses have the prefix that publicUrl has, for requests to its host', async (t) => {
  const { control: _control, ...options } = testOptions()
  const admin = () => ({ id: 'u1', name: 'Ravi', role: 'admin' as const })
  const wa = waInteractive({ ...options, menus: [helpCenter, more], publicUrl: 'https://shop.example/shop/wa', authorize: admin })
  await wa.start()
  later(t, () => wa.close())
  await testPhone(wa, { name: 'Asha' }).says('hi')
  const app = express5().use(wa)
  const ask = (path: string, headers: Record<string, string>) => request(app).get(path).set(headers)
  const throughProxy = (headers: Record<string, string>) => (path: string) => {
    assert.ok(path.startsWith('/shop/wa'), path)
    return ask(path.slice('/shop'.length), headers)
  }

  await crawl('/shop/wa', throughProxy({ host: 'shop.example' }))
  await throughProxy({ 'x-forwarded-host': 'shop.example' })('/shop/wa/menus').expect(200, /href="\/shop\/wa\/menus\/more"/)
  const lead = await request(app).post('/wa/language').set({ host: 'shop.example', 'sec-fetch-site': 'same-origin' }).type('form').send({ language: 'hi' })
  assert.deepEqual([lead.headers.location, /Path=\/shop\/wa;/.test(String(lead.headers['set-cookie']))], ['/shop/wa/language', true])
  const strangers: Record<string, string>[] = [
    {},
    { host: 'shop.example.evil' },
    { 'x-forwarded-host': '"><script>' },
    { 'x-forwarded-prefix': '/evil' },
    { 'x-forwarded-host': 'x, shop.example' },
  ]
  for (const headers of strangers) await ask('/wa/menus', headers).expect(200, /href="\/wa\/menus\/more"/)
})
