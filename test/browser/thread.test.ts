import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import express from 'express'
import type { Page } from 'playwright-core'
import { list, text } from '../../lib/index'
import { host } from '../dashboard/host'
import { barriers, browser, listen, NARROW, open, overflows } from '../support/page'

const started = browser()
const HOUR_MS = 3_600_000

const reopen = text('reopen', {
  body: 'Order {{order}} is ready.',
  variables: { order: { sample: 'ORD-1' } },
  template: { name: 'order_ready', language: 'en' },
})

const slots = list('slots', {
  body: 'When do you come?',
  button: 'See slots',
  sections: [{ title: 'Free', each: 'slots', row: { id: 'slot:{{id}}', title: '{{time}}' } }],
})

/** A thread longer than its page, and a host that may answer in our place. */
async function desk(t: TestContext, options: Parameters<typeof open>[3] & { messages?: number; dashboard?: object } = {}) {
  const { messages = 0, dashboard = {}, ...given } = options
  const made = await host(t, { menus: [reopen, slots], dashboard })
  const asha = made.phone({ name: 'Asha' })
  await asha.says('hi')
  for (let n = 1; n <= messages; n++) await made.wa.send('+919800000001', { text: `words ${n}.` })
  await made.wa.idle()
  const between = { answer: null as ((res: express.Response) => void) | null }
  const shop = express()
  shop.use((req, res, next) => {
    if (between.answer && req.method === 'POST') return between.answer(res)
    next()
  })
  shop.use(made.app)
  const page = await open(t, started, await listen(t, shop), given)
  return { ...made, asha, page, between }
}

/** How far a log is from its end. */
const fromEnd = (page: Page): Promise<number> =>
  page
    .locator('.talk-log')
    .evaluate((log: { scrollHeight: number; scrollTop: number; clientHeight: number }) => log.scrollHeight - log.scrollTop - log.clientHeight)
const topOf = async (page: Page, row: string): Promise<number> => (await page.locator(row).boundingBox())?.y ?? Number.NaN

test('whoever reads further up sees no row move when something comes, is told of it, and is led to it', async (t) => {
  const { page, asha } = await desk(t, { messages: 60 })
  await page.goto('/wa/conversations/1')
  assert.ok((await fromEnd(page)) < 2)
  const row = page.locator('.talk-row', { hasText: 'words 40.' })
  await row.evaluate((one: { scrollIntoView(): void }) => one.scrollIntoView())
  const id = `#${await row.getAttribute('id')}`
  const before = await topOf(page, id)

  for (const words of ['are you there?', 'hello?']) {
    await asha.says(words)
    await page.locator('.talk-row', { hasText: words }).waitFor({ state: 'attached' })
  }

  await page.locator('#unread-below').waitFor()
  assert.ok(Math.abs((await topOf(page, id)) - before) < 1, `moved by ${(await topOf(page, id)) - before}`)
  await page.locator('#unread-below').click()
  await page.locator('#unread-below').waitFor({ state: 'hidden' })
  await page.locator('.talk-log:focus').waitFor()
  assert.ok((await fromEnd(page)) < 48)
})

for (const [size, viewport] of [
  ['wide', { width: 1280, height: 500 }],
  ['narrow', NARROW],
] as const) {
  test(`what was found is in sight and marked, and so is the head of the thread (${size})`, async (t) => {
    const { page } = await desk(t, { messages: 60, viewport })
    await page.goto('/wa/conversations?q="words 30."')
    await page.locator('[id^="found-"] a').first().click()

    const hit = page.locator('.talk-row:target')
    await hit.waitFor()
    assert.match((await hit.textContent()) ?? '', /words 30\./)
    await page.waitForFunction(`(() => {
      const log = document.querySelector('.talk-log').getBoundingClientRect()
      const hit = document.querySelector('.talk-row:target').getBoundingClientRect()
      return hit.top >= log.top && hit.bottom <= log.bottom
    })()`)
    const [talk, head] = [await topOf(page, '.talk'), await topOf(page, '.talk-head')]
    assert.ok(head >= talk && head - talk < 2, `the head stands at ${head}, the thread at ${talk}`)
    assert.equal(await overflows(page), false)
  })
}

