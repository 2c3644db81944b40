import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldsOf } from './form'
import { helpCenter, hidden, host, more, wordsOf } from './host'

const HOUR_MS = 3_600_000

test('the list shows who wrote, their last words, and how long the window stays open', async (t) => {
  const { get, phone } = await host(t)
  await phone({ name: 'Asha' }).says('hi')

  const { text } = await get('/conversations').expect(200)

  assert.match(wordsOf(text), /Asha \+91 98000 00001/)
  assert.match(wordsOf(text), /Bot: How can we help\?/)
  assert.match(wordsOf(text), /23 h left/)
})

test('viewers see a masked number, in the list and in the thread', async (t) => {
  const { get, phone } = await host(t)
  await phone({ name: 'Asha' }).says('hi')

  for (const path of ['/conversations', '/conversations/1']) {
    const { text } = await get(path, 'viewer').expect(200)
    assert.doesNotMatch(text, /98000\s?00001/)
    assert.match(text, /\*{4}/)
  }
})

test('without conversations the list says how one begins', async (t) => {
  const { get } = await host(t)

  const { text } = await get('/conversations').expect(200)

  assert.match(text, /href="\/wa\/phone"/)
})

test('the list is filtered by who is in charge, and the address keeps the filter', async (t) => {
  const { get, post, phone } = await host(t)
  await phone({ name: 'Asha', phone: '+919800000001' }).says('hi')
  await phone({ name: 'Bela', phone: '+919800000002' }).says('hi')
  await post('/conversations/2/mode', { mode: 'person' }).expect(303)

  const { text } = await get('/conversations?mode=person').expect(200)

  assert.match(text, /Bela/)
  assert.doesNotMatch(text, /Asha/)
})

test('a thread goes on showing the version that was sent, whatever is published after it', async (t) => {
  const { get, post, phone, wa } = await host(t)
  await phone({ name: 'Asha' }).says('hi')
  const form = fieldsOf((await get('/menus/help-center')).text)
  await post('/menus/help-center', { ...form, whole: 'yes', do: 'save', body: 'What do you need?' }).expect(303)
  const revision = hidden((await get('/menus/help-center/publish')).text, 'revision')
  await post('/menus/help-center/publish', { revision }).expect(303)

  const before = (await get('/conversations/1')).text
  await wa.send('+919800000001', helpCenter)
  await wa.idle()
  const after = wordsOf((await get('/conversations/1')).text)

  assert.match(before, /How can we <strong>help<\/strong>\?/)
  assert.doesNotMatch(before, /What do you need\?/)
  assert.match(after, /How can we help \?[\s\S]*help-center · v1[\s\S]*What do you need\?[\s\S]*help-center · v2/)
})

test('a thread shows the menu as it was sent, with the tapped option marked', async (t) => {
  const { get, phone } = await host(t)
  const asha = phone({ name: 'Asha' })
  await asha.says('hi')
  await asha.taps('track_order')

  const { text } = await get('/conversations/1').expect(200)

  assert.match(text, /How can we <strong>help<\/strong>\?/)
  assert.match(wordsOf(text), /Select Topic/)
  assert.match(text, /is-tapped[\s\S]{0,400}Track My Order/)
  assert.match(wordsOf(text), /Waits for the answer “order_number”/)
  assert.match(text, /title="Read"/)
})

test('a tap on what a later menu replaced, and a second tap on the same option, are named', async (t) => {
  const { get, phone, wa } = await host(t)
  const asha = phone({ name: 'Asha' })
  await asha.says('hi')
  await wa.send('+919800000001', more)
  await wa.idle()
  await asha.taps('cancel_order', { on: helpCenter })
  await asha.taps('cancel_order', { on: helpCenter })

  const words = wordsOf((await get('/conversations/1').expect(200)).text)

  assert.match(words, /on an older menu/)
  assert.match(words, /tapped before/)
})

test('a long thread is read page by page, and no message is lost between them', async (t) => {
  const { get, phone } = await host(t)
  const asha = phone()
  for (let n = 1; n <= 25; n++) await asha.says(`words ${n}.`)

  const seen = new Set<string>()
  for (let path: string | undefined = '/conversations/1'; path; ) {
    const text: string = (await get(path).expect(200)).text
    for (const [words] of text.matchAll(/words \d+\./g)) seen.add(words)
    path = /href="\/wa(\/conversations\/1\?after=\d+)"/.exec(text)?.[1]
  }

  assert.equal(seen.size, 25)
})

test("a person's message leaves once however often the form is sent, and shows who wrote it", async (t) => {
  const { get, post, phone, wa } = await host(t)
  const asha = phone({ name: 'Asha' })
  await asha.says('hi')
  const token = hidden((await get('/conversations/1')).text, 'token')

  const answers = await Promise.all([1, 2, 3].map(() => post('/conversations/1/messages', { token, text: 'This is *Ravi*.' }, 'agent')))
  await wa.idle()

  assert.deepEqual(
    answers.map((answer) => [answer.status, answer.headers.location]),
    Array(3).fill([303, '/wa/conversations/1']),
  )
  const { text } = await get('/conversations/1')
  assert.equal(text.match(/This is <strong>Ravi<\/strong>\./g)?.length, 1)
  assert.match(text, /sent by Ravi/)
})

test('the same form with other words is refused, and the words stay in the field', async (t) => {
  const { get, post, phone } = await host(t)
  await phone().says('hi')
  const token = hidden((await get('/conversations/1')).text, 'token')
  await post('/conversations/1/messages', { token, text: 'first' }).expect(303)

  const { text } = await post('/conversations/1/messages', { token, text: 'second & last' }).expect(422)

  assert.match(text, /<textarea[^>]*aria-invalid="true"[^>]*>second &amp; last<\/textarea>/)
})

