import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { host } from '../dashboard/host'
import { barriers, browser, listen, open, overflows } from '../support/page'

const started = browser()

/** A real browser before a real server. What it complains about, and what it asks of others, fails the test. */
async function editor(t: TestContext, look: { width?: number; scheme?: 'light' | 'dark'; javaScriptEnabled?: boolean } = {}) {
  const { app } = await host(t)
  const page = await open(t, started, await listen(t, app), {
    viewport: { width: look.width ?? 1280, height: 900 },
    colorScheme: look.scheme ?? 'light',
    javaScriptEnabled: look.javaScriptEnabled ?? true,
    // A form that is refused is answered 4xx, and a network that is gone is what one test is about: the browser says so.
    expects: /status of 4(09|12|22)|ERR_INTERNET_DISCONNECTED|Failed to fetch/,
  })
  return { page, go: (path: string) => page.goto(`/wa${path}`) }
}
const accessible = async (page: Page, what: string): Promise<void> => assert.deepEqual(await barriers(page), [], what)
/** Asked again and again from outside: inside, the page's policy forbids to evaluate text. */
async function until(page: Page, expression: string): Promise<void> {
  for (let tries = 0; !(await page.evaluate(expression)); tries++) {
    assert.ok(tries < 100, `still not: ${expression}`)
    await page.waitForTimeout(50)
  }
}
const settled = (page: Page): Promise<void> => until(page, `document.querySelector('.htmx-request') === null`)
const focused = (page: Page): Promise<string> => page.evaluate(`document.activeElement?.id ?? ''`)
const titles = (page: Page): Promise<string[]> =>
  page
    .locator('[name$="[title]"][name*="rows"], [name^="buttons"][name$="[title]"]')
    .evaluateAll((all) => all.map((one) => (one as unknown as { value: string }).value))

test('a menu is made, typed, reordered by keyboard, published and rolled back', async (t) => {
  const { page, go } = await editor(t)
  await go('/menus')
  await page.getByRole('link', { name: 'New menu' }).click()
  await page.getByLabel('Name').fill('Order rating')
  await page.getByRole('button', { name: 'Make the menu' }).click()
  await page.waitForURL(/\/menus\/order-rating/)

  await page.locator('#f-body').pressSequentially('How was *{{order}}*? 👍👍', { delay: 10 })
  await page.locator('#f-body').press('ArrowLeft')
  await page.locator('#_preview strong', { hasText: '‹order›' }).waitFor({ timeout: 2000 })
  assert.equal(await page.locator('[data-count="f-body"]').textContent(), '14/1024')
  assert.deepEqual(await page.evaluate('[document.activeElement.id, document.activeElement.selectionStart]'), ['f-body', 23])
  await page.locator('#f-variables-order-sample').fill('ORD-12345')
  await page.locator('#_preview strong', { hasText: 'ORD-12345' }).waitFor({ timeout: 2000 })
  assert.equal(await page.locator('[data-count="f-body"]').textContent(), '23/1024')

  await page.locator('#f-buttons-0-title').fill('Great')
  await page.locator('#f-buttons-1-title').fill('Bad')
  await page.locator('#about-buttons-1-id', { hasText: 'It will be “bad”.' }).waitFor()
  await page.locator('#tool-down-buttons-0').focus()
  await page.keyboard.press('Enter')
  await page.locator('#said', { hasText: 'now 2 of 2' }).waitFor()
  assert.deepEqual(await titles(page), ['Bad', 'Great'])
  assert.equal(await focused(page), 'tool-down-buttons-1')
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Enter')
  await until(page, `document.getElementById('f-buttons-0-title')?.value === 'Great'`)
  await page.getByRole('button', { name: 'Add a button' }).click()
  await until(page, `document.activeElement?.id === 'f-buttons-2-title'`)
  await page.keyboard.type('It was okay')
  await accessible(page, 'the editor, not saved')

  await page.keyboard.press('Control+s')
  await page.locator('#state-words', { hasText: 'Draft saved' }).waitFor()
  assert.equal(await page.locator('#f-buttons-2-id').inputValue(), 'it_was_okay')
  await page.getByRole('button', { name: 'Review and publish' }).click()
  await page.waitForURL(/publish$/)
  await accessible(page, 'the page before publishing')
  await page.getByRole('button', { name: 'Publish' }).click()
  await page.getByText('Published. Customers get this version').waitFor()

  await page.locator('#f-body').fill('How was it? '.repeat(30).trim())
  await page.getByRole('button', { name: 'Review and publish' }).click()
  await page.waitForURL(/publish$/)
  const ends = await page
    .locator('.is-two .mini, .is-two .mini-screen')
    .evaluateAll((boxes) => boxes.map((box) => Math.round(box.getBoundingClientRect().bottom)))
  assert.ok(ends.length === 4 && ends.every((end, at) => at % 2 === 1 || end - (ends[at + 1] ?? 0) <= 1), `both phones end with their wall: ${ends}`)
  await page.getByRole('button', { name: 'Publish as version 2' }).click()
  await page.getByRole('link', { name: 'Versions' }).click()
  await accessible(page, 'the versions')
  await page.getByRole('link', { name: 'Version 1' }).click()
  await accessible(page, 'one version')
  await page.getByRole('button', { name: 'Make version 1 live again' }).click()
  await page.getByText('those words are live now, as version 3').waitFor()
  await page.getByRole('link', { name: 'History' }).click()
  await page.locator('.deed summary').first().click()
  await accessible(page, 'the history')
})

