import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import express from 'express'
import { host } from '../dashboard/host'
import { browser, listen, open } from '../support/page'

const started = browser()

/** A customer has written, and a host stands before the dashboard whose session can end: by our own 401, or by its sign-in page. */
async function desk(t: TestContext) {
  const { app, phone, control } = await host(t)
  await phone().says('hi')
  const session = { ended: null as 'refused' | 'demoted' | 'led away' | 'broken proxy' | null }
  /** Who is signed in. */
  const users = { now: 'u1' }
  const shop = express()
  shop.get('/login', (_req, res) => void res.send('<p>Sign in to the shop</p>'))
  shop.use((req, res, next) => {
    if (session.ended === 'led away' && !req.path.startsWith('/login')) return res.redirect('/login')
    req.headers['x-user'] = users.now
    if (session.ended === 'broken proxy') return res.status(502).send('<h1>Bad gateway</h1>')
    if (session.ended === 'refused') req.headers['x-role'] = 'nobody'
    if (session.ended === 'demoted') req.headers['x-role'] = 'viewer'
    next()
  })
  shop.use(app)
  const page = await open(t, started, await listen(t, shop), { expects: /status of (4(01|03|22)|502)|Failed to load resource/ })
  const toast = (words: RegExp) => page.locator('.toast', { hasText: words }).first().waitFor()
  return { page, phone, control, session, toast, users }
}

for (const ended of ['refused', 'led away'] as const) {
  test(`the session ends while somebody types (${ended}): the words stay, and the page says so`, async (t) => {
    const { page, session, toast } = await desk(t)
    await page.goto('/wa/menus/help-center')
    session.ended = ended
    await page.getByLabel('Body', { exact: true }).fill('Half a sentence')
    await toast(/session has ended/)
    assert.equal(await page.getByLabel('Body', { exact: true }).inputValue(), 'Half a sentence')

    session.ended = null
    await page.keyboard.press('Control+s')
    await page.getByText('Saved').first().waitFor()

    await page.goto('/wa/conversations/1')
    await page.locator('#composer-text').fill('On its way')
    session.ended = ended
    await page.locator('#_composer button').click()
    await toast(/session has ended/)
    assert.equal(await page.locator('#composer-text').inputValue(), 'On its way')
    assert.equal(await page.getByText('Sign in to the shop').count(), 0)
  })
}

for (const ended of ['refused', 'demoted', 'led away', 'broken proxy'] as const) {
  test(`a save that is refused (${ended}) says that nothing is saved, and keeps asking before the page is left`, async (t) => {
    const { page, session } = await desk(t)
    await page.goto('/wa/menus/help-center')
    await page.locator('#state-words', { hasText: 'Live.' }).waitFor()
    session.ended = ended
    await page.getByLabel('Body', { exact: true }).fill('Half a sentence')
    await page.keyboard.press('Control+s')

    await page.locator('#state-words', { hasText: 'Not saved. Every word is still here.' }).waitFor()
    await page.locator('.htmx-request').waitFor({ state: 'detached' })
    assert.equal(await page.getByText('Nothing is changed.').count(), 0)
    assert.equal(await page.getByLabel('Body', { exact: true }).inputValue(), 'Half a sentence')
    const asked = page.waitForEvent('dialog')
    await Promise.all([asked.then((dialog) => dialog.dismiss()), page.getByRole('link', { name: 'Overview' }).click({ noWaitAfter: true })])

    session.ended = null
    await page.keyboard.press('Control+s')
    await page.locator('#state-words', { hasText: 'Draft saved' }).waitFor()
    const questions: string[] = []
    page.on('dialog', (dialog) => {
      questions.push(dialog.type())
      void dialog.accept()
    })
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.waitForURL(/\/wa\/$/)
    assert.deepEqual(questions, [])
  })
}

test('the page of a proxy that failed is not told as the end of a session', async (t) => {
  const { page, session, toast } = await desk(t)
  await page.goto('/wa/conversations/1')
  await page.locator('#composer-text').fill('On its way')
  session.ended = 'broken proxy'
  await page.locator('#_composer button').click()

  await toast(/The server could not do that/)
  assert.equal(await page.locator('.toast', { hasText: 'session has ended' }).count(), 0)
  assert.equal(await page.getByText('Bad gateway').count(), 0)
  assert.equal(await page.locator('#composer-text').inputValue(), 'On its way')
})

test('what somebody was writing is not shown to who signs in after them in the same tab', async (t) => {
  const { page, users } = await desk(t)
  await page.goto('/wa/conversations/1')
  await page.locator('#composer-text').fill('only mine')

  users.now = 'somebody-else'
  await page.reload()
  assert.equal(await page.locator('#composer-text').inputValue(), '')
  users.now = 'u1'
  await page.reload()
  assert.equal(await page.locator('#composer-text').inputValue(), 'only mine')
})

test('a signed-out page without typed words leads to the sign-in', async (t) => {
  const { page, session } = await desk(t)
  await page.goto('/wa/conversations')
  session.ended = 'refused'
  // The page may be gone before it answers.
  await page.evaluate(`document.getElementById('_conversations').dispatchEvent(new Event('changed', { bubbles: true }))`).catch(() => {})
  await page.getByText('sign in', { exact: false }).first().waitFor()
})

test('what is written when the window closes comes back when it opens again, and is gone once it was sent', async (t) => {
  const { page, phone, control } = await desk(t)
  await page.goto('/wa/conversations/1')
  await page.locator('#composer-text').pressSequentially('Your order')
  await control.clock.advance(25 * 3_600_000)
  await page.reload()
  await page.locator('#_composer-closed').waitFor()
  await phone().says('still there?')
  await page.locator('#composer-text').waitFor()
  assert.equal(await page.locator('#composer-text').inputValue(), 'Your order')

  await page.locator('#_composer button').click()
  await page.locator('.wa-row', { hasText: 'Your order' }).or(page.getByText('Your order')).first().waitFor()
  await page.reload()
  assert.equal(await page.locator('#composer-text').inputValue(), '')
})

test('a paste that is too long is refused whole, with its reason, in the composer and on the phone', async (t) => {
  const { page } = await desk(t)
  const long = '🙂'.repeat(4097)
  await page.goto('/wa/conversations/1')
  await page.locator('#composer-text').fill(long)
  await page.locator('#_composer button').click()
  await page.getByText(/4,?097 characters; WhatsApp takes 4,?096/).waitFor()
  assert.equal(await page.locator('#composer-text').inputValue(), long)

  await page.goto('/wa/phone')
  await page.locator('#phone-text').fill(long)
  await page.locator('#phone-text').press('Enter')
  await page.locator('#_refusal', { hasText: /4,?097 characters; WhatsApp takes 4,?096/ }).waitFor()
  assert.equal(await page.locator('#phone-text').inputValue(), long)
})
