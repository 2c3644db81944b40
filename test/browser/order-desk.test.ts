import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import express from 'express'
import { testOptions } from 'wa-interactive/testing'
import { orderDesk } from '../../examples/order-desk/desk'
import { barriers, browser, later, listen, NARROW, open, overflows, WIDE } from '../support/page'

const started = browser()

/** The order desk on a real port, and what its code hears. */
async function desk(t: TestContext) {
  const { control, ...options } = testOptions()
  const wa = orderDesk(options)
  const heard: string[] = []
  wa.observe('*', (given) => {
    const { event, reply, text } = given as { event: { type: string }; reply: { id: string } | null; text: string | null }
    if (event.type !== 'status') heard.push(`${event.type} ${reply?.id ?? text ?? ''}`)
  })
  await wa.start()
  later(t, () => wa.close())
  return { wa, heard, control, origin: await listen(t, express().use(wa)) }
}

test('what is sent on the phone with two clicks, or two keys, is said once', async (t) => {
  const { heard, wa, origin } = await desk(t)
  const phone = await open(t, started, origin, { viewport: WIDE })
  await phone.goto('/wa/phone')
  // Nothing is answered before the second click or key.
  let go = (): void => {}
  let twice = new Promise<void>((both) => {
    go = both
  })
  await phone.route('**/phone/messages', async (route) => {
    await twice
    await route.continue()
  })

  await phone.getByLabel('Message', { exact: true }).fill('Hello')
  await phone.getByRole('button', { name: 'Send', exact: true }).dblclick()
  go()
  await phone.getByText('Select Topic').first().waitFor()
  await phone.locator('#phone-text:placeholder-shown').waitFor()
  twice = new Promise<void>((both) => {
    go = both
  })
  await phone.getByLabel('Message', { exact: true }).fill('Hello again')
  await phone.keyboard.press('Enter')
  await phone.keyboard.press('Enter')
  go()
  await phone.locator('.phone').getByText('Hello again').waitFor()
  await wa.idle()

  assert.deepEqual(heard, ['text Hello', 'text Hello again'])
})

test('the four-step talk on the phone in the browser, as code hears it and as staff see it', async (t) => {
  const { origin, heard } = await desk(t)
  const phone = await open(t, started, origin, { viewport: NARROW })
  const staff = await open(t, started, origin, { viewport: WIDE })
  await phone.goto('/wa/phone')

  await phone.getByLabel('Message', { exact: true }).fill('Hello')
  await phone.getByRole('button', { name: 'Send', exact: true }).click()
  await phone.getByText('Select Topic').first().click()
  await staff.goto('/wa/conversations/1')
  await phone.getByRole('button', { name: /Track My Order/ }).click()
  await phone.getByText('Please enter your order number.').waitFor()
  await phone.getByLabel('Message', { exact: true }).fill('ORD-12345')
  await phone.getByRole('button', { name: 'Send', exact: true }).click()
  await phone.getByRole('button', { name: 'No, thanks' }).click()
  await phone.getByText('Thank you! Have a great day.').waitFor()

  assert.deepEqual(heard, ['text Hello', 'list_reply track_order', 'text ORD-12345', 'button_reply done'])
  // Without a reload: the open thread follows.
  await staff.getByText('Thank you! Have a great day.').waitFor()
  await staff.locator('.wa-options > .is-tapped', { hasText: 'Track My Order' }).waitFor()
  await staff.locator('.is-tapped', { hasText: 'No, thanks' }).waitFor()
  assert.equal(await overflows(phone), false)
})

test('what staff write, publish and send is what the customer taps, and what code hears', async (t) => {
  const { origin, heard } = await desk(t)
  const page = await open(t, started, origin)
  await page.goto('/wa/menus/help-center')

  await page.getByLabel('Body').fill('Namaste! What can we do for you?')
  await page.locator('.wa-body', { hasText: 'Namaste! What can we do for you?' }).waitFor()
  await page.getByRole('button', { name: 'Review and publish' }).click()
  await page.getByRole('button', { name: /^Publish/ }).click()
  await page.getByText('version 2').first().waitFor()
  await page.goto('/wa/phone')
  await page.getByLabel('Message', { exact: true }).fill('Hello')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.locator('.wa-body', { hasText: 'Namaste! What can we do for you?' }).waitFor()
  await page.getByText('Select Topic').first().click()
  await page.getByRole('button', { name: /Refund Status/ }).click()
  await page.getByText('Please enter the order number of your refund.').waitFor()
  await page.goto('/wa/conversations/1')

  assert.deepEqual(
    heard.filter((line) => !line.startsWith('menu_published')),
    ['text Hello', 'list_reply refund_status'],
  )
  await page.getByRole('link', { name: 'help-center · v2' }).waitFor()
})

