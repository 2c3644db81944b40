import assert from 'node:assert/strict'
import { test } from 'node:test'
import { host, wordsOf } from './host'

test('an export holds every message once, in both formats, and is written into the audit', async (t) => {
  const { get, post, phone } = await host(t)
  const asha = phone({ name: 'Asha' })
  await asha.says('hi, "friend"')
  await asha.taps('track_order')

  const csv = await post('/conversations/1/export', { format: 'csv' }).expect(200)
  const json = await post('/export', { format: 'json' }).expect(200)

  assert.match(csv.headers['content-disposition'] ?? '', /attachment; filename="conversation-1-[0-9-]+\.csv"/)
  const rows = csv.text.trim().split('\r\n')
  assert.equal(rows.length, 1 + 4)
  assert.match(csv.text, /"hi, ""friend"""/)
  assert.deepEqual(
    (json.body as { direction: string; reply: string | null }[]).map((line) => [line.direction, line.reply]),
    [
      ['in', null],
      ['out', null],
      ['in', 'track_order'],
      ['out', null],
    ],
  )
  const audit = wordsOf((await get('/audit').expect(200)).text)
  assert.match(audit, /Ravi exported messages conversation:1/)
  assert.match(audit, /Ravi exported messages log/)
})

test('what a spreadsheet would run as a formula is disarmed', async (t) => {
  const { post, phone } = await host(t)
  for (const words of ['=1+1', '+1', '-1', '@x', '\ty', '=cmd|"/c calc"!A1']) await phone({ name: '=HYPERLINK("x")' }).says(words)

  const { text } = await post('/export', { format: 'csv' }).expect(200)

  assert.doesNotMatch(text, /(?:^|,|\r\n)"?(?!\+91\d{10},)[=+\-@\t]/)
  assert.match(text, /,\+91\d{10},/)
  assert.match(text, /'=1\+1/)
})

test('exports, erasing, audit and settings need the role admin', async (t) => {
  const { get, post, phone } = await host(t)
  await phone().says('hi')

  for (const role of ['viewer', 'agent', 'editor']) {
    await get('/audit', role).expect(403)
    await get('/settings', role).expect(403)
    await post('/export', { format: 'csv' }, role).expect(403)
    await post('/conversations/1/export', { format: 'csv' }, role).expect(403)
    await post('/conversations/1/erase', { sure: 'yes' }, role).expect(403)
    const { text } = await get('/conversations/1/customer', role).expect(200)
    assert.doesNotMatch(text, /\/(erase|export)"/)
  }
})

test('a customer is erased only when it is said twice, and nothing of them is shown after that', async (t) => {
  const { get, post, phone } = await host(t)
  await phone({ name: 'Asha Secret' }).says('my words are private')

  await post('/conversations/1/erase').expect(422)
  assert.match((await get('/conversations/1')).text, /my words are private/)
  await post('/conversations/1/erase', { sure: 'yes' }).expect(303)

  for (const path of ['/conversations', '/conversations/1', '/conversations/1/customer', '/conversations/1/messages/1', '/', '/audit', '/events?state=done']) {
    const { text } = await get(path).expect(200)
    assert.doesNotMatch(text, /Asha|my words|98000/, path)
  }
})

test('settings show what is configured and no secret', async (t) => {
  const { get } = await host(t)

  const words = wordsOf((await get('/settings').expect(200)).text)

  assert.match(words, /Provider Simulator/)
  assert.match(words, /authorize\(\) of the host/)
  assert.match(words, /Engine sqlite/)
  assert.match(words, /\/wa\/webhook/)
})

test('conversations are found by name, by the beginning or the last digits of a number, and narrowed by several filters at once', async (t) => {
  const { get, phone, control, wa } = await host(t)
  await phone({ name: 'Asha', phone: '+919800000001' }).says('hi')
  await control.clock.advance(25 * 3_600_000)
  await phone({ name: '100% Ravi', phone: '+14155550100' }).says('hello')
  await wa.idle()
  const found = async (query: string) => [...(await get(`/conversations?${query}`).expect(200)).text.matchAll(/id="talk-(\d+)"/g)].map((match) => match[1])

  assert.deepEqual(await found('q=asha'), ['1'])
  assert.deepEqual(await found('q=%2B1+415'), ['2'])
  assert.deepEqual(await found('q=055-5010'), ['2'])
  assert.deepEqual(await found('q=0000'), [])
  assert.deepEqual(await found(`q=${encodeURIComponent('100%')}`), ['2'])
  assert.deepEqual(await found(`q=${encodeURIComponent("'; drop table wa_contacts; --")}`), [])
  assert.deepEqual(await found('window=open'), ['2'])
  assert.deepEqual(await found('window=closed'), ['1'])
  assert.deepEqual(await found('window=closed&unread=1&mode=bot'), ['1'])
  assert.deepEqual(await found('window=closed&mode=person'), [])
  // Words are looked for in conversations like these alone.
  const said = async (query: string) =>
    [...(await get(`/conversations?${query}`).expect(200)).text.matchAll(/id="found-\d+"[\s\S]*?\/conversations\/(\d+)/g)].map((match) => match[1])
  assert.deepEqual([...new Set(await said('q=help'))].sort(), ['1', '2'])
  assert.deepEqual(await said('q=help&window=open'), ['2'])
  assert.deepEqual(await said('q=help&window=closed&unread=1&mode=bot'), ['1'])
  assert.deepEqual(await said('q=help&mode=person'), [])
})

test('a customer who wants no more messages gets none, code hears it, and the thread says so', async (t) => {
  const { wa, get, post, phone } = await host(t)
  const heard: string[] = []
  wa.on('opt_out', ({ contact, event }) => heard.push(`${event.type} ${contact.phone}`))
  wa.on('opt_in', ({ contact, event }) => heard.push(`${event.type} ${contact.phone}`))
  await phone({ name: 'Asha' }).says('hi')

  await post('/conversations/1/consent', { messages: 'none' }).expect(303)
  await wa.idle()
  await assert.rejects(wa.send('+919800000001', { text: 'offer' }), { code: 'WA_OPTED_OUT' })
  await post('/conversations/1/consent', { messages: 'none' }).expect(303)
  await wa.contacts.set('+919800000001', { optedOut: false })
  await wa.idle()

  assert.deepEqual(heard, ['opt_out +919800000001', 'opt_in +919800000001'])
  assert.match(wordsOf((await get('/conversations/1')).text), /Wants no more messages · .*Wants messages again ·/)
  await wa.send('+919800000001', { text: 'offer' })
})

test('what was said is found by its words, with a way into the thread at that place', async (t) => {
  const { get, phone } = await host(t)
  const asha = phone({ name: 'Asha' })
  await asha.says('My parcel ORD-12345 is broken, please help')
  for (let n = 0; n < 45; n++) await asha.says(`more words ${n}`)

  const { text } = await get('/conversations?q=parcel%20broken').expect(200)
  assert.match(text, /My <mark>parcel<\/mark> ORD-12345 is <mark>broken<\/mark>, please help/)
  const href = /href="\/wa(\/conversations\/1\?around=\d+)#(row-\d+)"/.exec(text)
  const thread = (await get(href?.[1] ?? '').expect(200)).text
  assert.match(thread, new RegExp(`id="${href?.[2]}"`))

  assert.match(wordsOf((await get('/conversations?q=ord-12345').expect(200)).text), /My parcel ORD - 12345 is broken/)
  assert.match(wordsOf((await get('/conversations?q=nowhere').expect(200)).text), /Nothing found for “nowhere”/)
  for (const query of ['"', 'AND', 'a OR b', 'NEAR(x)', '*', "'; --"]) await get(`/conversations?q=${encodeURIComponent(query)}`).expect(200)
})
