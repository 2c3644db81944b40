import assert from 'node:assert/strict'
import { test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { simulator, waInteractive } from '../../lib/index'
import { testOptions } from '../../lib/testing'
import { ENGINE } from '../../lib/wa'
import { apiHost, caller, KEYS, trackLink, walk } from './api-host'

const TO = '+919876543210'
const hello = { to: TO, message: { text: 'Hello' } }
const once = (key: string) => ({ headers: { 'Idempotency-Key': key } })

test('a menu is sent by its key with its variables, and the answer says where to look', async (t) => {
  const { wa, get, post, phone } = await apiHost(t)
  const asha = phone({ phone: TO })

  const sent = await post('/messages', { to: TO, menu: 'track-link', variables: { order: 'ORD-7' } }, { as: 'send' })
  await asha.says('hi')
  const found = await get(`/messages/${sent.body.id}`, { as: 'read' })

  assert.equal(sent.status, 202)
  assert.deepEqual(Object.keys(sent.body), ['id', 'status'])
  assert.equal(sent.headers.location, `/wa/api/messages/${sent.body.id}`)
  assert.equal(asha.screen()[0]?.text, 'Order ORD-7 has shipped.')
  assert.equal(found.body.status, 'delivered')
  assert.deepEqual(found.body.menu, { key: 'track-link', version: 1 })
  assert.equal((await wa.messages.get(sent.body.id))?.status, 'delivered')
})

test('the fields of a message are those of the contract, in both directions', async (t) => {
  const { get, post, phone, wa } = await apiHost(t)
  const asha = phone({ phone: TO, name: 'Asha' })
  await asha.says('hi')
  await post('/messages', { to: TO, menu: 'track-link', variables: { order: 'ORD-7' } })
  await wa.idle()
  await asha.taps('thanks')

  const { body } = await get('/conversations/1/messages')

  const [tap, menu, words] = body.items
  assert.deepEqual(Object.keys(menu), ['id', 'direction', 'type', 'text', 'menu', 'status', 'providerId', 'at'])
  assert.deepEqual([menu.direction, menu.type, menu.text, menu.menu], ['out', 'button', 'Order ORD-7 has shipped.', { key: 'track-link', version: 1 }])
  assert.match(menu.at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.deepEqual(Object.keys(tap), ['id', 'direction', 'type', 'text', 'reply', 'menu', 'status', 'providerId', 'at'])
  assert.deepEqual([tap.direction, tap.type, tap.status], ['in', 'button_reply', null])
  assert.deepEqual(tap.reply, { id: 'thanks', title: 'Thanks', via: 'button' })
  assert.deepEqual([words.direction, words.type, words.text, words.reply, words.menu], ['in', 'text', 'hi', undefined, undefined])
})

for (const [says, message, type] of [
  ['text', { text: 'Hello', preview: true }, 'text'],
  ['image by link', { image: { link: 'https://cdn.example/a.jpg' }, caption: 'Look' }, 'image'],
  ['image by id', { image: { id: 'media-1' } }, 'image'],
  ['video', { video: { link: 'https://cdn.example/a.mp4' } }, 'video'],
  ['audio', { audio: { id: 'media-2' } }, 'audio'],
  ['document', { document: { link: 'https://cdn.example/a.pdf' }, filename: 'Invoice.pdf', caption: '' }, 'document'],
  ['location', { location: { latitude: 28.6, longitude: 77.2, name: 'Shop', address: 'Delhi' } }, 'location'],
  ['reaction', { reaction: '👍', to: 'wamid.1' }, 'reaction'],
  ['raw', { raw: { type: 'contacts', contacts: [{ name: { formatted_name: 'A' } }] } }, 'raw'],
] as const) {
  test(`a message can be: ${says}`, async (t) => {
    const { get, post } = await apiHost(t)

    const sent = await post('/messages', { to: TO, message })

    assert.equal(sent.status, 202, sent.text)
    assert.equal((await get(`/messages/${sent.body.id}`)).body.type, type)
  })
}

test('the recipient is a number, or any identity of a contact that is known', async (t) => {
  const { wa, get, post } = await apiHost(t)
  await wa.contacts.set(TO, { externalId: 'user-42' })
  const contact = await wa.contacts.get(TO)

  for (const to of [TO, '+91 98765 43210', { phone: TO }, { externalId: 'user-42' }, { id: contact?.id }]) {
    const sent = await post('/messages', { to, message: { text: 'Hello' } })

    assert.equal(sent.status, 202, `${JSON.stringify(to)}: ${sent.text}`)
    assert.equal((await get(`/messages/${sent.body.id}`)).body.conversationId, '1')
  }
  assert.equal((await post('/messages', { to: { bsuid: 'IN.7Qx' }, message: { text: 'Hello' } })).status, 202)
  assert.equal((await post('/messages', { to: { externalId: 'nobody' }, message: { text: 'Hello' } })).body.code, 'WA_CONTACT_UNKNOWN')
  assert.equal((await post('/messages', { to: { id: '999' }, message: { text: 'Hello' } })).status, 404)
})

test('a menu beside a message is told apart from a field that nobody knows', async (t) => {
  const { post } = await apiHost(t)

  const both = await post('/messages', { ...hello, menu: 'help', variables: {}, sender: 'x' })

  assert.deepEqual(
    both.body.errors.map(({ path, message, fix }: { path: string; message: string; fix: string }) => [path, message, fix]),
    [
      ['menu', 'Field "menu" does not go with message. Give a menu with its variables, or a message.', 'Give a menu with its variables, or a message.'],
      [
        'variables',
        'Field "variables" does not go with message. Give a menu with its variables, or a message.',
        'Give a menu with its variables, or a message.',
      ],
      ['sender', 'Unknown field "sender". Known: to, message, number. Correct it or leave it out.', 'Correct it or leave it out.'],
    ],
  )
})

test('a national number needs option defaultCountry', async (t) => {
  const without = await apiHost(t)
  const withIt = await apiHost(t, { defaultCountry: '91' })

  const refused = await without.post('/messages', { to: '98765 43210', message: { text: 'Hello' } })
  const sent = await withIt.post('/messages', { to: '98765 43210', message: { text: 'Hello' } })

  assert.equal(refused.status, 422)
  assert.equal(refused.body.code, 'WA_PHONE_INVALID')
  assert.deepEqual(
    refused.body.errors.map((fault: { path: string }) => fault.path),
    ['to'],
  )
  assert.doesNotMatch(refused.text, /98765/)
  assert.equal(sent.status, 202)
})

for (const [says, body, status, code, path] of [
  ['no such menu', { to: TO, menu: 'track-lnk' }, 404, 'WA_MENU_UNKNOWN', 'menu'],
  ['a variable without a value', { to: TO, menu: 'track-link' }, 422, 'WA_VARIABLE_MISSING', 'variables.order'],
  ['a variable that the menu has not', { to: TO, menu: 'track-link', variables: { order: '1', oder: '2' } }, 422, 'WA_VARIABLE_UNKNOWN', 'variables.oder'],
  ['no such business number', { ...hello, number: 'sales' }, 422, 'WA_NUMBER_UNKNOWN', 'number'],
  ['words that are too long', { to: TO, message: { text: 'x'.repeat(4097) } }, 422, 'WA_MESSAGE_INVALID', 'message.text'],
  ['a kind that is none', { to: TO, message: { txt: 'x' } }, 422, 'WA_MESSAGE_INVALID', 'message'],
  ['two kinds at once', { to: TO, message: { text: 'x', audio: { id: '1' } } }, 422, 'WA_MESSAGE_INVALID', 'message'],
  ['a file on a private machine', { to: TO, message: { image: { link: 'https://169.254.169.254/latest' } } }, 422, 'WA_MESSAGE_INVALID', 'message.image.link'],
  [
    'a file with another scheme',
    { to: TO, message: { document: { link: 'javascript:alert(1)' }, filename: 'a' } },
    422,
    'WA_MESSAGE_INVALID',
    'message.document.link',
  ],
  ['no phone number', { ...hello, to: 'Asha' }, 422, 'WA_PHONE_INVALID', 'to'],
  ['neither menu nor message', { to: TO }, 422, 'WA_REQUEST_INVALID', 'menu'],
  ['both', { ...hello, menu: 'help' }, 422, 'WA_REQUEST_INVALID', 'menu'],
  ['nobody', { message: { text: 'x' } }, 422, 'WA_REQUEST_INVALID', 'to'],
] as const) {
  test(`it is refused: ${says}`, async (t) => {
    const { get, post } = await apiHost(t)

    const answer = await post('/messages', body)

    assert.equal(answer.status, status, answer.text)
    assert.equal(answer.body.code, code)
    assert.deepEqual([...new Set(answer.body.errors.map((fault: { path: string }) => fault.path))], [path])
    assert.deepEqual((await get('/messages')).body.items, [])
  })
}

test('4096 emoji are 4096 characters, and are sent', async (t) => {
  const { post } = await apiHost(t)

  const sent = await post('/messages', { to: TO, message: { text: '🙂'.repeat(4096) } })
  const more = await post('/messages', { to: TO, message: { text: '🙂'.repeat(4097) } })

  assert.equal(sent.status, 202)
  assert.deepEqual([more.status, more.body.errors[0].actual, more.body.errors[0].limit], [422, 4097, 4096])
})

test('a closed window, a customer who wants nothing, and a loop between robots are refused with their reasons', async (t) => {
  const { wa, control, post, phone } = await apiHost(t, { perRecipientHour: 3 })
  const asha = phone({ phone: TO })

  await asha.says('hi')
  await control.clock.advance(24 * 3_600_000)
  const closed = await post('/messages', hello)
  await asha.says('still here')
  await wa.contacts.set(TO, { optedOut: true })
  const unwanted = await post('/messages', hello)
  await wa.contacts.set(TO, { optedOut: false })
  for (let count = 0; count < 3; count++) await post('/messages', hello)
  const loop = await post('/messages', hello)

  assert.deepEqual([closed.status, closed.body.code], [409, 'WA_WINDOW_CLOSED'])
  assert.deepEqual([unwanted.status, unwanted.body.code], [409, 'WA_OPTED_OUT'])
  assert.deepEqual([loop.status, loop.body.code, loop.headers['retry-after']], [429, 'WA_RECIPIENT_LIMIT', '60'])
})

// ------------------------------------------------------------------------------------------------ Idempotency-Key

test('fifty parallel posts with one key are one message and fifty equal answers', async (t) => {
  const { get, post, phone } = await apiHost(t)
  const asha = phone({ phone: TO })

  const answers = await Promise.all(Array.from({ length: 50 }, () => post('/messages', hello, once('order-1'))))
  await asha.says('hi')

  assert.deepEqual(new Set(answers.map((answer) => `${answer.status} ${answer.text} ${answer.headers.location}`)).size, 1)
  assert.equal(answers[0]?.status, 202)
  assert.equal((await get('/messages')).body.items.length, 1)
  assert.deepEqual(
    asha.screen().map((shown) => shown.text),
    ['Hello'],
  )
})

test('the same key and body is the same answer, however the fields are ordered and however far the message has come', async (t) => {
  const { post, phone } = await apiHost(t)
  const asha = phone({ phone: TO })
  const first = await post('/messages', { to: TO, menu: 'track-link', variables: { order: 'A' } }, once('k'))
  await asha.says('hi')

  const again = await post('/messages', '{ "variables":{"order":"A"},\n"menu":"track-link", "to":"+919876543210"}', {
    headers: { 'Idempotency-Key': 'k', 'Content-Type': 'application/json' },
  })

  assert.equal(asha.screen()[0]?.status, 'delivered')
  assert.equal(again.status, 202)
  assert.equal(again.text, first.text)
})

test('the same key with another body is refused, and nothing is sent', async (t) => {
  const { get, post } = await apiHost(t)
  await post('/messages', hello, once('k'))

  for (const other of [
    { ...hello, message: { text: 'Hello!' } },
    { ...hello, to: '+919876543211' },
    { ...hello, to: { phone: TO } },
    { ...hello, number: 'default' },
  ]) {
    const answer = await post('/messages', other, once('k'))

    assert.deepEqual([answer.status, answer.body.code, answer.body.errors[0].path], [422, 'WA_IDEMPOTENCY_MISMATCH', 'Idempotency-Key'])
  }
  assert.equal((await get('/messages')).body.items.length, 1)
  assert.equal((await get('/conversations')).body.items.length, 1)
})

test('what was refused keeps no key: the corrected body is sent under it', async (t) => {
  const { post } = await apiHost(t)

  await post('/messages', { to: TO, menu: 'track-link' }, once('k'))
  const corrected = await post('/messages', { to: TO, menu: 'track-link', variables: { order: 'A' } }, once('k'))

  assert.equal(corrected.status, 202)
})

test('a repeated post is answered alike also when it would be refused by now', async (t) => {
  const { control, post, put, del, phone } = await apiHost(t)
  await put('/menus/plain', { type: 'text', body: 'Hello' })
  await post('/menus/plain/publish')
  const body = { to: TO, menu: 'plain' }
  const first = await post('/messages', body, once('k'))

  await put('/menus/plain', { type: 'text', body: 'Hello {{name}}' })
  await post('/menus/plain/publish')
  const changed = await post('/messages', body, once('k'))
  await del('/menus/plain')
  const archived = await post('/messages', body, once('k'))
  const asha = phone({ phone: TO })
  await asha.says('hi')
  await control.clock.advance(25 * 3_600_000)
  const late = await post('/messages', body, once('k'))

  for (const again of [changed, archived, late]) assert.deepEqual([again.status, again.text], [202, first.text])
  assert.equal((await post('/messages', body, once('other'))).status, 404)
})

test('a key is remembered across closing and opening again', async (t) => {
  const { wa, options, post } = await apiHost(t)
  const first = await post('/messages', hello, once('k'))
  await wa.close()

  await using later = waInteractive({ ...options, provider: simulator(), apiKeys: [{ name: 'admin shop', key: KEYS.admin, scope: 'admin' }] })
  await later.start()
  const again = await caller(express().use(later)).post('/messages', hello, once('k'))
  const other = await caller(express().use(later)).post('/messages', { ...hello, message: { text: 'Other' } }, once('k'))

  assert.deepEqual([again.status, again.text], [202, first.text])
  assert.equal(other.status, 422)
})

test('two API keys may use the same Idempotency-Key; a new secret under the old name goes on with the old keys', async (t) => {
  const { wa, options, post } = await apiHost(t)
  const admins = await post('/messages', hello, { as: 'admin', ...once('k') })
  const senders = await post('/messages', { ...hello, message: { text: 'Another' } }, { as: 'send', ...once('k') })
  await wa.close()

  await using rotated = waInteractive({ ...options, provider: simulator(), apiKeys: [{ name: 'admin shop', key: 'a-new-secret-0123456789', scope: 'send' }] })
  await rotated.start()
  const again = await request(express().use(rotated))
    .post('/wa/api/messages')
    .set({ Authorization: 'Bearer a-new-secret-0123456789', 'Idempotency-Key': 'k' })
    .send(hello)

  assert.equal(senders.status, 202)
  assert.notEqual(senders.body.id, admins.body.id)
  assert.equal(again.text, admins.text)
})

test('the same key in code and over HTTP are two messages', async (t) => {
  const { wa, post } = await apiHost(t)

  const inCode = await wa.send(TO, { text: 'Hello' }, { idempotencyKey: 'k' })
  const overHttp = await post('/messages', hello, once('k'))

  assert.equal(overHttp.status, 202)
  assert.notEqual(overHttp.body.id, inCode.id)
})

test('a key has 1 to 255 characters', async (t) => {
  const { get, post } = await apiHost(t)

  const longest = await post('/messages', hello, once('k'.repeat(255)))
  const tooLong = await post('/messages', hello, once('k'.repeat(256)))
  const empty = await post('/messages', hello, once(''))

  assert.equal(longest.status, 202)
  for (const refused of [tooLong, empty]) {
    assert.equal(refused.status, 422)
    assert.equal(refused.body.errors[0].path, 'Idempotency-Key')
    assert.match(refused.body.errors[0].message, /^Idempotency-Key /)
  }
  assert.equal((await get('/messages')).body.items.length, 1)
})

test('without a key every post is a message of its own', async (t) => {
  const { get, post } = await apiHost(t)

  await post('/messages', hello)
  await post('/messages', hello)

  assert.equal((await get('/messages')).body.items.length, 2)
})

// ------------------------------------------------------------------------------------------------ state, lists, decisions

test('a failed message tells its history and what to do, and is sent again when a person says so', async (t) => {
  const { wa, control, get, post, phone } = await apiHost(t)
  const asha = phone({ phone: TO })
  await asha.says('hi')
  control.provider.failNext(131026)
  const sent = await post('/messages', hello)
  await wa.idle()

  const failed = await get(`/messages/${sent.body.id}`)
  const retried = await post(`/messages/${sent.body.id}/retry`, undefined, { as: 'send' })
  await wa.idle()
  const after = await get(`/messages/${sent.body.id}`)

  assert.equal(failed.body.status, 'failed')
  assert.equal(failed.body.error.code, 131026)
  assert.ok(failed.body.error.advice.length > 10)
  assert.deepEqual(
    failed.body.history.map((row: { status: string }) => row.status),
    ['queued', 'sending', 'failed'],
  )
  assert.deepEqual([retried.status, retried.body], [200, { id: sent.body.id, status: 'queued' }])
  assert.ok(['accepted', 'sent', 'delivered'].includes(after.body.status))
  assert.equal(after.body.error, undefined)
  assert.equal(after.body.history[3].by, 'send shop')
})

test('an uncertain message is believed or dropped by a person, and never sent again by itself', async (t) => {
  const { wa, control, get, post, phone } = await apiHost(t)
  const asha = phone({ phone: TO })
  await asha.says('hi')
  control.provider.failNext('timeout')
  const first = await post('/messages', hello)
  await wa.idle()
  control.provider.failNext('timeout')
  const second = await post('/messages', { ...hello, message: { text: 'Again' } })
  await wa.idle()

  const uncertain = (await get('/messages?status=uncertain')).body.items.map((message: { id: string }) => message.id)
  const believed = await post(`/messages/${first.body.id}/arrived`)
  const dropped = await post(`/messages/${second.body.id}/cancel`)

  assert.deepEqual(uncertain, [second.body.id, first.body.id])
  assert.deepEqual([believed.body.status, dropped.body.status], ['accepted', 'canceled'])
})

test('a decision that does not fit the state is 409 and says when it would; a second one changes nothing', async (t) => {
  const { wa, get, post, phone } = await apiHost(t)
  await phone({ phone: TO }).says('hi')
  const sent = await post('/messages', hello)
  await wa.idle()
  const before = (await get(`/messages/${sent.body.id}`)).body

  for (const verb of ['retry', 'arrived', 'cancel']) {
    const refused = await post(`/messages/${sent.body.id}/${verb}`)

    assert.deepEqual([refused.status, refused.body.code, refused.body.errors[0].path], [409, 'WA_STATE', 'status'])
  }
  assert.deepEqual((await get(`/messages/${sent.body.id}`)).body, before)
})

test('what is no id is not found, for every route that takes one', async (t) => {
  const { get, post, phone } = await apiHost(t)
  await phone({ phone: TO }).says('hi')

  for (const id of [
    '0',
    '-1',
    '1.5',
    '01',
    '1e1',
    '0x1',
    'abc',
    '%00',
    '%F0%9F%99%82',
    '9'.repeat(15),
    '9'.repeat(400),
    "1'%20or%201=1",
    '__proto__',
    'constructor',
  ]) {
    for (const answer of [
      await get(`/messages/${id}`),
      await post(`/messages/${id}/retry`),
      await get(`/conversations/${id}`),
      await get(`/conversations/${id}/messages`),
      await post(`/events/${id}/retry`),
    ])
      assert.deepEqual([answer.status, answer.body.code], [404, 'WA_NOT_FOUND'], `${id}: ${answer.text}`)
  }
  const inbound = (await get('/conversations/1/messages')).body.items[0]
  assert.equal((await get(`/messages/${inbound.id}`)).status, 200)
  assert.equal((await post(`/messages/${inbound.id}/retry`)).status, 404)
})

test('the pages of a list hold every message once, also when others arrive meanwhile', async (t) => {
  const { get, post } = await apiHost(t)
  const ids: string[] = []
  for (let count = 0; count < 10; count++) ids.push((await post('/messages', hello)).body.id)
  let arrivals = 0

  const walked = await walk(async (path) => {
    const page = await get(path)
    if (arrivals++ < 3) await post('/messages', hello)
    return page
  }, '/messages')

  assert.deepEqual(walked, ids.reverse())
})

test('a list has 50 items unless told, at most 200, and ends with next null', async (t) => {
  const { wa, get } = await apiHost(t, { worker: false })
  for (let count = 0; count < 51; count++) await wa.send(`+9198765432${String(count).padStart(2, '0')}`, { text: 'Hello' })

  const usual = await get('/messages')
  const rest = await get(`/messages?after=${usual.body.next}`)
  const all = await get('/messages?limit=200')

  assert.equal(usual.body.items.length, 50)
  assert.deepEqual([rest.body.items.length, rest.body.next], [1, null])
  assert.deepEqual([all.body.items.length, all.body.next], [51, null])
})

test('a business number narrows every list, and sends', async () => {
  const { control: _control, provider: _one, ...options } = testOptions()
  await using wa = waInteractive({ ...options, numbers: { support: simulator(), sales: simulator() }, menus: [trackLink] })
  await wa.start()
  const { get, post } = caller(express().use(wa))

  const sold = await post('/messages', { ...hello, number: 'sales' }, { as: null })
  const helped = await post('/messages', hello, { as: null })
  await wa.idle()

  const idsOf = async (path: string) => (await get(path, { as: null })).body.items.map((item: { id: string }) => item.id)
  assert.deepEqual(await idsOf('/messages?number=sales'), [sold.body.id])
  assert.deepEqual(await idsOf('/messages?number=support'), [helped.body.id])
  assert.deepEqual(await idsOf('/conversations?number=sales'), ['1'])
  assert.deepEqual(await idsOf('/messages?number=nobody'), [])
  assert.equal((await idsOf('/events?number=sales')).length + (await idsOf('/events?number=support')).length, (await idsOf('/events')).length)
})

test('when the database goes away the answer is 503 with Retry-After, and tells nothing of it', async (t) => {
  const { wa, get, post } = await apiHost(t, { worker: false })
  const engine = (wa as unknown as Record<symbol, { db: { read: { destroy(): Promise<void> }; write: { destroy(): Promise<void> } } }>)[ENGINE]
  await engine?.db.read.destroy()
  await engine?.db.write.destroy()

  for (const answer of [await get('/messages'), await post('/messages', hello), await get('/menus/help'), await post('/menus/help/publish')]) {
    assert.deepEqual([answer.status, answer.body.code, answer.headers['retry-after']], [503, 'WA_DATABASE', '30'], answer.text)
    assert.doesNotMatch(answer.text, /select|insert|wa_messages|sqlite|knex|acquire|\.ts:|node_modules/i)
  }
})
