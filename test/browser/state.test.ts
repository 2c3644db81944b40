import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import express from 'express'
import type { Page } from 'playwright-core'
import { host } from '../dashboard/host'
import { browser, listen, open } from '../support/page'

const started = browser()

/** Some customers, and a host that may lose an answer on its way back. */
async function desk(t: TestContext) {
  const made = await host(t)
  const [asha, bela] = [made.phone({ name: 'Asha', phone: '+919800000001' }), made.phone({ name: 'Bela', phone: '+919800000002' })]
  await bela.says('hi')
  await made.post('/conversations/1/mode', { mode: 'person' })
  await asha.says('hi')
  const lost = { now: false }
  const shop = express()
  shop.use((req, res, next) => {
    if (lost.now && req.path.endsWith('/messages') && req.method === 'POST') {
      res.end = (() => res.destroy()) as never
    }
    next()
  })
  shop.use(made.app)
  const origin = await listen(t, shop)
  const page = await open(t, started, origin, { expects: /Failed to load resource|htmx:error/ })
  return { ...made, asha, page, origin, lost }
}
const names = async (page: Page): Promise<string[]> => (await page.locator('.talks .talk-who bdi:first-child').allTextContents()).sort()

test('what a list is narrowed to stands in its address: Back restores it, a copied link opens it elsewhere, and each chip takes one filter off', async (t) => {
  const { page, origin } = await desk(t)
  await page.goto('/wa/conversations')
  await page.getByRole('link', { name: 'A person in charge' }).click()
  await page.locator('#talk-2').waitFor({ state: 'detached' })
  await page.getByRole('link', { name: 'Window open' }).click()
  await page.waitForURL(/window=open/)
  await page.locator('#search').fill('Bela')
  await page.waitForURL(/q=Bela/)
  const link = page.url()
  assert.deepEqual(await names(page), ['Bela'])

  await page.locator('#talk-1 a').first().click()
  await page.locator('.talk').waitFor()
  await page.goBack()
  assert.equal(page.url(), link)
  assert.deepEqual(await names(page), ['Bela'])
  assert.equal(await page.locator('#search').inputValue(), 'Bela')

  const other = await open(t, started, origin)
  await other.goto(link)
  assert.deepEqual(await names(other), ['Bela'])
  await other.getByRole('link', { name: 'Window open' }).click()
  await other.waitForURL((url) => !url.search.includes('window'))
  assert.match(other.url(), /mode=person/)
  await other.getByRole('link', { name: 'A person in charge' }).click()
  await other.waitForURL((url) => !url.search.includes('mode'))
  assert.match(other.url(), /q=Bela/)
})

test('twenty updates leave what is typed, the cursor, what is selected, an open list and the place in the thread as they were', async (t) => {
  const { page, wa } = await desk(t)
  for (let n = 1; n <= 20; n++) await wa.send('+919800000001', { text: `words ${n}.` })
  await wa.idle()
  await page.goto('/wa/conversations/2')
  await page.locator('.wa-list summary').first().click()
  await page.locator('#composer-text').fill('half a sentence')
  await page.evaluate(`document.getElementById('composer-text').setSelectionRange(5, 8)`)
  const row = page.locator('.talk-row', { hasText: 'words 2.' })
  await row.evaluate((one: { scrollIntoView(): void }) => one.scrollIntoView())
  const top = (await row.boundingBox())?.y ?? Number.NaN

  for (let n = 1; n <= 20; n++) {
    await wa.send('+919800000001', { text: `update ${n}.` })
    await wa.idle()
    await page.locator('.talk-row', { hasText: `update ${n}.` }).waitFor({ state: 'attached' })
  }

  assert.equal(await page.locator('#composer-text').inputValue(), 'half a sentence')
  assert.deepEqual(await page.evaluate(`[document.activeElement.id, document.activeElement.selectionStart, document.activeElement.selectionEnd]`), [
    'composer-text',
    5,
    8,
  ])
  assert.equal(await page.locator('.wa-list[open]').count(), 1)
  assert.ok(Math.abs(((await row.boundingBox())?.y ?? Number.NaN) - top) < 1)
  await page.evaluate(
    `getSelection().selectAllChildren([...document.querySelectorAll('.talk-row')].find((one) => one.textContent.includes('words 2.')).querySelector('.wa-body'))`,
  )
  await wa.send('+919800000001', { text: 'one more.' })
  await page.locator('.talk-row', { hasText: 'one more.' }).waitFor({ state: 'attached' })
  assert.match(String(await page.evaluate('getSelection().toString()')), /words 2\./)
})

