import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import express from 'express'
import type { Page } from 'playwright-core'
import { list, text } from '../../lib/index'
import { host } from '../dashboard/host'
import { browser, listen, open } from '../support/page'

const started = browser()
const slots = list('slots', { body: 'When?', button: 'See slots', sections: [{ each: 'slots', row: { id: 'slot:{{id}}', title: '{{time}}' } }] })
const greeting = text('greeting', { body: 'Hello {{name}}!' })

/** A host whose session, proxy or network can fail. */
async function desk(t: TestContext, options: { javaScriptEnabled?: boolean } = {}) {
  const made = await host(t, { menus: [slots, greeting] })
  await made.phone({ name: 'Asha' }).says('hi')
  const trouble = { now: null as Trouble | null }
  const shop = express()
  shop.use((req, res, next) => {
    if (trouble.now === 'network') return void req.socket.destroy()
    if (trouble.now === 'proxy') return res.status(502).send('<h1>Bad gateway</h1>')
    if (trouble.now === 'session') req.headers['x-role'] = 'nobody'
    next()
  })
  shop.use(made.app)
  const page = await open(t, started, await listen(t, shop), { ...options, expects: /Failed to load resource|htmx:error/ })
  page.on('dialog', (dialog) => void dialog.accept())
  return { ...made, page, trouble }
}
type Trouble = 'session' | 'proxy' | 'network'
const TOLD: Record<Trouble, RegExp> = {
  session: /session has ended/,
  proxy: /server could not do that/,
  network: /network is gone/,
}

/** What is typed into one form, and what sends it. */
interface Form {
  says: string
  path: string
  opens?: (page: Page) => Promise<void>
  typed: Readonly<Record<string, string>>
  sends: string
  /** What is seen once it went through. */
  done: string
}
const FORMS: readonly Form[] = [
  {
    says: 'the composer',
    path: '/conversations/1',
    typed: { '#composer-text': 'On its way' },
    sends: '#_composer button',
    done: '.talk-row:has-text("On its way")',
  },
  {
    says: 'a menu sent by hand',
    path: '/conversations/1/menus?menu=greeting',
    typed: { '[name="v.name"]': 'Asha Rao' },
    sends: '#chosen .button[type=submit]',
    done: '.talk-row:has-text("Hello Asha Rao!")',
  },
  {
    says: 'the rows of a menu sent by hand',
    path: '/conversations/1/menus?menu=slots',
    typed: { '[name="r.slots.0.id"]': '7', '[name="r.slots.0.time"]': '10:30' },
    sends: '#chosen button[value="add:slots"]',
    done: '[name="r.slots.1.id"]',
  },
  {
    says: 'the tags of a menu',
    path: '/menus/help-center',
    opens: (page) => page.locator('#_tags summary').click(),
    typed: { '#tags': 'orders, diwali' },
    sends: '#_tags .button[type=submit]',
    done: '#_tags a:has-text("diwali")',
  },
  {
    says: 'the test of a draft',
    path: '/menus/help-center',
    typed: { '#trial-to': '+919800000077' },
    sends: '#_trial button',
    done: '#_trial .is-done',
  },
  { says: 'a new menu', path: '/menus/_new', typed: { '#name': 'Opening hours' }, sends: '#new .button[type=submit]', done: '#_form' },
  {
    says: 'an import',
    path: '/menus/_import',
    typed: { '#text': '{ "key": "x", "type": "text", "body": "From elsewhere" }', '#name': 'Elsewhere' },
    sends: '#import .button[type=submit]',
    done: '#_form',
  },
  {
    says: 'the phone',
    path: '/phone',
    typed: { '#phone-text': 'Where is my order?' },
    sends: '.phone .round',
    done: '.wa-message:has-text("Where is my order?")',
  },
  {
    says: 'a new customer of the phone',
    path: '/phone',
    opens: (page) => page.locator('details:has(#new-customer) > summary').click(),
    typed: { '#new-customer [name=name]': 'Bela', '#new-customer [name=phone]': '+91 98000 00002' },
    sends: '#new-customer .button',
    done: '.person[aria-current]:has-text("Bela")',
  },
  {
    says: 'two messages in the wrong order',
    path: '/phone',
    typed: { '#pair-first': 'one', '#pair-second': 'two' },
    sends: 'form:has(#pair-first) button',
    done: '.wa-message:has-text("two")',
  },
]