test('what is typed while an answer is on its way stays, and the phone catches up', async (t) => {
  const { page, go } = await editor(t)
  await page.route('**/preview', async (route) => {
    await new Promise((later) => setTimeout(later, 300))
    await route.continue()
  })
  await go('/menus/help-center')
  await page.locator('#f-body').fill('')

  await page.locator('#f-body').pressSequentially('What would you like to know about your order today?', { delay: 25 })

  await page.locator('#_preview', { hasText: 'about your order today?' }).waitFor({ timeout: 4000 })
  assert.equal(await page.locator('#f-body').inputValue(), 'What would you like to know about your order today?')
  assert.equal(await focused(page), 'f-body')
})

test('saving in the middle of typing saves what is there, and nobody is told of a change that is none', async (t) => {
  const { page, go } = await editor(t)
  await page.route(/menus\/more$/, async (route) => {
    await new Promise((later) => setTimeout(later, route.request().method() === 'POST' ? 400 : 0))
    await route.continue()
  })
  await go('/menus/more')
  await page.locator('#f-body').fill('Something')
  await page.keyboard.press('Control+s')
  await page.locator('#f-body').press('End')
  await page.keyboard.type(' else?')

  await page.locator('#state-words', { hasText: 'Not saved yet' }).waitFor()
  await page.locator('#_preview', { hasText: 'Something else?' }).waitFor()
  assert.equal(await page.getByText('while you were writing').count(), 0)
  await page.keyboard.press('Control+s')
  await page.locator('#state-words', { hasText: 'Draft saved' }).waitFor()
})

test('a row is dragged into another section, and a label that is too long says so beside its field', async (t) => {
  const { page, go } = await editor(t)
  await go('/menus/help-center')
  await page.setViewportSize({ width: 1280, height: 1800 })
  const [from, to] = [page.locator('#option-sections-0-rows-0 [data-grip]'), page.locator('#option-sections-1-rows-0')]
  const [start, end] = [await from.boundingBox(), await to.boundingBox()]
  assert.ok(start && end)
  await page.mouse.move(start.x + 5, start.y + 20)
  await page.mouse.down()
  await page.mouse.move(end.x + 40, end.y + 10, { steps: 6 })
  await page.mouse.up()
  await until(page, `document.getElementById('f-sections-1-rows-0-title')?.value === 'Track My Order'`)

  await page.locator('#f-sections-1-rows-0-title').fill('Track my order right now, please')
  await page.locator('#about-sections-1-rows-0-title', { hasText: 'at most 24' }).waitFor()
  assert.equal(await page.locator('#f-sections-1-rows-0-title').getAttribute('aria-invalid'), 'true')
  assert.match((await page.locator('[data-count="f-sections-1-rows-0-title"]').getAttribute('class')) ?? '', /is-over/)
  await page.getByRole('button', { name: 'Review and publish' }).click()
  await page.locator('details.blockers[open]').waitFor()
  assert.equal(await page.locator('#f-sections-1-rows-0-title').inputValue(), 'Track my order right now, please')
  await accessible(page, 'the editor with a fault')
})