test('without JavaScript a thread and the phone are opened at their newest message', async (t) => {
  const { page } = await desk(t, { messages: 30, javaScriptEnabled: false })
  for (const [path, where] of [
    ['/wa/conversations/1', '.talk-log'],
    ['/wa/phone', '.phone-screen'],
  ] as const) {
    await page.goto(path)
    const newest = await page.locator('.wa-message', { hasText: 'words 30.' }).boundingBox()
    const log = await page.locator(where).boundingBox()
    assert.ok(newest && log && newest.y + newest.height <= log.y + log.height + 1, JSON.stringify({ path, newest, log }))
  }
})

test('an agent looks for a menu, sees it with the words they type, and sends it; the cursor is back where one writes', async (t) => {
  const { page } = await desk(t)
  await page.goto('/wa/conversations/1')
  await page.locator('#composer-text').fill('half a sentence')
  await page.getByRole('link', { name: 'Send a menu' }).click()
  await page.locator('#chooser-search:focus').waitFor()
  await page.keyboard.type('ready')
  await page.locator('.chooser .person').nth(1).waitFor({ state: 'detached' })
  await page.getByRole('link', { name: /^reopen/ }).click()
  await page.locator('[name="v.order"]:focus').waitFor()
  await page.keyboard.type('ORD-77')
  await page.locator('#_drawing', { hasText: 'Order ORD-77 is ready.' }).waitFor()
  assert.deepEqual(await barriers(page), [])
  await page.keyboard.press('Enter')

  await page.locator('.talk-row', { hasText: 'Order ORD-77 is ready.' }).waitFor()
  await page.locator('#composer-text:focus').waitFor()
  assert.equal(await page.locator('.chooser').count(), 0)
  assert.equal(await page.locator('#composer-text').inputValue(), 'half a sentence')
})

for (const [how, path, javaScriptEnabled] of [
  ['within the thread', '', true],
  ['on a page of their own', '/menus?menu=slots', true],
  ['without JavaScript', '/menus?menu=slots', false],
] as const)
  test(`the rows of a list are written one by one beside the drawing of it, and sent by Enter: ${how}`, async (t) => {
    const { page } = await desk(t, { javaScriptEnabled, viewport: NARROW })
    const field = (at: number, name: string) => page.locator(`[name="r.slots.${at}.${name}"]`)
    await page.goto(`/wa/conversations/1${path}`)
    if (path === '') {
      await page.getByRole('link', { name: 'Send a menu' }).click()
      await page.getByRole('link', { name: /^slots/ }).click()
      await page.locator('[name="r.slots.0.id"]:focus').waitFor()
    }

    await field(0, 'id').fill('7')
    await field(0, 'time').fill('Half past ten in the morning')
    if (javaScriptEnabled) await page.locator('#note-slots-0 .is-over', { hasText: 'Title 28/24' }).waitFor()
    else assert.equal(await page.locator('.counter').count(), 0)
    await field(0, 'time').fill('10:30')
    await page.getByRole('button', { name: 'Add row' }).click()
    await page.locator('[name="r.slots.1.id"]:focus').waitFor()
    await page.locator('#note-slots-0 .is-ok', { hasText: 'Title 5/24' }).waitFor()
    await field(1, 'id').fill('8')
    await field(1, 'time').fill('11:00')
    if (javaScriptEnabled) {
      await page.locator('#_drawing', { hasText: '11:00' }).waitFor()
      assert.deepEqual(await barriers(page), [])
    }
    assert.equal(await overflows(page), false)
    await field(1, 'time').press('Enter')

    await page.locator('.talk-row', { hasText: 'When do you come?' }).waitFor()
    assert.match((await page.locator('.talk-row', { hasText: 'When do you come?' }).textContent()) ?? '', /10:30[\s\S]*11:00/)
  })

test('a window that closes shows the words that wait and offers the templates, also to a page that is open', async (t) => {
  const { page, asha, control } = await desk(t, { viewport: NARROW })
  await page.goto('/wa/conversations/1')
  await page.locator('#composer-text').pressSequentially('Your parcel')
  await control.clock.advance(25 * HOUR_MS)
  await page.evaluate(`document.dispatchEvent(new Event('changed'))`)

  await page.getByText('Kept until they write again: Your parcel').waitFor()
  await page.getByRole('link', { name: 'Send a template' }).click()
  await page.getByRole('link', { name: /^reopen/ }).click()
  await page.locator('[name="v.order"]').fill('ORD-8')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.locator('.talk-row', { hasText: 'Order ORD-8 is ready.' }).waitFor()
  await page.getByText('Kept until they write again: Your parcel').waitFor()
  assert.equal(await overflows(page), false)

  await asha.says('thanks')
  await page.locator('#composer-text').waitFor()
  assert.equal(await page.locator('#composer-text').inputValue(), 'Your parcel')
})

