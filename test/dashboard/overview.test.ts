import assert from 'node:assert/strict'
import { test } from 'node:test'
import { host, wordsOf } from './host'

test('the overview counts what the database holds', async (t) => {
  const { get, phone, control, wa } = await host(t)
  const asha = phone({ name: 'Asha' })
  await asha.says('hi')
  await asha.taps('track_order')
  await asha.taps('track_order')
  control.provider.failNext(131026)
  await asha.says('ORD-1')
  await wa.idle()

  const { text } = await get('/').expect(200)
  const words = wordsOf(text)

  assert.match(words, /received 4 .*sent 4/)
  assert.match(words, /Track My Order help-center · track_order 2/)
  assert.match(words, /1 Messages failed/)
  assert.match(words, /No answer 0 of the latest 4/)
  assert.match(text, /<svg class="chart"[^>]*aria-label="[^"]*4 received, 4 sent/)
})

test('a window that closes soon while the customer spoke last is shown, an answered one is not', async (t) => {
  const { get, phone, control } = await host(t)
  const asha = phone({ name: 'Asha' })
  await asha.says('hi')
  await asha.taps('agent')
  await asha.says('are you there?')
  await phone({ name: 'Bela', phone: '+919800000002' }).says('hi')
  await control.clock.advance(22 * 3_600_000)

  const words = wordsOf((await get('/').expect(200)).text)

  assert.match(words, /Windows about to close .*Asha 1 h 59 min left/)
  assert.doesNotMatch(words, /Bela 1 h 59 min left Menus/)
})

test('where customers stopped is named after an hour of silence', async (t) => {
  const { get, phone, control } = await host(t)
  const asha = phone({ name: 'Asha' })
  await asha.says('hi')
  await asha.taps('track_order')
  await control.clock.advance(2 * 3_600_000)

  assert.match(wordsOf((await get('/').expect(200)).text), /Asked for “order_number” 1/)
})

test('a day that is over is counted once and stays; yesterday and today are told apart', async (t) => {
  const { get, phone, control } = await host(t)
  await phone().says('hi')
  await control.clock.advance(24 * 3_600_000)
  await phone().says('hi again')

  const first = (await get('/').expect(200)).text
  const second = (await get('/').expect(200)).text

  for (const text of [first, second]) assert.match(wordsOf(text), /Today 1 1 Yesterday 1 1/)
})
