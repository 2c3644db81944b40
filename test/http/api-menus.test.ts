import assert from 'node:assert/strict'
import { test } from 'node:test'
import { list } from '../../lib/index'
import { menuByKey } from '../../lib/store/menus'
import { ENGINE } from '../../lib/wa'
import { type Ask, apiHost, trackLink, walk } from './api-host'

const rating = {
  type: 'button',
  body: 'Order {{order}} has arrived. How was it?',
  variables: { order: { sample: 'ORD-1' } },
  buttons: [
    { id: 'rating_great', title: 'Great!' },
    { id: 'rating_bad', title: 'Not satisfied' },
  ],
}
const ifMatch = (etag: unknown): Ask => ({ headers: { 'If-Match': String(etag) } })
const bodyOf = (menu: { body?: string } | null): string | undefined => menu?.body
const pathsOf = (answer: { body: { errors: { path: string }[] } }): string[] => answer.body.errors.map((fault) => fault.path)

test('a menu is written, published, sent, changed as a draft, published again', async (t) => {
  const { get, post, put } = await apiHost(t)

  const made = await post('/menus', { key: 'rating', ...rating })
  const early = await post('/messages', { to: '+919876543210', menu: 'rating', variables: { order: '1' } })
  const published = await post('/menus/rating/publish')
  const draft = await put('/menus/rating', { ...rating, body: 'Happy with {{order}}?' })
  const live = await get('/menus/rating')
  const second = await post('/menus/rating/publish', {})
  const sent = await post('/messages', { to: '+919876543210', menu: 'rating', variables: { order: '1' } })

  assert.deepEqual([made.status, made.headers.location, made.headers.etag], [201, '/wa/api/menus/rating', '"1"'])
  assert.deepEqual(made.body, { key: 'rating', version: null, published: null, draft: { key: 'rating', ...rating }, tags: [] })
  assert.deepEqual([early.status, early.body.code], [404, 'WA_MENU_UNKNOWN'])
  assert.deepEqual([published.status, published.body], [200, { key: 'rating', version: 1, changed: true }])
  assert.equal(draft.status, 200)
  assert.deepEqual([bodyOf(live.body.published), bodyOf(live.body.draft), live.body.version], [rating.body, 'Happy with {{order}}?', 1])
  assert.deepEqual(second.body, { key: 'rating', version: 2, changed: true })
  assert.equal((await get(`/messages/${sent.body.id}`)).body.text, 'Happy with 1?')
})

test('publishing what has not changed answers the version that is live, also several times at once', async (t) => {
  const { get, post, put } = await apiHost(t)
  await put('/menus/rating', rating)

  const answers = await Promise.all(Array.from({ length: 5 }, () => post('/menus/rating/publish')))
  const again = await post('/menus/rating/publish')
  await put('/menus/rating', rating)
  const same = await post('/menus/rating/publish')

  assert.deepEqual(
    answers.map((answer) => [answer.status, answer.body.version]),
    Array.from({ length: 5 }, () => [200, 1]),
  )
  assert.equal(answers.filter((answer) => answer.body.changed).length, 1)
  assert.deepEqual(
    [again.body, same.body],
    [
      { key: 'rating', version: 1, changed: false },
      { key: 'rating', version: 1, changed: false },
    ],
  )
  assert.equal((await get('/menus/rating')).body.draft, null)
})

test('whoever read an older revision cannot write, publish or archive over it', async (t) => {
  const { get, post, put, del } = await apiHost(t)
  const first = await put('/menus/rating', rating)
  const second = await put('/menus/rating', { ...rating, body: 'mine' }, ifMatch(first.headers.etag))

  const stale = [
    await put('/menus/rating', { ...rating, body: 'yours' }, ifMatch(first.headers.etag)),
    await post('/menus/rating/publish', {}, ifMatch(first.headers.etag)),
    await del('/menus/rating', ifMatch(first.headers.etag)),
    await put('/menus/rating', rating, ifMatch('rubbish')),
    await put('/menus/rating', rating, ifMatch('"9999"')),
    await put('/menus/new-one', rating, ifMatch('*')),
    await put('/menus/new-one', rating, ifMatch('"1"')),
  ]

  for (const answer of stale) assert.deepEqual([answer.status, answer.body.code], [412, 'WA_MENU_STALE'], answer.text)
  assert.equal(bodyOf((await get('/menus/rating')).body.draft), 'mine')
  assert.equal((await get('/menus/new-one')).status, 404)
  assert.equal((await put('/menus/rating', { ...rating, body: 'weak' }, ifMatch(`W/${second.headers.etag}`))).status, 200)
  assert.equal((await put('/menus/rating', { ...rating, body: 'star' }, ifMatch('*'))).status, 200)
})