test('the talk works without JavaScript', async (t) => {
  const { origin, heard } = await desk(t)
  const page = await open(t, started, origin, { javaScriptEnabled: false })
  await page.goto('/wa/phone')

  await page.getByLabel('Message', { exact: true }).fill('Hello')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  for (let tries = 0; tries < 20 && (await page.getByText('Select Topic').count()) === 0; tries++) await page.reload()
  await page.getByText('Select Topic').first().click()
  await page.getByRole('button', { name: /Track My Order/ }).click()
  await page.goto('/wa/conversations/1')
  await page.getByRole('button', { name: 'Take over' }).click()
  await page.getByText('is in charge').waitFor()
  await page.getByLabel('Your message').fill('A colleague here.')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.getByText('A colleague here.').waitFor()

  assert.deepEqual(heard.slice(0, 2), ['text Hello', 'list_reply track_order'])
})

test('what is being typed, and the cursor in it, stay while the talk goes on', async (t) => {
  const { origin, wa } = await desk(t)
  const page = await open(t, started, origin)
  await wa.send('+919800000001', { text: 'first' })
  await wa.idle()
  await page.goto('/wa/conversations/1')
  const composer = page.getByLabel('Your message')
  await composer.fill('half a sentence')
  await composer.evaluate((field: { setSelectionRange(from: number, to: number): void }) => field.setSelectionRange(4, 4))

  for (let n = 1; n <= 20; n++) await wa.send('+919800000001', { text: `news ${n}` })
  await page.getByText('news 20').waitFor()

  assert.equal(await composer.inputValue(), 'half a sentence')
  assert.deepEqual(await page.evaluate('[document.activeElement.id, document.activeElement.selectionStart]'), ['composer-text', 4])
})

test('three quick clicks send one message', async (t) => {
  const { origin, wa } = await desk(t)
  const page = await open(t, started, origin)
  await wa.send('+919800000001', { text: 'hello' })
  await wa.idle()
  await page.goto('/wa/conversations/1')

  await page.getByLabel('Your message').fill('only once')
  await page.getByRole('button', { name: 'Send', exact: true }).click({ clickCount: 3 })
  await page.getByText('only once').first().waitFor()
  await wa.idle()
  await page.reload()

  assert.equal(await page.locator('.wa-body', { hasText: 'only once' }).count(), 1)
})

test('the network goes, and what was typed stays; the page says so', async (t) => {
  const { origin, wa } = await desk(t)
  const page = await open(t, started, origin, { expects: /Failed to load resource|ERR_INTERNET_DISCONNECTED|htmx/ })
  await wa.send('+919800000001', { text: 'hello' })
  await wa.idle()
  await page.goto('/wa/conversations/1')
  await page.getByLabel('Your message').fill('do not lose me')

  await page.context().setOffline(true)
  await page.getByRole('button', { name: 'Send', exact: true }).click()

  await page.getByText('Nothing you typed is lost').waitFor()
  assert.equal(await page.getByLabel('Your message').inputValue(), 'do not lose me')
  await page.context().setOffline(false)
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.locator('.wa-body', { hasText: 'do not lose me' }).waitFor()
})

test('the sheet of a list opens, closes and chooses by keyboard alone', async (t) => {
  const { origin, heard } = await desk(t)
  const page = await open(t, started, origin)
  await page.goto('/wa/phone')
  await page.getByLabel('Message', { exact: true }).focus()
  await page.keyboard.type('Hello')
  await page.keyboard.press('Enter')
  await page.getByText('Select Topic').first().waitFor()

  await page.locator('summary', { hasText: 'Select Topic' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: /Track My Order/ }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /Track My Order/ }).waitFor({ state: 'hidden' })
  await page.keyboard.press('Enter')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByText('Please enter your order number.').waitFor()

  assert.deepEqual(heard, ['text Hello', 'list_reply track_order'])
})

for (const colorScheme of ['light', 'dark'] as const) {
  for (const viewport of [WIDE, NARROW]) {
    test(`no barriers and nothing wider than the window: ${viewport.width} px, ${colorScheme}`, async (t) => {
      const { origin, wa, control } = await desk(t)
      const page = await open(t, started, origin, { viewport, colorScheme, expects: /status of 404/ })
      await page.goto('/wa/phone')
      await page.getByLabel('Message', { exact: true }).fill('Hello')
      await page.getByRole('button', { name: 'Send', exact: true }).click()
      await page.getByText('Select Topic').first().waitFor()
      control.provider.failNext(131026)
      await wa.send('+919800000001', { text: 'This one fails. *Bold*, _italic_ and https://example.com' }).catch(() => {})
      wa.on('unmatched', { name: 'broken' }, () => Promise.reject(new Error('broken on purpose')))
      await wa.idle()

      const seen: string[] = []
      for (const path of [
        '/',
        '/conversations',
        '/conversations?q=nobody',
        '/conversations/1',
        '/conversations/1/customer',
        '/conversations/1/messages/1',
        '/outbox',
        '/outbox/all/retry?state=failed',
        '/events/all/discard',
        '/language',
        '/events',
        '/events?state=done',
        '/phone',
        '/settings',
        '/audit',
        '/nowhere',
      ]) {
        await page.goto(`/wa${path}`)
        seen.push(...(await barriers(page)).map((barrier) => `${path} ${barrier}`))
        if (await overflows(page)) seen.push(`${path} is wider than the window`)
      }

      assert.deepEqual(seen, [])
    })
  }
}