test('without the network the words stay, and the page says that they are not saved', async (t) => {
  const { page, go } = await editor(t)
  await go('/menus/more')
  await page.context().setOffline(true)
  await page.locator('#f-body').fill('Typed in a tunnel')
  await page.getByRole('button', { name: 'Save draft' }).click()

  await page.locator('#state-words', { hasText: 'Not saved. Every word is still here.' }).waitFor()
  assert.equal(await page.locator('#f-body').inputValue(), 'Typed in a tunnel')
  await page.context().setOffline(false)
  await page.getByRole('button', { name: 'Save draft' }).click()
  await page.locator('#state-words', { hasText: 'Draft saved' }).waitFor()
})

test('the second of two writers is told in place, and what they typed stays', async (t) => {
  const { page, go } = await editor(t)
  await go('/menus/more')
  const other = await page.context().newPage()
  await other.goto('/wa/menus/more')
  await other.locator('#f-body').fill('Theirs')
  await other.getByRole('button', { name: 'Save draft' }).click()
  await other.locator('#state-words', { hasText: 'Draft saved' }).waitFor()

  await page.locator('#f-body').fill('Mine')
  await page.getByRole('button', { name: 'Save draft' }).click()
  await page.getByText('while you were writing').waitFor()
  assert.equal(await page.locator('#f-body').inputValue(), 'Mine')
  await accessible(page, 'two writers')
  await page.getByRole('button', { name: 'Save mine in place of theirs' }).click()
  await page.locator('#state-words', { hasText: 'Draft saved' }).waitFor()
})

test('a test is sent from the editor, and a refusal stands beside the number', async (t) => {
  const { page, go } = await editor(t)
  await go('/menus/more')
  await page.getByLabel('Phone number').fill('12')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.locator('#trial-fault', { hasText: 'not an international phone number' }).waitFor()
  await page.getByLabel('Phone number').fill('+91 98000 00001')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByText('On its way').waitFor()
})

for (const [width, scheme] of [
  [1280, 'dark'],
  [390, 'light'],
  [360, 'dark'],
] as const) {
  test(`every page is accessible and fits: ${width} px, ${scheme}`, async (t) => {
    const { page, go } = await editor(t, { width, scheme })
    await go('/menus/help-center')
    await page.locator('#f-body').fill(`${'x'.repeat(1000)} {{broken`)
    await page.locator('#tool-remove-sections-0-rows-0').click()
    await page.locator('#said', { hasText: 'Removed' }).waitFor()
    await accessible(page, 'editor with faults and a lost listener')
    await page.getByRole('button', { name: 'Save draft' }).click()
    await page.locator('#state-words', { hasText: 'Draft saved' }).waitFor()

    for (const path of [
      '/menus',
      '/menus?q=nothing+like+it',
      '/menus?shown=archived',
      '/menus/_new',
      '/menus/_new?from=more',
      '/menus/_import',
      '/menus/help-center',
      '/menus/help-center/publish',
      '/menus/help-center/versions',
      '/menus/help-center/versions/1',
      '/menus/help-center/history',
      '/menus/more/archive',
    ]) {
      await go(path)
      await accessible(page, path)
      assert.equal(await overflows(page), false, `${path} is wider than the screen`)
    }
    await go('/menus/_new')
    await page.getByLabel('Name').fill('slots')
    await page.getByText('Up to ten rows').click()
    await page.getByRole('button', { name: 'Make the menu' }).click()
    await page.getByRole('button', { name: 'Rows from data' }).click()
    await page.locator('#f-sections-0-each').waitFor()
    await accessible(page, 'editor with rows from data')
    await page.getByRole('button', { name: 'Save draft' }).click()
    await page.locator('#state-words', { hasText: 'Draft saved' }).waitFor()
    await go('/menus')
    await page.locator('.menus .kebab summary').first().click()
    await accessible(page, 'the menu of a line')
    await page.getByLabel('Search menus').fill('anything else')
    await page.waitForURL(/q=anything/)
    await page.locator('#menu-help-center').waitFor({ state: 'detached' })
    await settled(page)
    await page.goBack()
    await page.locator('#menu-help-center').waitFor()
  })
}