for (const form of FORMS) {
  test(`${form.says}: whatever fails on the way, what was typed stays, it is said what happened, and the next try goes through`, async (t) => {
    const { page, trouble } = await desk(t)
    await page.goto(`/wa${form.path}`)
    await form.opens?.(page)
    for (const [field, words] of Object.entries(form.typed)) await page.locator(field).fill(words)

    for (const now of ['network', 'proxy', 'session'] as const) {
      trouble.now = now
      await page.locator(form.sends).click()
      await page.locator('.toast', { hasText: TOLD[now] }).first().waitFor()
      for (const [field, words] of Object.entries(form.typed)) assert.equal(await page.locator(field).inputValue(), words, `${now}: ${field}`)
      trouble.now = null
    }

    await page.locator(form.sends).click()
    await page.locator(form.done).first().waitFor()
  })
}

test('what was refused and stands in the form again is not thrown away by the end of a session', async (t) => {
  const { page, trouble } = await desk(t)
  await page.goto('/wa/menus/_import')
  await page.locator('#text').fill('rubbish that took long to find')
  await page.locator('#import .button').first().click()
  await page.locator('#import-fault').waitFor()

  trouble.now = 'session'
  await page.locator('#import .button').first().click()

  await page.locator('.toast', { hasText: TOLD.session }).first().waitFor()
  assert.equal(await page.locator('#text').inputValue(), 'rubbish that took long to find')
})

test('clicking twice imports once and makes one menu', async (t) => {
  const { page, get } = await desk(t)
  await page.goto('/wa/menus/_import')
  await page.locator('#text').fill('{ "key": "x", "type": "text", "body": "From elsewhere" }')
  await page.locator('#name').fill('Elsewhere')
  await page.locator('#import .button').first().dblclick()
  await page.locator('#_form').waitFor()
  await page.goto('/wa/menus/_new')
  await page.locator('#name').fill('Opening hours')
  await page.locator('#new .button').first().dblclick()
  await page.locator('#_form').waitFor()

  assert.equal(await page.locator('.fault, .toast').count(), 0)
  assert.equal((await get('/menus')).text.match(/href="\/wa\/menus\/(elsewhere|opening-hours)"/g)?.length, 2)
})

test('of two who change the tags of a menu the second is told, and keeps what they typed', async (t) => {
  const { page, post, get } = await desk(t)
  await page.goto('/wa/menus/help-center')
  await post('/menus/help-center/tags', { seen: '', tags: 'theirs' }).expect(303)
  await page.locator('#_tags summary').click()
  await page.locator('#tags').fill('mine')
  await page.locator('#_tags .button[type=submit]').click()

  await page.locator('#tags-fault', { hasText: 'Somebody else changed the tags meanwhile.' }).waitFor()
  await page.locator('#_tags a', { hasText: 'theirs' }).waitFor()
  assert.equal(await page.locator('#tags').inputValue(), 'mine')
  assert.match((await get('/menus?tag=theirs')).text, /help-center/)
  await page.locator('#_tags .button[type=submit]').click()
  await page.locator('#_tags a', { hasText: 'mine' }).waitFor()
})

test('without JavaScript what was typed is there again when one goes back from what failed', async (t) => {
  const { page, trouble } = await desk(t, { javaScriptEnabled: false })
  const cases: [path: string, field: string, send: string][] = [
    ['/conversations/1', '#composer-text', '#_composer .round'],
    ['/menus/help-center', '#f-body', '#_state [value=save]'],
    ['/menus/_new', '#name', '#new .button[type=submit]'],
    ['/menus/_import', '#text', '#import .button[type=submit]'],
    ['/phone', '#phone-text', '.phone .round'],
  ]
  for (const [path, field, send] of cases)
    for (const [now, words] of [
      ['session', 'Please sign in first.'],
      ['proxy', 'Bad gateway'],
    ] as const) {
      await page.goto(`/wa${path}`)
      await page.locator(field).fill('half a sentence')
      trouble.now = now
      await page.locator(send).click()
      await page.getByText(words).waitFor()
      trouble.now = null
      await page.goBack()
      assert.equal(await page.locator(field).inputValue(), 'half a sentence', `${path} ${now}`)
    }
})