test('of ten who write from the same revision at once one does, and nine are told', async (t) => {
  const { get, put } = await apiHost(t)
  const { headers } = await put('/menus/rating', rating)

  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, index) => put('/menus/rating', { ...rating, body: `writer ${index}` }, ifMatch(headers.etag))),
  )

  const won = answers.filter((answer) => answer.status === 200)
  assert.equal(won.length, 1)
  assert.equal(answers.filter((answer) => answer.status === 412).length, 9)
  assert.deepEqual((await get('/menus/rating')).body, won[0]?.body)
})

test('POST makes a menu and overwrites none', async (t) => {
  const { get, post } = await apiHost(t)

  const answers = await Promise.all([1, 2, 3].map((writer) => post('/menus', { key: 'rating', ...rating, body: `writer ${writer}` })))
  const declared = await post('/menus', { ...trackLink.spec, body: 'Other {{order}}' })

  assert.deepEqual(answers.map((answer) => answer.status).sort(), [201, 409, 409])
  assert.deepEqual([declared.status, declared.body.code], [409, 'WA_STATE'])
  assert.equal((await get('/menus/track-link')).body.draft, null)
})

test('a draft may be unfinished; publishing names every fault at once', async (t) => {
  const { post, put } = await apiHost(t)

  const saved = await put('/menus/unfinished', {
    type: 'button',
    body: '',
    buttons: [
      { id: 'a', title: 'x'.repeat(30) },
      { id: 'a', title: '' },
    ],
  })
  const published = await post('/menus/unfinished/publish')

  assert.equal(saved.status, 200)
  assert.deepEqual([published.status, published.body.code], [422, 'WA_MENU_LIMIT'])
  assert.ok(pathsOf(published).includes('body') && pathsOf(published).includes('buttons[0].title') && pathsOf(published).includes('buttons[1].title'))
  for (const fault of published.body.errors) assert.ok(fault.message.length > 10)
})

test('a structure that is wrong is refused as a draft too, all of it at once, with suggestions', async (t) => {
  const { get, put } = await apiHost(t)

  const answer = await put('/menus/help-two', {
    type: 'list',
    body: 5,
    buton: 'x',
    button: 'Pick',
    sections: [{ rows: [{ id: 'a', titel: 'A' }] }],
    draft: {},
    version: 9,
  })

  assert.deepEqual([answer.status, answer.body.code], [422, 'WA_REQUEST_INVALID'])
  assert.deepEqual(pathsOf(answer).sort(), ['body', 'buton', 'draft', 'sections[0].rows[0].titel', 'sections[0].rows[0].title', 'version'])
  assert.match(answer.text, /Did you mean \\"button\\"\?/)
  assert.match(answer.text, /Did you mean \\"title\\"\?/)
  assert.equal((await get('/menus/help-two')).status, 404)
})

for (const [says, body, path] of [
  ['a type that is none', { ...rating, type: 'buttons' }, 'type'],
  ['no type', { body: 'x' }, 'type'],
  ['a key that is not the one of the address', { key: 'other', ...rating }, 'key'],
  ['a key that is no text', { key: 5, ...rating }, 'key'],
  ['a menu for code', { ...rating, owner: 'code' }, 'owner'],
  ['a list', [rating], ''],
  ['a header of no kind', { ...rating, header: { text: 'x' } }, 'header.type'],
  ['a header of another kind', { ...rating, header: { type: 'sticker' } }, 'header.type'],
] as const) {
  test(`it is refused as a menu: ${says}`, async (t) => {
    const { put } = await apiHost(t)

    const answer = await put('/menus/rating', body)

    assert.equal(answer.status, 422, answer.text)
    assert.deepEqual(pathsOf(answer), [path])
    assert.doesNotMatch(answer.body.detail, /undefined/)
  })
}

test('an option that code listens to does not vanish unless somebody insists', async (t) => {
  const { wa, get, post, put } = await apiHost(t)
  wa.onReply('thanks', () => {})
  await put('/menus/track-link', { ...trackLink.spec, buttons: [{ id: 'where', title: 'Where?' }] })

  const refused = await post('/menus/track-link/publish')
  const untouched = (await get('/menus/track-link')).body
  const insisted = await post('/menus/track-link/publish', { force: true })

  assert.deepEqual([refused.status, refused.body.code], [409, 'WA_MENU_IN_USE'])
  assert.match(refused.body.detail, /reply:thanks/)
  assert.equal(untouched.version, 1)
  assert.deepEqual(insisted.body, { key: 'track-link', version: 2, changed: true })
})

test('a menu that code listens to is not taken out of use unless somebody insists', async (t) => {
  const { wa, get, del } = await apiHost(t)
  wa.onReply('thanks', () => {})

  const refused = await del('/menus/track-link')
  const untouched = await get('/menus/track-link')
  const insisted = await del('/menus/track-link?force=true')

  assert.deepEqual([refused.status, refused.body.code], [409, 'WA_MENU_IN_USE'])
  assert.match(refused.text, /reply:thanks.*force=true/)
  assert.deepEqual([untouched.status, untouched.body.version], [200, 1])
  assert.equal(insisted.status, 204, insisted.text)
})

