import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { buttons, list, type Menu, text } from '../../lib/index'
import { fieldsOf } from './form'
import { hidden, host, wordsOf } from './host'

const DAY_MS = 24 * 3_600_000

const rating = buttons('rating', {
  body: 'How was order {{order}}, {{name}}?',
  variables: { order: { sample: 'ORD-1' }, name: { default: 'friend' } },
  buttons: [
    { id: 'good', title: 'Good' },
    { id: 'bad', title: 'Bad' },
  ],
  template: { name: 'rate_us', language: 'en', components: [{ type: 'body', parameters: [{ type: 'text', text: '{{order}}' }] }] },
})
const greeting = text('greeting', { body: 'Good morning!' })
const slots = list('slots', {
  body: 'When, {{name}}?',
  variables: { name: { default: 'friend' }, time: { sample: '10:30' } },
  button: 'See slots',
  sections: [
    { title: 'Free', each: 'slots', row: { id: 'slot:{{id}}', title: '{{time}}', description: 'with {{who}}' } },
    {
      title: 'Else',
      rows: [
        { id: 'later', title: 'Another day' },
        { id: 'agent', title: 'Talk to a human' },
      ],
    },
  ],
})

/** A customer who has written once, and a shop that has something to send. */
async function desk(t: TestContext, menus: readonly Menu[] = []) {
  const made = await host(t, { menus: [rating, greeting, slots, ...menus] })
  const asha = made.phone({ name: 'Asha' })
  await asha.says('hi')
  const offered = async (query = '', who = 'agent') =>
    [...(await made.get(`/conversations/1/menus${query}`, who).expect(200)).text.matchAll(/href="[^"]*\?menu=([^"]*)"/g)].map(([, key]) => key)
  const send = async (fields: Record<string, string>, who = 'agent') => {
    const { text: form } = await made.get(`/conversations/1/menus?menu=${fields.menu}`, who)
    return made.post('/conversations/1/menus', { version: hidden(form, 'version'), token: hidden(form, 'token'), ...fields }, who)
  }
  return { ...made, asha, offered, send }
}

test('an agent sends a published menu by hand, its variables filled in, as the drawing beside them shows', async (t) => {
  const { get, post, offered, send, wa } = await desk(t)
  assert.deepEqual((await offered()).sort(), ['greeting', 'help-center', 'more', 'rating', 'slots'])
  assert.deepEqual(await offered('?q=morning'), ['greeting'])

  const drawn = await post('/conversations/1/menus/preview', { menu: 'rating', 'v.order': 'ORD-7' }, 'agent').expect(200)
  const sent = await send({ menu: 'rating', 'v.order': 'ORD-7' })
  await wa.idle()

  assert.match(wordsOf(drawn.text), /How was order ORD-7, friend\?/)
  assert.match(drawn.text, /name="v\.order" value="ORD-7"/)
  assert.deepEqual([sent.status, sent.headers.location], [303, '/wa/conversations/1'])
  const thread = (await get('/conversations/1')).text
  assert.match(wordsOf(thread), /How was order ORD-7, friend\? [\d:]+ Delivered[\s\S]*rating · v1 sent by Ravi/)
})

test('a repeated click is one message; other words under the same form are refused', async (t) => {
  const { get, post, wa } = await desk(t)
  const { text: form } = await get('/conversations/1/menus?menu=greeting', 'agent')
  const fields = { menu: 'greeting', version: hidden(form, 'version'), token: hidden(form, 'token') }

  await Promise.all([1, 2, 3].map(() => post('/conversations/1/menus', fields, 'agent').expect(303)))
  await post('/conversations/1/menus', { ...fields, menu: 'rating', 'v.order': 'x' }, 'agent').expect(422)
  await wa.idle()

  assert.equal((await get('/conversations/1')).text.match(/Good morning!/g)?.length, 1)
})

test('a variable without a value is named, and its field marked', async (t) => {
  const { send } = await desk(t)

  const { status, text: page } = await send({ menu: 'rating', 'v.name': 'Asha' })

  assert.equal(status, 422)
  assert.match(page, /id="chosen-fault"[^>]*>Not sent: [^<]*order/)
  assert.match(page, /name="v\.order"[^>]*required[^>]*aria-invalid="true"/)
  assert.match(page, /name="v\.name" value="Asha"/)
})

const row = (at: number, id: string, time: string, who: string) => ({ [`r.slots.${at}.id`]: id, [`r.slots.${at}.time`]: time, [`r.slots.${at}.who`]: who })
/** The fields of the rows as they stand in the form: `0.time=10:30`. */
const rowsIn = (html: string): string[] => [...html.matchAll(/name="r\.slots\.([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => `${name}=${value}`)

test('the rows of a list that is made from data are written by hand, one form for each, and arrive as the customer taps them', async (t) => {
  const { get, post, send, asha, wa } = await desk(t)
  const taps: unknown[] = []
  wa.onReply('slot:7', ({ reply }) => void taps.push([reply.id, reply.title]))

  const first = (await get('/conversations/1/menus?menu=slots', 'agent').expect(200)).text
  const more = await post('/conversations/1/menus/preview', { menu: 'slots', 'v.name': 'Asha', ...row(0, '7', '10:30', 'Dr Rao'), do: 'add:slots' }, 'agent')
  const sent = await send({ menu: 'slots', ...row(0, '7', '10:30', 'Dr Rao'), ...row(1, '', '', ''), ...row(2, '8', '11:00', 'Dr Sen') })
  await wa.idle()
  await asha.taps('slot:7')

  assert.deepEqual(rowsIn(first), ['0.id=', '0.time=', '0.who='])
  assert.match(first, /name="r\.slots\.0\.time" value="" placeholder="10:30"/)
  assert.match(wordsOf(first), /Up to 8 rows[^.]*\. id · for the code, not shown time who/)
  assert.deepEqual(rowsIn(more.text), ['0.id=7', '0.time=10:30', '0.who=Dr Rao', '1.id=', '1.time=', '1.who='])
  assert.match(more.text, /name="v\.name" value="Asha"/)
  assert.match(more.text, /name="r\.slots\.1\.id"[^>]* autofocus/)
  assert.equal(sent.status, 303)
  assert.match(
    wordsOf((await get('/conversations/1')).text),
    /When, friend\?[\s\S]*Free 10:30 with Dr Rao tapped 11:00 with Dr Sen Else Another day[\s\S]*slot:7/,
  )
  assert.deepEqual(taps, [['slot:7', '10:30']])
})

test('a row is taken out again, and none is added for which there is no room', async (t) => {
  const { post } = await desk(t)
  const eight = Object.assign({}, ...Array.from({ length: 8 }, (_, at) => row(at, `${at}`, `${at}:00`, 'us')))
  const form = async (fields: Record<string, string>) => (await post('/conversations/1/menus/preview', { menu: 'slots', ...fields }, 'agent').expect(200)).text

  const full = await form(eight)
  const asked = await form({ ...eight, do: 'add:slots' })
  const fewer = await form({ ...eight, do: 'remove:slots:1' })

  assert.doesNotMatch(full, /value="add:slots"/)
  assert.equal(rowsIn(asked).length, 24)
  assert.match(fewer, /value="add:slots"/)
  assert.deepEqual(rowsIn(fewer).slice(0, 6), ['0.id=0', '0.time=0:00', '0.who=us', '1.id=2', '1.time=2:00', '1.who=us'])
  assert.deepEqual(rowsIn(await form({ ...row(0, 'a', 'b', 'c'), do: 'remove:slots:0' })), ['0.id=', '0.time=', '0.who='])
})

test('what is wrong with a row is said beside it, with its fields marked and nothing lost', async (t) => {
  const { send, wa, get } = await desk(t)
  const long = 'half past ten in the morning'

  const { status, text: page } = await send({ menu: 'slots', ...row(0, '7', long, 'us'), ...row(1, '', '', ''), ...row(2, '7', '11:00', '') })
  const twins = await send({ menu: 'slots', ...row(0, '7', long, 'us'), ...row(1, '', '', ''), ...row(2, '7', '11:00', 'us') })
  await wa.idle()

  assert.equal(status, 422)
  assert.match(page, /id="note-slots-2"[^>]*>(?:(?!<\/div>)[\s\S])*who is missing\./)
  assert.match(page, /name="r\.slots\.2\.who"[^>]*aria-describedby="note-slots-2" aria-invalid="true"/)
  assert.match(page, /id="chosen-fault"[^>]*>Not sent: look at what is said beside the rows\./)
  assert.deepEqual(rowsIn(page), [`0.id=7`, `0.time=${long}`, '0.who=us', '1.id=', '1.time=', '1.who=', '2.id=7', '2.time=11:00', '2.who='])
  const [, noteOf0 = ''] = /id="note-slots-0">([\s\S]*?)<\/div>/.exec(twins.text) ?? []
  const [, noteOf2 = ''] = /id="note-slots-2">([\s\S]*?)<\/div>/.exec(twins.text) ?? []
  assert.match(noteOf0, /class="counter is-over">Title 28\/24<[\s\S]*title is 28 characters; WhatsApp shows at most 24/)
  assert.match(noteOf2, /class="counter is-ok">Title 5\/24<[\s\S]*have the same id/)
  assert.doesNotMatch(twins.text, /name="r\.slots\.0\.(id|who)"[^>]*aria-invalid/)
  assert.doesNotMatch((await get('/conversations/1')).text, /See slots/)
})

test('a list without any row is refused where it needs one, and goes with its own rows where it has some', async (t) => {
  const data = { each: 'slots', row: { id: 'slot:{{id}}', title: '{{time}}' } }
  const { get, send, wa } = await desk(t, [
    list('bare', { body: 'When?', button: 'See slots', sections: [data] }),
    list('instead', { body: 'When?', button: 'See slots', sections: [{ ...data, empty: 'Nothing is free' }] }),
  ])

  const refused = await send({ menu: 'bare' })
  const drawn = (await get('/conversations/1/menus?menu=instead', 'agent')).text
  const sent = await send({ menu: 'instead' })
  await wa.idle()

  assert.equal(refused.status, 422)
  assert.match(wordsOf(refused.text), /Write at least one row\.[\s\S]*‹time›/)
  assert.match(wordsOf(drawn), /See slots See slots Nothing is free/)
  assert.equal(sent.status, 303)
  assert.match(wordsOf((await get('/conversations/1')).text), /Nothing is free/)
})

test('the test of a draft whose rows come from data sends one row, of its samples', async (t) => {
  const { get, post, wa } = await desk(t)
  const form = fieldsOf((await get('/menus/slots')).text)
  const samples = Object.fromEntries(
    Object.entries(form).flatMap(([name, value]) => (name.endsWith('[name]') ? [[name.replace('[name]', '[sample]'), `${value} 1`]] : [])),
  )

  const sent = await post('/menus/slots', { ...form, ...samples, whole: 'yes', do: 'send', to: '+919800000001' }).expect(303)
  await wa.idle()

  assert.match(String(sent.headers.location), /tested=\d+/)
  assert.match(wordsOf((await get('/conversations/1')).text), /See slots See slots Free time 1 with who 1 Else Another day/)
})

test('what is typed into a row stays text, and fields that the menu does not have are nobody’s', async (t) => {
  const { post, send } = await desk(t)
  const hostile = `"><img src=x onerror=a()>{{id}}&'`
  const strange = { 'r.slots.0.__proto__': 'x', 'r.__proto__.0.id': 'x', 'r.slots.99.constructor': 'x', 'r.slots.0.id.more': 'x', 'r.slots': 'x' }

  const shown = (await post('/conversations/1/menus/preview', { menu: 'slots', ...row(0, hostile, hostile, hostile), ...strange }, 'agent').expect(200)).text
  const refused = (await send({ menu: 'slots', ...row(0, hostile, hostile.repeat(3), hostile), ...strange })).text

  for (const page of [shown, refused]) {
    assert.doesNotMatch(page, /<img src=x/)
    assert.match(page, /name="r\.slots\.0\.id" value="&#34;&gt;&lt;img src=x onerror=a\(\)&gt;\{\{id\}\}&amp;&#39;"/)
    assert.doesNotMatch(page, /__proto__|constructor|\.more"/)
  }
  assert.match(refused, /aria-invalid="true"/)
})

test('a menu that was published anew since it was looked at is shown once more, not sent', async (t) => {
  const { send } = await desk(t)

  const { status, text: page } = await send({ menu: 'greeting', version: '7' })

  assert.equal(status, 409)
  assert.match(wordsOf(page), /published anew meanwhile/)
})

test('a closed window offers the templates, and only those leave', async (t) => {
  const { get, offered, send, control, wa } = await desk(t)
  await control.clock.advance(DAY_MS)

  const { text: closed } = await get('/conversations/1', 'agent').expect(200)
  assert.match(wordsOf(closed), /Send a template[\s\S]*rating How was order[\s\S]*The 24-hour window closed/)
  assert.doesNotMatch(closed, /menu=greeting/)
  assert.deepEqual(await offered(), ['rating'])
  assert.match(wordsOf((await get('/conversations/1/menus?menu=rating', 'agent')).text), /Template rate_us \(en\) How was order ORD-1, friend\?/)

  assert.equal((await send({ menu: 'greeting' })).status, 404)
  assert.equal((await send({ menu: 'rating', 'v.order': 'ORD-9' })).status, 303)
  await wa.idle()

  assert.match(wordsOf((await get('/conversations/1')).text), /Template rate_us \(en\) How was order ORD-9, friend\?/)
})

test('what was typed when the window closed is told not to be sent, and stays to be read', async (t) => {
  const { get, post, control } = await desk(t)
  const token = hidden((await get('/conversations/1')).text, 'token')
  await control.clock.advance(DAY_MS)

  const { text: page } = await post('/conversations/1/messages', { token, text: 'Your parcel & its twin' }, 'agent').expect(409)

  assert.match(page, /id="composer-kept"[^>]*>Kept until they write again: <span[^>]*>Your parcel &amp; its twin<\/span>/)
  assert.doesNotMatch(page, /id="composer-kept"[^>]* hidden/)
})

test('viewers are offered nothing and send nothing', async (t) => {
  const { get, post, control } = await desk(t)
  for (const closed of [false, true]) {
    if (closed) await control.clock.advance(DAY_MS)
    assert.doesNotMatch((await get('/conversations/1', 'viewer').expect(200)).text, /\/1\/menus|Send a (menu|template)/)
    await get('/conversations/1/menus', 'viewer').expect(403)
    for (const path of ['', '/preview']) await post(`/conversations/1/menus${path}`, { menu: 'rating' }, 'viewer').expect(403)
  }
})

test('what was found is shown with what was said before and after it', async (t) => {
  const { get, wa } = await desk(t)
  for (let n = 1; n <= 60; n++) await wa.send('+919800000001', { text: `words ${n}.` })
  await wa.idle()

  const found = (await get('/conversations?q="words 20."')).text
  const [, address = ''] = /href="\/wa(\/conversations\/1\?around=\d+)#row-\d+"/.exec(found) ?? []
  const { text: page } = await get(address)

  const seen = [...page.matchAll(/words (\d+)\./g)].map(([, n]) => Number(n))
  assert.ok(seen.includes(20) && Math.min(...seen) < 20 && Math.max(...seen) > 20, seen.join())
})

test('somebody who reads further up keeps what they see when something comes', async (t) => {
  const { get, asha, wa } = await desk(t)
  for (let n = 1; n <= 50; n++) await wa.send('+919800000001', { text: `words ${n}.` })
  await wa.idle()
  const shown = (html: string) => [...html.matchAll(/words (\d+)\./g)].map(([, n]) => Number(n))
  const before = (await get('/conversations/1')).text
  const [, from = ''] = /data-from="(\d+)"/.exec(before) ?? []
  await asha.says('one more')

  const held = (await get(`/conversations/1?from=${from}`)).text

  assert.equal(shown(before).length, 40)
  assert.deepEqual(shown(held), shown(before))
  assert.match(held, /one more/)
  assert.match(held, new RegExp(`\\?after=${from}"`))
})

test('the phone says beside the field why it did not take what was written, and keeps it', async (t) => {
  const { post } = await host(t)
  const long = '🙂'.repeat(4097)

  const { text: page } = await post('/phone/messages', { kind: 'text', text: long }).expect(422)

  assert.match(page, /<textarea id="phone-text"[^>]*aria-invalid="true">🙂{4097}<\/textarea>/u)
  assert.match(page, /id="_refusal"[^>]*>Not sent: 4,097 characters; WhatsApp takes 4,096/)
})

test('from the top of a thread one leads straight to where one writes, if one may', async (t) => {
  const { get } = await desk(t)
  const skips = async (who: string) => (await get('/conversations/1', who)).text.match(/class="skip" href="#[a-z-]+"/g)

  assert.deepEqual(await skips('agent'), ['class="skip" href="#main"', 'class="skip" href="#composer-text"'])
  assert.deepEqual(await skips('viewer'), ['class="skip" href="#main"'])
})