test('without JavaScript rows move, and the draft is saved at every step', async (t) => {
  const { page, go } = await editor(t, { javaScriptEnabled: false })
  await go('/menus/help-center')
  await page.locator('#f-body').fill('No scripts here')

  await page.locator('#tool-down-sections-0-rows-0').click()
  await page.waitForURL(/#tool-down-sections-0-rows-1$/)

  assert.equal(await page.locator('#f-sections-0-rows-1-title').inputValue(), 'Track My Order')
  assert.equal(await page.locator('#f-body').inputValue(), 'No scripts here')
  assert.match((await page.locator('#state-words').textContent()) ?? '', /Draft saved/)
})

test('tags are changed beside a draft that is being written, and nothing of it is lost', async (t) => {
  const { page, go } = await editor(t)
  await go('/menus/more')
  await page.locator('#f-body').fill('Half a sentence')
  await page.locator('#state-words', { hasText: 'Not saved' }).waitFor()

  await page.getByText('Add tags…').click()
  await page.getByLabel('Tags, with commas').fill('x'.repeat(31))
  await page.getByRole('button', { name: 'Save tags' }).click()
  await page.locator('#tags-fault', { hasText: '31 characters' }).waitFor()
  await accessible(page, 'tags that were refused')
  await page.getByLabel('Tags, with commas').fill('Orders, after sales')
  await page.keyboard.press('Enter')
  await page.locator('#_tags').getByRole('link', { name: 'orders' }).waitFor()

  const asked: string[] = []
  page.once('dialog', (dialog) => {
    asked.push(dialog.type())
    void dialog.dismiss()
  })
  await go('/menus').catch(() => {})
  assert.deepEqual(asked, ['beforeunload'])
  assert.equal(await page.locator('#f-body').inputValue(), 'Half a sentence')
  await page.keyboard.press('Control+s')
  await page.locator('#state-words', { hasText: 'Draft saved' }).waitFor()
  await page.locator('#_tags').getByRole('link', { name: 'orders' }).click()
  await page.locator('#menu-more').waitFor()
  assert.equal(await page.locator('#menu-help-center').count(), 0)
})

test('the preview is light or dark as its switch says, whatever the page is', async (t) => {
  const { page, go } = await editor(t)
  await go('/menus/help-center')
  const wall = (): Promise<string> => page.evaluate('getComputedStyle(document.querySelector("#_preview .wa-wall")).backgroundColor')
  const ground = (): Promise<string> => page.evaluate('getComputedStyle(document.documentElement).backgroundColor')
  const [light, outside] = [await wall(), await ground()]

  await page.getByLabel('Dark', { exact: true }).check()
  const dark = await wall()
  await page.locator('#f-body').fill('Still dark?')
  await page.locator('#_preview .wa-body', { hasText: 'Still dark?' }).waitFor()

  assert.notEqual(dark, light)
  assert.equal(await wall(), dark)
  assert.equal(await ground(), outside)
  await accessible(page, 'a dark preview on a light page')
  await page.getByLabel('Light', { exact: true }).check()
  assert.equal(await wall(), light)
})