test('when the window has closed the composer gives way to its reason, the server refuses for the same, and the next words open it again', async (t) => {
  const { get, post, phone, control } = await host(t)
  const asha = phone()
  await asha.says('hi')
  const token = hidden((await get('/conversations/1')).text, 'token')
  await control.clock.advance(24 * HOUR_MS)

  const closed = await get('/conversations/1').expect(200)
  const refused = await post('/conversations/1/messages', { token, text: 'too late' }).expect(409)
  await asha.says('still there?')
  const open = await get('/conversations/1').expect(200)

  assert.match(closed.text, /The 24-hour window closed/)
  assert.doesNotMatch(closed.text, /<textarea/)
  assert.match(refused.text, /The 24-hour window closed/)
  assert.match(open.text, /<textarea/)
})

test('of a customer who never wrote it is said what WhatsApp takes, until they write', async (t) => {
  const { get, phone, wa } = await host(t)
  await wa.send('+919800000001', { text: 'Welcome' })
  const words = async (): Promise<string> => wordsOf((await get('/conversations/1').expect(200)).text)

  assert.match(await words(), /Never wrote .*WhatsApp takes approved templates only, unless they wrote elsewhere/)
  await phone().says('hi')

  assert.doesNotMatch(await words(), /approved templates only/)
})

test('taking over and giving back stand in the thread; viewers may do neither and see no control', async (t) => {
  const { get, post, phone } = await host(t)
  await phone().says('hi')

  await post('/conversations/1/mode', { mode: 'person' }, 'viewer').expect(403)
  await post('/conversations/1/mode', { mode: 'person' }, 'agent').expect(303)
  const taken = await get('/conversations/1', 'agent')
  await post('/conversations/1/mode', { mode: 'bot' }, 'agent').expect(303)
  const given = await get('/conversations/1', 'viewer')

  assert.match(taken.text, /Ravi is in charge/)
  assert.match(wordsOf(given.text), /Ravi took over[\s\S]*Ravi gave back to the bot/)
  assert.doesNotMatch(given.text, /<form|<textarea/)
})

test('a hand-over by code is told with its reason', async (t) => {
  const { get, phone } = await host(t)
  const asha = phone()
  await asha.says('hi')
  await asha.taps('agent')

  assert.match(wordsOf((await get('/conversations/1')).text), /Handed over to a person: asked for a human/)
})

test('unread messages are counted until they are marked as read', async (t) => {
  const { get, post, phone } = await host(t)
  const asha = phone()
  await asha.says('one')
  await asha.says('two')

  assert.match(wordsOf((await get('/conversations')).text), /2 unread/)
  await post('/conversations/1/read', {}, 'agent').expect(303)
  assert.doesNotMatch((await get('/conversations')).text, /unread"/)
})

test('looking changes nothing', async (t) => {
  const { get, phone } = await host(t)
  await phone().says('hi')

  await get('/conversations/1')

  assert.match(wordsOf((await get('/conversations')).text), /1 unread/)
})

test('a message can be opened with its history and its bytes by editors, and by nobody below', async (t) => {
  const { get, phone } = await host(t)
  const asha = phone()
  await asha.says('hi')

  const incoming = await get('/conversations/1/messages/1', 'editor').expect(200)
  const outgoing = await get('/conversations/1/messages/2', 'editor').expect(200)
  await get('/conversations/1/messages/1', 'agent').expect(403)

  assert.match(incoming.text, /&#34;body&#34;: &#34;hi&#34;/)
  assert.match(wordsOf(outgoing.text), /Leaving now[\s\S]*Accepted by the provider[\s\S]*Delivered/)
})

const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '<script>alert(1)</script>',
  '" hx-get="https://evil.example" hx-trigger="load',
  "'><svg onload=alert(1)>",
  '</textarea><script>alert(1)</script>',
  '{{7*7}}<%= 7*7 %>',
  '\u202Egpj.exe',
  '*<b>bold</b>*',
  '[x](javascript:alert(1))',
]

for (const words of HOSTILE) {
  test(`a stranger's name and words stay text: ${JSON.stringify(words)}`, async (t) => {
    const { get, phone } = await host(t)
    await phone({ name: words }).says(words)

    for (const path of ['/conversations', '/conversations/1', '/conversations/1/messages/1', '/phone', '/events?state=done']) {
      const { text } = await get(path).expect(200)
      assert.doesNotMatch(text, /<img|<script>|<svg onload|<b>|hx-get="https|onerror=alert\(1\)>|href="javascript/i, path)
      assert.ok(text.includes('&lt;') || !words.includes('<'), path)
    }
  })
}

test('what is not there is 404, also under an address that is no number', async (t) => {
  const { get } = await host(t)

  for (const path of ['/conversations/1', '/conversations/x', '/conversations/1e3', '/conversations/99999999999999999999', '/conversations/1/messages/1'])
    await get(path).expect(404)
})

test('htmx gets the region alone, everybody else the whole page', async (t) => {
  const { get, phone } = await host(t)
  await phone().says('hi')
  const htmx = { 'HX-Request': 'true', 'HX-Request-Type': 'partial' }

  for (const [path, region] of [
    ['/conversations', '_conversations'],
    ['/conversations/1', '_talk'],
  ] as const) {
    const part = (await get(path, 'admin', htmx).expect(200)).text
    assert.match(part.trim(), new RegExp(`^<section id="${region}"[\\s\\S]*</section>$`))
    assert.match((await get(path)).text, /<!doctype html>[\s\S]*<\/html>/i)
  }
})
