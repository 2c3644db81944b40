import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import express from 'express'
import { HINDI } from '../../lib/http/words/hi/index'
import { partsOf } from '../../lib/http/words/say'
import { Stop, waInteractive } from '../../lib/index'
import { testOptions, testPhone } from '../../lib/testing'
import { helpCenter, more } from '../dashboard/host'
import { barriers, browser, later, listen, open, overflows } from '../support/page'

const started = browser()

const PAGES = [
  '/',
  '/menus',
  '/menus/_new',
  '/menus/_import',
  '/menus/help-center',
  '/menus/help-center/publish',
  '/menus/help-center/versions',
  '/menus/help-center/versions/1',
  '/menus/help-center/history',
  '/menus/help-center/archive',
  '/conversations',
  '/conversations/1',
  '/conversations/1/customer',
  '/conversations/1/messages/1',
  '/outbox',
  '/outbox?state=waiting',
  '/events',
  '/events?state=done',
  '/phone',
  '/settings',
  '/audit',
  '/language',
  '/nowhere',
]

/** No language, but letters that run from right to left and join, in words as long as ours. */
const arabic = (english: string): string =>
  partsOf(english)
    .map(({ text, name }) =>
      name === null ? text.replaceAll(/[a-z]/gi, (letter) => 'ابتثجحخدذرزسشصضطظعغفقكلمنهوي'.charAt(letter.toLowerCase().charCodeAt(0) - 97)) : text,
    )
    .join('')
const ARABIC = Object.fromEntries(Object.keys({ ...HINDI.said, ...HINDI.words }).map((english) => [english, arabic(english)]))

async function site(t: TestContext, language: string) {
  const { control, ...options } = testOptions()
  const wa = waInteractive({
    ...options,
    language,
    menus: [helpCenter, more],
    authorize: () => ({ id: 'u', name: 'Ravi', role: 'admin' }),
    dashboard: { words: { ar: ARABIC }, badge: 'STAGING' },
  })
  wa.onReply('track_order', ({ ask }) => ask('Please enter your order number.', 'order_number'))
  wa.onAnswer('order_number', ({ text, say }) => say(`Looking for ${text}.`))
  wa.on('unmatched', ({ say }) => say(helpCenter))
  wa.on('text', { name: 'crm' }, () => {
    throw new Stop('the CRM is down')
  })
  await wa.start()
  later(t, () => wa.close())
  const asha = testPhone(wa, { name: 'Asha' })
  await asha.says('hi')
  await asha.taps('track_order')
  control.provider.failNext(131049)
  await asha.says('ORD-12345')
  await wa.send('+919800000002', { text: 'On its way' })
  await wa.idle()
  return await listen(t, express().use(wa))
}

for (const [language, dir] of [
  ['ar', 'rtl'],
  ['hi', 'ltr'],
] as const) {
  test(`every page in ${language} runs ${dir}, fits a phone of 360 px and is accessible`, async (t) => {
    const page = await open(t, started, await site(t, language), { viewport: { width: 360, height: 780 }, expects: /status of 404/ })

    for (const path of PAGES) {
      await page.goto(`/wa${path}`)
      assert.equal(await page.evaluate('getComputedStyle(document.body).direction'), dir, path)
      assert.equal(await overflows(page), false, `${path} is wider than the screen`)
      assert.deepEqual(await barriers(page), [], path)
    }
  })
}

for (const colorScheme of ['light', 'dark'] as const)
  test(`every page with forced colours (${colorScheme}) is accessible, shows where the cursor is, and moves nothing for who wants that`, async (t) => {
    const page = await open(t, started, await site(t, 'en'), { forcedColors: 'active', reducedMotion: 'reduce', colorScheme, expects: /status of 404/ })

    for (const path of PAGES) {
      await page.goto(`/wa${path}`)
      // Colours are the system's here; of some, axe reads what the page would have without it.
      assert.deepEqual(
        (await barriers(page)).filter((one) => !one.startsWith('color-contrast')),
        [],
        path,
      )
      const grounds = `[...document.querySelectorAll(':is(main, header) :not(svg, svg *)')].flatMap((one) => one.childNodes.length > 0 && getComputedStyle(one).forcedColorAdjust !== 'auto' ? [one.outerHTML] : [])`
      assert.deepEqual(await page.evaluate(grounds), [], path)
      // The second of them where there are two.
      await page.keyboard.press('Tab')
      if (path !== '/nowhere') await page.keyboard.press('Tab')
      const outline = `(({ outlineStyle, outlineWidth, borderStyle }) => [outlineStyle, outlineWidth, borderStyle].join())(getComputedStyle(document.activeElement))`
      assert.doesNotMatch(String(await page.evaluate(outline)), /^none|,0px,none$/, path)
      assert.deepEqual(await page.evaluate(`document.getAnimations().map((one) => one.animationName ?? one.transitionProperty)`), [], path)
    }
  })

test('right to left, what points on points to the left, and numbers and ids run as ever', async (t) => {
  const page = await open(t, started, await site(t, 'ar'), { viewport: { width: 1280, height: 900 } })
  await page.goto('/wa/conversations/1')

  const mirrored = (selector: string): Promise<boolean> =>
    page.evaluate(`new DOMMatrix(getComputedStyle(document.querySelector('${selector}')).transform).a === -1`)
  assert.equal(await mirrored('.talk-back .glyph'), true)
  assert.equal(await mirrored('.nav .glyph'), false)
  const x = (selector: string): Promise<number> => page.evaluate(`document.querySelector('${selector}').getBoundingClientRect().x`)
  assert.ok((await x('.side')) > (await x('.main')))
  assert.ok((await x('.is-mine .wa-bubble')) < (await x('.is-theirs .wa-bubble')))
  // A number keeps its plus in front, and an English sentence its full stop at the end.
  const ends = (selector: string): Promise<boolean> =>
    page.evaluate(`(() => {
      const range = document.createRange()
      const text = document.querySelector('${selector}').firstChild
      const at = (from) => (range.setStart(text, from), range.setEnd(text, from + 1), range.getBoundingClientRect().x)
      return at(0) < at(text.length - 1)
    })()`)
  assert.equal(await ends('.talk-title p bdi'), true)
  assert.equal(await ends('.is-mine .wa-words:not(:has(.wa-header)) .wa-body'), true)
})