test('an answer that is lost on its way back and a second click are one message', async (t) => {
  const { page, lost, get, wa } = await desk(t)
  await page.goto('/wa/conversations/2')
  await page.locator('#composer-text').fill('Only once, please')
  lost.now = true
  await page.locator('#_composer button').click()
  await page.locator('.toast', { hasText: 'network is gone' }).waitFor()
  assert.equal(await page.locator('#composer-text').inputValue(), 'Only once, please')
  lost.now = false
  await page.locator('#_composer button').click()
  await page.locator('.talk-row', { hasText: 'Only once, please' }).waitFor()
  // The row may come by the stream, before the answer does.
  await page.locator('#composer-text:placeholder-shown').waitFor()
  await wa.idle()

  assert.equal((await get('/conversations/2')).text.match(/Only once, please/g)?.length, 1)
})

test('a form that is refused puts the cursor into the first field that is wrong', async (t) => {
  const { page } = await desk(t)
  const cases: [path: string, typed: Record<string, string>, send: string, wrong: string][] = [
    ['/menus/_import', { '#text': 'rubbish' }, '#import .button[type=submit]', '#text'],
    ['/menus/_new', { '#name': '???' }, '#new .button[type=submit]', '#name'],
    ['/phone', { '#new-customer [name=name]': 'Cara', '#new-customer [name=phone]': '12' }, '#new-customer .button', '#new-customer [name=phone]'],
    ['/menus/help-center', { '#tags': 'x'.repeat(40) }, '#_tags .button[type=submit]', '#tags'],
    ['/menus/help-center', { '#trial-to': '12' }, '#_trial button', '#trial-to'],
  ]
  for (const [path, typed, send, wrong] of cases) {
    await page.goto(`/wa${path}`)
    for (const [field, words] of Object.entries(typed)) {
      const holder = page.locator(`details:has(${field.split(' ')[0]}):not([open]) > summary`)
      if ((await holder.count()) > 0) await holder.first().click()
      await page.locator(field).fill(words)
    }
    await page.locator(send).click()
    await page.locator(`${wrong}[aria-invalid="true"]:focus`).waitFor()
    const about = (await page.locator(wrong).getAttribute('aria-describedby')) ?? ''
    assert.ok(
      (
        await page
          .locator(
            about
              .split(' ')
              .map((id) => `#${id}.fault`)
              .join(),
          )
          .first()
          .textContent()
      )?.trim(),
      path,
    )
  }
})

/** What helmet 8 sends by default. */
const HELMET =
  "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests"

test("under a host's own policy, such as helmet's, every page works without a violation", async (t) => {
  const { app } = await desk(t)
  const guarded = express()
    .use((_req, res, next) => {
      res.setHeader('Content-Security-Policy', HELMET)
      res.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
      next()
    })
    .use(app)
  const page = await open(t, started, await listen(t, guarded))
  for (const path of [
    '/',
    '/menus',
    '/menus/help-center',
    '/menus/_new',
    '/conversations',
    '/conversations/2',
    '/outbox',
    '/events',
    '/phone',
    '/audit',
    '/settings',
  ]) {
    const answer = await page.goto(`/wa${path}`)
    assert.equal(answer?.headers()['content-security-policy'], HELMET)
    await page.locator('main').waitFor()
  }
  await page.goto('/wa/conversations/2')
  await page.locator('#composer-text').fill('Sent under helmet')
  await page.locator('#_composer button').click()
  await page.locator('.talk-row', { hasText: 'Sent under helmet' }).waitFor()
})
