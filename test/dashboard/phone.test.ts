import assert from 'node:assert/strict'
import { test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { cloudApi, waInteractive } from '../../lib/index'
import { testOptions } from '../../lib/testing'
import { hidden, host, more, wordsOf } from './host'

/** The form that offers an option: what a browser without JavaScript would post when it is tapped. */
function tapOf(html: string, id: string): Record<string, string> {
  const form = (html.match(/<form class="wa-options"[\s\S]*?<\/form>/g) ?? []).findLast((one) => one.includes(`value="${id}"`))
  if (!form) throw new Error(`Nothing on the phone offers "${id}".`)
  const fields = [...form.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(([, name, value]) => [name, value])
  return { ...Object.fromEntries(fields), option: id }
}

test('a phone that nobody has used yet belongs to Asha, and says hi', async (t) => {
  const { get, post, wa } = await host(t)

  const first = await get('/phone').expect(200)
  const sent = await post('/phone/messages', { text: 'hi' }).expect(303)
  await wa.idle()
  const { text } = await get('/phone').expect(200)

  assert.match(first.text, /Asha/)
  assert.equal(sent.headers.location, '/wa/phone?as=1')
  assert.match(wordsOf(text), /hi[\s\S]*How can we help/)
  assert.match(text, /is-mine" id="p1"[\s\S]*is-theirs" id="p2"/)
})

test('a row of a list is tapped and its answer typed, all without JavaScript', async (t) => {
  const { get, post, wa } = await host(t)
  await post('/phone/messages', { text: 'hi' })
  await wa.idle()

  await post('/phone/taps', tapOf((await get('/phone')).text, 'track_order')).expect(303)
  await wa.idle()
  await post('/phone/messages', { as: '1', text: 'ORD-12345' }).expect(303)
  await wa.idle()

  const words = wordsOf((await get('/phone')).text)
  assert.match(words, /Track My Order[\s\S]*Please enter your order number\.[\s\S]*ORD-12345[\s\S]*Looking for ORD-12345\./)
})

test('what the phone says comes in through the webhook door, as events that code hears', async (t) => {
  const { get, post, wa } = await host(t)
  const heard: string[] = []
  wa.on('message', ({ event }) => void heard.push(event.type))

  await post('/phone/messages', { text: 'hi' })
  await post('/phone/messages', { as: '1', kind: 'image', text: 'a photo' })
  await post('/phone/messages', { as: '1', kind: 'location' })
  await wa.idle()

  assert.deepEqual(heard, ['text', 'media', 'location'])
  assert.match(wordsOf((await get('/phone')).text), /Photo[\s\S]*a photo[\s\S]*Church Street/)
})

test('a tap that is delivered twice is heard once, and only the next one is', async (t) => {
  const { get, post, wa } = await host(t)
  let heard = 0
  wa.on('list_reply', () => void heard++)
  await post('/phone/messages', { text: 'hi' })
  await wa.idle()

  const armed = (await get('/phone?as=1&twice=1')).text
  const after = await post('/phone/taps', tapOf(armed, 'track_order')).expect(303)
  await wa.idle()

  assert.match(armed, /The next tap will be delivered twice/)
  assert.equal(tapOf(armed, 'track_order').twice, '1')
  assert.equal(heard, 1)
  assert.equal(after.headers.location, '/wa/phone?as=1')
})

test('the next send fails with the code that was chosen, and the phone says that it is armed until then', async (t) => {
  const { get, post, wa } = await host(t)

  await post('/phone/faults', { fault: '131026' }).expect(303)
  const armed = (await get('/phone')).text
  await post('/phone/messages', { text: 'hi' })
  await wa.idle()
  const after = (await get('/phone')).text

  assert.match(wordsOf(armed), /Armed for the next message[\s\S]*131026/)
  assert.doesNotMatch(wordsOf(after), /Armed/)
  assert.doesNotMatch(wordsOf(after), /How can we help/)
  assert.match(wordsOf((await get('/outbox?state=failed')).text), /131026/)
})

test('two messages in the wrong order arrive in the wrong order, each with its own time', async (t) => {
  const { get, post, wa } = await host(t)
  const heard: string[] = []
  wa.on('text', ({ text }) => void heard.push(text))

  await post('/phone/pairs', { first: 'written first', second: 'written second' }).expect(303)
  await wa.idle()

  assert.deepEqual(heard, ['written second', 'written first'])
  assert.match(wordsOf((await get('/phone')).text), /written second[\s\S]*written first/)
})

test('whoever writes has read what was there', async (t) => {
  const { get, post, wa } = await host(t)
  await post('/phone/messages', { text: 'hi' })
  await wa.idle()
  assert.match((await get('/conversations/1')).text, /title="Delivered"/)

  await post('/phone/messages', { as: '1', text: 'and' })
  await wa.idle()

  assert.match((await get('/conversations/1')).text, /title="Read"/)
})

test('the phone is handed to another customer, and back', async (t) => {
  const { get, post, wa } = await host(t)
  await post('/phone/messages', { text: 'hi' })
  await wa.idle()

  const handed = await post('/phone/contacts', { name: 'Bela', phone: '+91 98000 00002' }).expect(303)
  await post('/phone/messages', { as: '2', text: 'hello from Bela' })
  await wa.idle()
  const bela = (await get('/phone?as=2')).text
  const asha = (await get('/phone?as=1')).text

  assert.equal(handed.headers.location, '/wa/phone?as=2')
  assert.equal(hidden(bela, 'as'), '2')
  assert.match(bela, /hello from Bela[\s\S]*How can we/)
  assert.doesNotMatch(asha, /id="p\d+"[\s\S]*hello from Bela/)
  assert.match(wordsOf(asha), /Bela/)
})

test('a number that is none is refused beside its field, and what was typed stays', async (t) => {
  const { post } = await host(t)

  const { text } = await post('/phone/contacts', { name: 'Bela', phone: '12' }).expect(422)

  assert.match(text, /value="Bela"/)
  assert.match(text, /value="12"[^>]*aria-invalid="true"/)
  assert.match(text, /is not an international phone number/)
})

test("another customer's message cannot be tapped, nor an option that is not offered", async (t) => {
  const { get, post, wa } = await host(t)
  await post('/phone/messages', { text: 'hi' })
  await wa.idle()
  const tap = tapOf((await get('/phone')).text, 'track_order')
  await post('/phone/contacts', { name: 'Bela', phone: '+919800000002' })

  await post('/phone/taps', { ...tap, as: '2' }).expect(404)
  await post('/phone/taps', { ...tap, option: 'free_money' }).expect(404)
})

test('viewers watch the phone and cannot play the customer', async (t) => {
  const { get, post } = await host(t)

  const { text } = await get('/phone', 'viewer').expect(200)

  assert.doesNotMatch(text, /<form|<textarea/)
  for (const path of ['/phone/messages', '/phone/taps', '/phone/pairs', '/phone/faults', '/phone/contacts']) await post(path, {}, 'viewer').expect(403)
})

test('with a real provider there is no phone, and pages call it as its makers do', async (t) => {
  const { control: _control, provider: _simulator, ...options } = testOptions()
  const wa = waInteractive({
    ...options,
    provider: cloudApi({ phoneNumberId: '1', accessToken: 'x', appSecret: 'an app secret', verifyToken: 'y' }),
    authorize: () => ({ id: '1', name: 'Ravi', role: 'admin' }),
  })
  t.after(() => wa.close())
  await wa.start()

  const app = express().use(wa)
  await request(app).get('/wa/phone').expect(404)
  assert.match(wordsOf((await request(app).get('/wa/').expect(200)).text), /Meta Cloud API Ravi.*Provider Meta Cloud API/)
})

test('time passes for this customer as it is chosen: the window narrows, closes, and their next words open it again', async (t) => {
  const { get, post, phone, wa } = await host(t)
  await phone({ name: 'Asha' }).says('hi')
  const screen = async (): Promise<string> => wordsOf((await get('/phone?as=1')).text)
  assert.doesNotMatch(await screen(), /Silent for/)

  await post('/phone/clock', { as: '1', count: '90', unit: 'minutes' }).expect(303)
  assert.match(await screen(), /Silent for 1 h 30 min: of the 24-hour window, 22 h left/)
  await post('/phone/clock', { as: '1', minutes: '1320', count: '2', unit: 'hours' }).expect(303)
  assert.match(await screen(), /of the 24-hour window, (29|30) min left/)
  await wa.send('+919800000001', { text: 'just in time' })
  await post('/phone/clock', { as: '1', minutes: '10080' }).expect(303)

  assert.match(await screen(), /Silent for 7 days: the 24-hour window is closed/)
  await assert.rejects(wa.send('+919800000001', { text: 'too late' }), { code: 'WA_WINDOW_CLOSED' })
  await phone({ name: 'Asha' }).says('here again')
  await wa.send('+919800000001', { text: 'welcome back' })
  assert.doesNotMatch(await screen(), /Silent for/)
  const refused: Record<string, string>[] = [
    { count: '0', unit: 'hours' },
    { count: '2', unit: 'moons' },
    { minutes: '-5' },
    { count: '1.5', unit: 'minutes' },
    {},
  ]
  for (const form of refused) await post('/phone/clock', { as: '1', ...form }).expect(422)
})

test('a question that was open for long enough when time has passed is answered no more', async (t) => {
  const { post, phone, wa } = await host(t)
  const heard: string[] = []
  wa.onReplyTo(more, { no: ({ ask }) => ask('Why not?', 'reason', {}, { expiresInMs: 2 * 3_600_000 }) })
  wa.onAnswer('reason', ({ text }) => void heard.push(text))
  const asha = phone({ name: 'Asha' })
  await asha.says('hi')
  await wa.send('+919800000001', more)
  await asha.taps('no')

  await post('/phone/clock', { as: '1', count: '3', unit: 'hours' }).expect(303)
  await asha.says('because')

  assert.deepEqual(heard, [])
  await asha.taps('no')
  await post('/phone/clock', { as: '1', count: '1', unit: 'hours' }).expect(303)
  await asha.says('because')
  assert.deepEqual(heard, ['because'])
})

test('a name or words that are too long are refused whole, with their limit, and kept in the form', async (t) => {
  const { get, post } = await host(t)
  const long = 'A'.repeat(61)

  const page = (await get('/phone')).text
  const named = (await post('/phone/contacts', { name: long, phone: '+919800000009' }).expect(422)).text

  assert.doesNotMatch(page, /maxlength/)
  assert.match(wordsOf(named), /The name is 61 characters; at most 60\./)
  assert.match(named, new RegExp(`name="name" value="${long}"[^>]*aria-invalid="true"`))
  assert.match(named, /name="phone" value="\+919800000009"/)
  await post('/phone/contacts', { name: 'A'.repeat(60), phone: '+919800000009' }).expect(303)
  assert.match((await get('/phone?as=2')).text, /A{60}/)
  assert.match(wordsOf((await post('/phone/pairs', { first: 'x'.repeat(4097), second: 'y' }).expect(422)).text), /4,?097 characters; WhatsApp takes 4,?096/)
})

test('what the controls of the phone do not take is said in their form, which keeps what was typed; in every language', async (t) => {
  const { post, phone, get } = await host(t)
  await phone({ name: 'Asha' }).says('hi')

  const jump = (await post('/phone/clock', { count: '1.5', unit: 'minutes' }).expect(422)).text
  const pair = (await post('/phone/pairs', { first: 'x'.repeat(4097), second: 'Where is it?' }).expect(422)).text
  const empty = (await post('/phone/messages', { kind: 'text', text: '  ' }).expect(422)).text

  assert.match(jump, /name="count"[^>]*value="1\.5"[^>]*aria-invalid="true"/)
  assert.match(jump, /id="jump-fault"[^>]*>How long is a whole number/)
  assert.match(pair, /name="first" value="x{4097}"/)
  assert.match(wordsOf(pair), /4,097 characters; WhatsApp takes 4,096/)
  assert.match(empty, /id="_refusal"[^>]*>Not sent: Write something first\./)
  for (const language of ['en', 'hi']) {
    const { text } = await get('/phone', 'admin', { cookie: `wa_language=${language}` })
    assert.deepEqual(
      [...text.matchAll(/name="minutes" value="(\d+)"/g)].map(([, minutes]) => minutes),
      ['60', '1380', '1440', '10080'],
    )
    assert.deepEqual(
      [...text.matchAll(/<option value="(minutes|hours|days)"/g)].map(([, unit]) => unit),
      ['minutes', 'hours', 'days'],
    )
  }
})