test('the draft that was checked is the one that goes live: one saved meanwhile is checked too', async (t) => {
  const { wa, get, put, post } = await apiHost(t)
  const engine = (wa as unknown as Record<symbol, { wouldBreak: (...given: unknown[]) => Promise<unknown> }>)[ENGINE]
  assert.ok(engine)
  await put('/menus/rating', rating)
  const { wouldBreak } = engine
  let saved = false
  engine.wouldBreak = async (...given) => {
    if (!saved) await put('/menus/rating', { ...rating, body: 'x'.repeat(2000) })
    saved = true
    return wouldBreak(...given)
  }

  const answer = await post('/menus/rating/publish')

  assert.deepEqual([answer.status, answer.body.code], [422, 'WA_MENU_LIMIT'])
  assert.equal((await get('/menus/rating')).body.version, null)
})

test('an archived menu is no longer sent, listed or shown; PUT brings it back, and old messages keep their words', async (t) => {
  const { get, post, put, del } = await apiHost(t)
  await put('/menus/rating', rating)
  await post('/menus/rating/publish')
  const sent = await post('/messages', { to: '+919876543210', menu: 'rating', variables: { order: '1' } })
  const keys = async (path: string) => (await get(path)).body.items.map((menu: { key: string }) => menu.key)

  const gone = await del('/menus/rating')
  const again = await del('/menus/rating')

  assert.deepEqual([gone.status, gone.text, again.status], [204, '', 204])
  assert.equal((await get('/menus/rating')).status, 404)
  assert.deepEqual(await keys('/menus'), ['help', 'track-link'])
  assert.deepEqual(await keys('/menus?archived=true'), ['rating'])
  assert.equal((await post('/messages', { to: '+919876543210', menu: 'rating', variables: { order: '1' } })).status, 404)
  assert.equal((await get(`/messages/${sent.body.id}`)).body.text, 'Order 1 has arrived. How was it?')
  assert.deepEqual((await put('/menus/rating', rating)).body.version, 1)
  assert.deepEqual(await keys('/menus'), ['rating', 'help', 'track-link'])
})

test('a menu that code owns is read, and not written', async (t) => {
  const owned = list('owned', { body: 'Ours', button: 'Pick', owner: 'code', sections: [{ rows: [{ id: 'a', title: 'A' }] }] })
  const { get, put, del } = await apiHost(t, { menus: [owned] })

  assert.equal((await get('/menus/owned')).body.published.owner, 'code')
  for (const answer of [await put('/menus/owned', { type: 'text', body: 'Mine' }), await del('/menus/owned')])
    assert.deepEqual([answer.status, answer.body.code], [409, 'WA_MENU_READ_ONLY'])
})

test('what cannot be a key, and what is none, is not found', async (t) => {
  const { get, post, put, del } = await apiHost(t)

  for (const key of ['nothing', 'Help', 'help%00', 'a%2Fb', 'x'.repeat(65), '__proto__', 'constructor', '%F0%9F%99%82']) {
    for (const answer of [await get(`/menus/${key}`), await post(`/menus/${key}/publish`), await del(`/menus/${key}`)])
      assert.deepEqual([answer.status, answer.body.code], [404, 'WA_MENU_UNKNOWN'], `${key}: ${answer.text}`)
  }
  const written = await put('/menus/Help', rating)
  assert.equal(written.status, 422)
  assert.deepEqual(pathsOf(written), ['key'])
})

test('the pages of the list hold every menu once', async (t) => {
  const { get, put, wa } = await apiHost(t)
  for (let count = 0; count < 8; count++) await put(`/menus/menu-${count}`, { type: 'text', body: 'x' })
  const keys = await walk(async (path) => {
    const { body } = await get(path)
    return { body: { ...body, items: body.items.map((menu: { key: string }) => ({ id: menu.key })) } }
  }, '/menus')

  assert.deepEqual(keys, [7, 6, 5, 4, 3, 2, 1, 0].map((count) => `menu-${count}`).concat('help', 'track-link'))
  assert.ok(wa)
})

test('what was written is stored as it was sent, key first, and the key that wrote it is named', async (t) => {
  const { wa, put } = await apiHost(t)
  const engine = (wa as unknown as Record<symbol, { db: { read: never } }>)[ENGINE]

  await put('/menus/rating', rating)

  const stored = await menuByKey(engine?.db.read as never, 'rating')
  assert.deepEqual(stored?.draft, { key: 'rating', ...rating })
  assert.equal(stored?.updated_by, 'admin shop')
})
