import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import express from 'express'
import type { Page } from 'playwright-core'
import { waInteractive } from 'wa-interactive'
import { testOptions, testPhone } from 'wa-interactive/testing'
import { barriers, browser, later, listen, NARROW, open, overflows, WIDE } from '../support/page'

const started = browser()

/** A desk where messages fail on request. */
async function desk(t: TestContext) {
  const { control, ...options } = testOptions()
  const wa = waInteractive({ ...options, authorize: () => ({ id: 'u1', name: 'Ravi', role: 'admin' as const }) })
  await wa.start()
  later(t, () => wa.close())
  await testPhone(wa, { name: 'Asha', phone: '+919800000001' }).says('hi')
  /** Ids are told by the words: they are shown in the row. */
  const fails = async (words: string): Promise<void> => {
    control.provider.failNext(131026)
    await wa.send('+919800000001', { text: words })
    await wa.idle()
  }
  return { wa, fails, origin: await listen(t, express().use(wa)) }
}

/** Where the rows stand in the page. */
const tops = (page: Page): Promise<number[]> =>
  page.evaluate('[...document.querySelectorAll(".case")].map((row) => Math.round(row.getBoundingClientRect().top + scrollY))')

for (const viewport of [WIDE, NARROW]) {
  test(`a row of the outbox stays under the finger while others fail: ${viewport.width} px`, async (t) => {
    const { fails, origin } = await desk(t)
    for (const words of ['first', 'second']) await fails(words)
    const page = await open(t, started, origin, { viewport })
    await page.goto('/wa/outbox?state=failed')
    const before = await tops(page)
    await page.locator('summary', { hasText: 'Do not send…' }).last().click()

    await fails('third')
    await page.getByRole('link', { name: 'One new: show it' }).waitFor()
    await fails('fourth')
    await page.getByRole('link', { name: '2 new: show them' }).waitFor()

    assert.deepEqual(await tops(page), before)
    assert.equal(await overflows(page), false)
    assert.deepEqual(await barriers(page), [])
    await page.getByRole('button', { name: /^Do not send message/ }).click()
    await page.locator('.case', { hasText: 'first' }).getByText('Canceled').waitFor()
    assert.deepEqual(await tops(page), before)
    await page.getByRole('link', { name: '2 new: show them' }).click()
    await page.locator('.case', { hasText: 'fourth' }).waitFor()
    assert.deepEqual(await page.locator('.case-words').allInnerTexts(), ['fourth', 'third', 'second'])
  })
}

test('a row that was sent again shows what became of it, in its place', async (t) => {
  const { fails, origin } = await desk(t)
  for (const words of ['first', 'second']) await fails(words)
  const page = await open(t, started, origin)
  await page.goto('/wa/outbox?state=failed')
  const before = await tops(page)

  await page.locator('.case', { hasText: 'second' }).getByRole('button', { name: 'Send again' }).click()
  await page.locator('.case', { hasText: 'second' }).locator('.state', { hasText: 'Delivered' }).waitFor()

  assert.equal((await tops(page))[0], before[0])
  assert.deepEqual(await page.locator('.case-words').allInnerTexts(), ['second', 'first'])
})

test('an empty list shows what comes, at once', async (t) => {
  const { fails, origin } = await desk(t)
  const page = await open(t, started, origin)
  await page.goto('/wa/outbox?state=failed')
  await page.getByText('Nothing waits here').waitFor()

  await fails('first')
  await page.locator('.case', { hasText: 'first' }).waitFor()
  // From now on this one is held.
  await fails('second')
  await page.getByRole('link', { name: 'One new: show it' }).waitFor()

  assert.deepEqual(await page.locator('.case-words').allInnerTexts(), ['first'])
})
