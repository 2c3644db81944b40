import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engines } from '../support/databases'
import { apiHost } from './api-host'

const hello = { to: '+919876543210', message: { text: 'Hello' } }
const rating = { type: 'text', body: 'one' }

/** What parallel callers may do to one row: on every engine. */
for (const engine of engines()) {
  test(`${engine.name}: fifty parallel posts with one key are one message, and as many of menus lose no words`, { skip: engine.skip }, async (t) => {
    const database = await engine.open()
    t.after(() => database.drop())
    const { wa, get, post, put } = await apiHost(t, { database: database.url })
    const { headers } = await put('/menus/rating', rating)

    const sent = await Promise.all(Array.from({ length: 50 }, () => post('/messages', hello, { headers: { 'Idempotency-Key': 'k' } })))
    const written = await Promise.all(
      Array.from({ length: 10 }, (_, index) => put('/menus/rating', { ...rating, body: `writer ${index}` }, { headers: { 'If-Match': String(headers.etag) } })),
    )
    const made = await Promise.all(Array.from({ length: 10 }, (_, index) => post('/menus', { key: 'new', type: 'text', body: `writer ${index}` })))
    const published = await Promise.all(Array.from({ length: 10 }, () => post('/menus/rating/publish')))
    await wa.idle()

    assert.deepEqual([...new Set(sent.map((answer) => `${answer.status} ${answer.text}`))], [`202 ${sent[0]?.text}`])
    assert.equal((await get('/messages')).body.items.length, 1)
    assert.deepEqual(written.map((answer) => answer.status).sort(), [200, ...Array(9).fill(412)])
    assert.deepEqual(
      made.map((answer) => answer.status).filter((status) => status === 201),
      [201],
    )
    assert.deepEqual([...new Set(made.map((answer) => answer.status))].sort(), [201, 409])
    assert.deepEqual([...new Set(published.map((answer) => `${answer.status} ${answer.body.version}`))], ['200 1'])
    assert.equal(published.filter((answer) => answer.body.changed).length, 1)
    await wa.close()
  })

  test(`${engine.name}: who names no revision is never told of another one, however many write, publish and archive at once`, {
    skip: engine.skip,
  }, async (t) => {
    const database = await engine.open()
    t.after(() => database.drop())
    const { wa, get, post, put, del } = await apiHost(t, { database: database.url })
    const write = (key: string, index: number) => put(`/menus/${key}`, { ...rating, body: `writer ${index}` })

    const made = await Promise.all(Array.from({ length: 12 }, (_, index) => write('rating', index)))
    const mixed = await Promise.all(Array.from({ length: 24 }, (_, index) => (index % 3 === 0 ? post('/menus/rating/publish') : write('rating', index))))
    const gone = await Promise.all(Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? del('/menus/rating') : write('rating', index))))
    const last = await put('/menus/rating', { ...rating, body: 'the last' })
    const seen = await get('/menus/rating')
    await wa.close()

    for (const { status, text } of [...made, ...mixed]) assert.equal(status, 200, text)
    for (const { status, text } of gone) assert.ok([200, 204].includes(status), text)
    assert.deepEqual([last.body.draft.body, seen.headers.etag], ['the last', last.headers.etag])
  })

  test(`${engine.name}: of thirty that are sent to one customer at once as many are taken as an hour allows`, { skip: engine.skip }, async (t) => {
    const database = await engine.open()
    t.after(() => database.drop())
    const { wa, post } = await apiHost(t, { database: database.url, perRecipientHour: 10 })
    await post('/messages', hello)

    const sent = await Promise.all(Array.from({ length: 30 }, () => post('/messages', hello)))
    await wa.idle()
    await wa.close()

    const statuses = sent.map(({ status }) => status)
    assert.deepEqual([statuses.filter((status) => status === 202).length, statuses.filter((status) => status === 429).length], [9, 21])
  })

  test(`${engine.name}: what no database looks for is refused, or finds nothing`, { skip: engine.skip }, async (t) => {
    const database = await engine.open()
    t.after(() => database.drop())
    const { wa, get, post } = await apiHost(t, { database: database.url })

    const answers = [
      ...(await Promise.all(['/menus?tag', '/conversations?number', '/messages?number', '/events?number'].map((path) => get(`${path}=a%00b`)))),
      await get('/menus/a%00b'),
      await get('/messages/%00'),
      await post('/messages', { ...hello, to: { externalId: 'a\u0000b' } }),
      await post('/messages', { ...hello, number: 'a\u0000b' }),
      await post('/messages', { to: hello.to, menu: 'a\u0000b' }),
    ]
    const said = await post('/messages', { to: hello.to, message: { text: 'a\u0000b' } })
    await wa.close()

    for (const { status, text } of answers) assert.ok([404, 422].includes(status), `${status} ${text}`)
    assert.equal(said.status, 202)
  })
}
