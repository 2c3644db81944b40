import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import express from 'express'
import type { Page } from 'playwright-core'
import { waInteractive } from 'wa-interactive'
import { testOptions, testPhone } from 'wa-interactive/testing'
import { looks } from '../support/looks'
import { browser, later, listen, open } from '../support/page'

const started = browser()

async function desk(t: TestContext, dashboard: { live?: boolean | { intervalMs: number } } = {}) {
  const { control: _control, ...options } = testOptions()
  const wa = waInteractive({ ...options, dashboard, authorize: () => ({ id: 'u1', name: 'Ravi', role: 'admin' as const }) })
  await wa.start()
  later(t, () => wa.close())
  const asha = testPhone(wa, { name: 'Asha', phone: '+919800000001' })
  await wa.send('+919800000001', { text: 'hi' })
  await wa.idle()
  /** Streams that are open on the server. */
  const streams = new Set<object>()
  const asked: string[] = []
  const watched = express().use((req, res, next) => {
    if (req.path === '/wa/live') {
      streams.add(res)
      res.on('close', () => streams.delete(res))
    } else if (req.method === 'GET' && req.headers['hx-request-type'] === 'partial') asked.push(req.path)
    next()
  }, wa as never)
  return { wa, asha, streams, asked, origin: await listen(t, watched) }
}

/** The tab goes behind another one, or comes back. (Headless pages are always seen, so the page is told.) */
const see = (page: Page, seen: boolean): Promise<void> =>
  page.evaluate(`Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${!seen} }); document.dispatchEvent(new Event('visibilitychange'))`)

async function until(is: () => boolean, page: Page): Promise<void> {
  const end = performance.now() + 60_000
  while (!is()) {
    if (performance.now() > end) throw new Error(`it did not come true: ${is}`)
    await page.evaluate('new Promise((next) => requestAnimationFrame(next))')
  }
}

test('a page that was just loaded asks for nothing again', async (t) => {
  const { origin, asked, streams, wa } = await desk(t)
  const page = await open(t, started, origin)

  for (const path of ['/conversations', '/conversations/1', '/outbox', '/events']) {
    asked.length = 0
    // The stream of the page before may end later than this one begins.
    streams.clear()
    await page.goto(`/wa${path}`)
    await until(() => streams.size === 1, page)
    await looks(wa, 3)
    assert.deepEqual(asked, [], path)
  }
})

test('a tab that nobody sees has no stream, and shows what it missed when it is seen again', async (t) => {
  const { origin, asha, asked, streams, wa } = await desk(t)
  const page = await open(t, started, origin)
  await page.goto('/wa/conversations/1')
  await until(() => streams.size === 1, page)

  await see(page, false)
  await until(() => streams.size === 0, page)
  asked.length = 0
  await asha.says('said while nobody looked')
  await wa.idle()
  assert.deepEqual(asked, [])

  await see(page, true)
  await page.getByText('said while nobody looked').waitFor()
})

test('a tab that is opened behind another one has no stream until it is seen', async (t) => {
  const { origin, asha, asked, streams, wa } = await desk(t)
  const page = await open(t, started, origin)
  await page.addInitScript(`Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })`)
  const opened: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/wa/live')) opened.push(request.url())
  })
  await page.goto('/wa/conversations/1')
  await asha.says('said before it was seen')
  await wa.idle()
  // Whatever the page asks for at its beginning has been asked for before this.
  await page.evaluate(`fetch('/wa/conversations/1')`)
  assert.deepEqual([opened, asked, streams.size], [[], [], 0])

  await see(page, true)
  await page.getByText('said before it was seen').waitFor()
  await until(() => streams.size === 1, page)
  await see(page, false)
  await until(() => streams.size === 0, page)
  await see(page, true)
  await until(() => streams.size === 1, page)
})

test('a thread that is opened unread is read, which lists are told and the thread itself is not', async (t) => {
  const { origin, asha, asked, streams, wa } = await desk(t)
  await asha.says('unread words')
  await wa.idle()
  const list = await open(t, started, origin)
  await list.goto('/wa/conversations')
  await list.locator('.unread').waitFor()
  await until(() => streams.size === 1, list)
  const thread = await open(t, started, origin)
  await thread.goto('/wa/conversations/1')

  await list.locator('.unread').waitFor({ state: 'detached' })
  await until(() => streams.size === 2, thread)
  await looks(wa, 3)

  assert.equal(await thread.locator('#_read').count(), 0)
  assert.deepEqual(
    asked.filter((path) => path === '/wa/conversations/1'),
    [],
  )
  await asha.says('more of them')
  await thread.getByText('more of them').waitFor()
  await list.locator('.talk-words', { hasText: 'more of them' }).waitFor()
  await list.locator('.unread').waitFor({ state: 'detached' })
})

test('a page on which nothing counts down asks for nothing while its stream is there, and each minute when it is not, until it is', async (t) => {
  const { origin, asked, streams } = await desk(t)
  const page = await open(t, started, origin, { expects: /ERR_FAILED|htmx:error/ })
  await page.clock.install()
  // The page's clock runs ahead of the server's, so the beats after the first one are made here.
  await page.addInitScript(
    `window.beaten = new Promise((beaten) => document.addEventListener('beat', () => beaten(setInterval(() => document.dispatchEvent(new Event('beat')), 15000)), { once: true }))`,
  )
  /** What a page asks for in ten minutes. */
  const idle = async (path: string) => {
    await page.goto(`/wa${path}`)
    if (path === '/') await page.locator('.insight').waitFor()
    if (isStreaming) await page.evaluate('window.beaten.then(() => true)')
    asked.length = 0
    await page.clock.runFor(600_000)
    return asked.length
  }

  let isStreaming = true
  for (const path of ['/', '/conversations', '/conversations/1', '/outbox', '/events', '/phone']) assert.equal(await idle(path), 0, path)

  isStreaming = false
  await page.route('**/wa/live*', (route) => route.abort())
  await idle('/events')
  await until(() => asked.length > 0, page)
  streams.clear()
  await page.unroute('**/wa/live*')
  await page.clock.runFor(61_000)
  await until(() => streams.size === 1, page)
})

test('asking pages ask while they are seen, and once when they are seen again', async (t) => {
  const { origin, asha, asked, streams, wa } = await desk(t, { live: { intervalMs: 2000 } })
  const page = await open(t, started, origin)
  await page.clock.install()
  await page.goto('/wa/conversations/1')

  await asha.says('first')
  await wa.idle()
  await page.clock.runFor(2100)
  await page.getByText('first').waitFor()
  await see(page, false)
  asked.length = 0
  await asha.says('second')
  await wa.idle()
  await page.clock.runFor(9000)
  assert.deepEqual(asked, [])
  await see(page, true)
  await page.getByText('second').waitFor()

  assert.deepEqual(asked, ['/wa/conversations/1'])
  assert.equal(streams.size, 0)
})

test('live: false leaves the page as it is until it is loaded again', async (t) => {
  const { origin, asha, asked, wa } = await desk(t, { live: false })
  const page = await open(t, started, origin)
  await page.clock.install()
  await page.goto('/wa/conversations/1')

  await asha.says('later')
  await wa.idle()
  await page.clock.runFor(300_000)
  assert.deepEqual(asked, [])
  await page.reload()

  await page.getByText('later').waitFor()
})