test('the length is counted when it comes near to what WhatsApp takes', async (t) => {
  const { page } = await desk(t)
  for (const [path, field, counter] of [
    ['/wa/conversations/1', '#composer-text', '#composer-count'],
    ['/wa/phone', '#phone-text', '#phone-count'],
  ] as const) {
    await page.goto(path)
    await page.locator(field).fill('🙂'.repeat(3000))
    assert.equal(await page.locator(counter).isVisible(), false)
    await page.locator(field).fill('🙂'.repeat(4000))
    assert.equal(await page.locator(counter).textContent(), '4000/4096')
    await page.locator(field).fill('🙂'.repeat(4097))
    await page.locator(`${counter}.is-over`).waitFor()
  }
})

test("a proxy's own page is told as such, not as the end of a session; the words stay, and that they were not sent", async (t) => {
  const { page, between } = await desk(t, { expects: /Failed to load resource/ })
  const cases: [(res: express.Response) => void, RegExp][] = [
    [(res) => void res.status(502).send('<h1>Bad gateway</h1>'), /server could not do that/],
    [(res) => void res.send('<h1>Welcome to the hotel</h1>'), /not the dashboard answered/],
    [(res) => void res.status(403).send('<h1>Blocked</h1>'), /not the dashboard answered/],
  ]
  for (const [answer, words] of cases) {
    await page.goto('/wa/conversations/1')
    await page.locator('#composer-text').fill('On its way')
    between.answer = answer
    await page.locator('#_composer button').click()
    await page.locator('.toast', { hasText: words }).waitFor()
    await page.locator('#composer-fault', { hasText: 'Not sent.' }).waitFor()
    assert.equal(await page.locator('.toast', { hasText: 'session has ended' }).count(), 0)
    assert.equal(await page.locator('#composer-text').inputValue(), 'On its way')
    await page.reload()
    assert.equal(await page.locator('#composer-text').inputValue(), 'On its way')
    between.answer = null
  }
  await page.locator('#_composer button').click()
  await page.locator('.talk-row', { hasText: 'On its way' }).waitFor()
  assert.equal(await page.locator('#composer-fault').textContent(), '')
})

test('what hangs over a page closes by Escape and by a press elsewhere', async (t) => {
  const { page } = await desk(t)
  for (const [path, menu, elsewhere] of [
    ['/wa/menus', '.menus .kebab', 'h1'],
    ['/wa/phone', '.clip', '.phone-title'],
  ] as const) {
    await page.goto(path)
    const summary = page.locator(`${menu} summary`).first()
    const opened = page.locator(`${menu}[open]`)
    await summary.click()
    await opened.waitFor()
    await page.keyboard.press('Escape')
    assert.equal(await opened.count(), 0)
    assert.equal(await summary.evaluate((one: object) => one === (globalThis as { document?: { activeElement: object } }).document?.activeElement), true)
    await summary.click()
    await page.locator(elsewhere).first().click()
    assert.equal(await opened.count(), 0)
  }
})

test("a long title leaves room on a phone, and the host's own links can be reached there", async (t) => {
  const links = [{ words: 'Accounts of customers', href: '/accounts' }]
  const title = 'Sharma Brothers Handloom & Textile Emporium Support Desk'
  const { page } = await desk(t, { viewport: NARROW, dashboard: { title, badge: 'STAGING', links } })
  await page.goto('/wa/conversations/1')

  assert.equal(await overflows(page), false)
  await page.locator('.side-more summary').click()
  await page.getByRole('link', { name: 'Accounts of customers' }).waitFor()
  await page.getByRole('link', { name: 'Settings' }).waitFor()
  const [badge, more] = [await page.locator('.badge').last().boundingBox(), await page.locator('.side-more').boundingBox()]
  assert.ok(badge && more && badge.x + badge.width <= more.x && more.x + more.width <= NARROW.width)
})

test('conversations are looked for while one types', async (t) => {
  const { page, phone } = await desk(t)
  await phone({ name: 'Bela', phone: '+919800000002' }).says('hi')
  await page.goto('/wa/conversations')
  await page.locator('#search').pressSequentially('Bela')

  await page.locator('#talk-1').waitFor({ state: 'detached' })
  assert.match(page.url(), /q=Bela/)
  await page.locator('#talk-2').waitFor()
})
