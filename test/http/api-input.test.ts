import assert from 'node:assert/strict'
import { test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { waInteractive } from '../../lib/index'
import { testOptions } from '../../lib/testing'
import { withField } from '../support/with-field'
import { apiHost, caller, KEYS } from './api-host'

const TO = '+919876543210'
const json = { headers: { 'Content-Type': 'application/json' } }
interface Answer {
  status: number
  text: string
  body: { code: string; errors: { path: string; message: string; actual?: unknown; limit?: unknown; fix?: string }[] }
}
const pathsOf = (answer: Answer): string[] => answer.body.errors.map((fault) => fault.path)

/** Every route that reads a body, with one that it takes. */
const WRITES = [
  ['post', '/messages', { to: TO, message: { text: 'hi' } }],
  ['post', '/messages', { to: { phone: TO }, message: { location: { latitude: 1, longitude: 2 } } }],
  ['post', '/messages', { to: TO, menu: 'track-link', variables: { order: 'ORD-1' } }],
  [
    'post',
    '/menus',
    {
      key: 'new-one',
      type: 'list',
      header: { type: 'text', text: 'H' },
      body: 'B',
      button: 'Pick',
      variables: { a: { sample: 'x' } },
      sections: [{ rows: [{ id: 'a', title: 'A' }] }],
    },
  ],
  [
    'put',
    '/menus/other',
    { type: 'template', template: { name: 't', language: 'en', components: [{ type: 'body', parameters: [{ type: 'text', text: 'x' }] }] } },
  ],
  ['post', '/menus/help/publish', { force: false }],
] as const

test('__proto__ is refused at every depth of every body, and no prototype is touched', async (t) => {
  const { get, post, put } = await apiHost(t)

  for (const [method, path, body] of WRITES) {
    for (const hostile of withField(body, '__proto__', '{"polluted":true,"isAdmin":1,"text":"x"}')) {
      const answer = await { post, put }[method](path, hostile, json)

      assert.equal(answer.status, 422, `${hostile}: ${answer.text}`)
      assert.match(pathsOf(answer)[0] ?? '', /(^|\.)__proto__$/)
    }
  }
  assert.equal(({} as { polluted?: boolean }).polluted, undefined)
  assert.deepEqual((await get('/messages')).body.items, [])
  assert.equal((await get('/menus/new-one')).status, 404)
})

test('constructor, prototype and hasOwnProperty are fields like others: unknown, or plain data where any are taken', async (t) => {
  const { post, put } = await apiHost(t)

  for (const [method, path, body] of WRITES) {
    for (const name of ['constructor', 'prototype', 'hasOwnProperty', 'toString']) {
      for (const hostile of withField(body, name, '{"prototype":{"polluted":true}}')) {
        const answer = await { post, put }[method](path, hostile, json)

        assert.ok(answer.status < 500, `${hostile}: ${answer.text}`)
        const isOpen = /"(parameters|type":"body)/.test(hostile) && /"components":\[.*"(constructor|prototype|hasOwnProperty|toString)"/.test(hostile)
        if (!isOpen) assert.equal(answer.status, 422, hostile)
      }
    }
  }
  assert.equal(({} as { polluted?: boolean }).polluted, undefined)
})

test('the query is judged alike: prototypes, unknown names, the same name twice, brackets', async (t) => {
  const { get } = await apiHost(t)

  for (const [query, path] of [
    ['__proto__=1', '__proto__'],
    ['constructor=1', 'constructor'],
    ['stat=failed', 'stat'],
    ['status=failed&status=sent', 'status'],
    ['status[]=failed', 'status[]'],
    ['status[$ne]=failed', 'status[$ne]'],
    ['status=', 'status'],
    ['limit=0', 'limit'],
    ['limit=201', 'limit'],
    ['limit=-1', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=1e2', 'limit'],
    ['limit=0x10', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=', 'limit'],
    ['limit=5&limit=6', 'limit'],
    ['after=x', 'after'],
    ['after=0', 'after'],
    ['after=1.5', 'after'],
    ["after=1'%20or%20'1", 'after'],
    ['number=a%00b', 'number'],
    [`number=${'x'.repeat(65)}`, 'number'],
    ['offset=5', 'offset'],
    ['orderBy=id', 'orderBy'],
  ] as const) {
    const answer = await get(`/messages?${query}`)

    assert.equal(answer.status, 422, `${query}: ${answer.text}`)
    assert.deepEqual([...new Set(pathsOf(answer))], [path], query)
  }
  assert.match((await get('/messages?stat=failed')).text, /Did you mean \\"status\\"\?/)
  assert.equal((await get('/menus?archived=yes')).status, 422)
  assert.equal((await get('/messages/1?x=1')).status, 422)
})

test('all faults of query, header and body are told at once', async (t) => {
  const { post } = await apiHost(t)

  const answer = await post('/messages?dry=1', { to: 5, message: { text: '' }, numbr: 'x' }, { headers: { 'Idempotency-Key': 'k'.repeat(300) } })

  assert.equal(answer.status, 422)
  assert.deepEqual(pathsOf(answer).sort(), ['Idempotency-Key', 'dry', 'message.text', 'numbr', 'to'])
  for (const fault of answer.body.errors) assert.ok(fault.message.length > 10, JSON.stringify(fault))
  assert.match(answer.text, /Did you mean \\"number\\"\?/)
})

const WRONG = [null, 5, true, [], ['x'], {}, { length: 1 }, '', ' ']
for (const [field, make, fine] of [
  ['to', (value: unknown) => ({ to: value, message: { text: 'hi' } }), []],
  ['to.phone', (value: unknown) => ({ to: { phone: value }, message: { text: 'hi' } }), []],
  ['to.bsuid', (value: unknown) => ({ to: { bsuid: value }, message: { text: 'hi' } }), [' ']],
  ['to.id', (value: unknown) => ({ to: { id: value }, message: { text: 'hi' } }), []],
  ['to.externalId', (value: unknown) => ({ to: { externalId: value }, message: { text: 'hi' } }), [' ']],
  ['menu', (value: unknown) => ({ to: TO, menu: value }), [' ']],
  ['number', (value: unknown) => ({ to: TO, message: { text: 'hi' }, number: value }), [' ']],
  ['variables', (value: unknown) => ({ to: TO, menu: 'track-link', variables: value }), [{}, { length: 1 }]],
  ['message', (value: unknown) => ({ to: TO, message: value }), []],
  ['message.text', (value: unknown) => ({ to: TO, message: { text: value } }), []],
  ['message.preview', (value: unknown) => ({ to: TO, message: { text: 'x', preview: value } }), [true]],
  ['message.image', (value: unknown) => ({ to: TO, message: { image: value } }), []],
  ['message.image.link', (value: unknown) => ({ to: TO, message: { image: { link: value } } }), []],
  ['message.caption', (value: unknown) => ({ to: TO, message: { image: { id: 'x' }, caption: value } }), ['']],
  ['message.filename', (value: unknown) => ({ to: TO, message: { document: { id: 'x' }, filename: value } }), []],
  ['message.location.latitude', (value: unknown) => ({ to: TO, message: { location: { latitude: value, longitude: 1 } } }), [5]],
  ['message.reaction', (value: unknown) => ({ to: TO, message: { reaction: value, to: 'x' } }), ['', ' ']],
  ['message.raw.type', (value: unknown) => ({ to: TO, message: { raw: { type: value } } }), []],
] as const) {
  test(`nothing is converted: ${field} of another type is a fault there, and never reaches the database`, async (t) => {
    const { get, post } = await apiHost(t)

    for (const value of WRONG) {
      const answer = await post('/messages', make(value))

      if ((fine as readonly unknown[]).some((one) => JSON.stringify(one) === JSON.stringify(value))) {
        assert.notEqual(answer.body.code, 'WA_REQUEST_INVALID', `${JSON.stringify(value)}: ${answer.text}`)
        continue
      }
      assert.equal(answer.status, 422, `${JSON.stringify(value)}: ${answer.text}`)
      for (const path of pathsOf(answer))
        assert.ok(path === field || path.startsWith(`${field}.`) || field.startsWith(`${path}.`), `${JSON.stringify(value)}: ${path}`)
    }
    assert.equal((await get('/messages')).status, 200)
  })
}

test('a body that is no object is a fault', async (t) => {
  const { post } = await apiHost(t)

  for (const body of ['null', '5', '"text"', '[]', 'true', '[{"to":"+919876543210"}]']) {
    const answer = await post('/messages', body, json)

    assert.deepEqual([answer.status, answer.body.errors[0].path], [422, ''], `${body}: ${answer.text}`)
  }
})

test('what is no JSON is 400, another type 415, too much 413, and the next request is served', async (t) => {
  const { post, port, server } = await apiHost(t)
  const raw = (type: string, body: string | Buffer, headers: Record<string, string> = {}) =>
    request(server)
      .post('/wa/api/messages')
      .set({ Authorization: `Bearer ${KEYS.admin}`, ...headers, ...(type ? { 'Content-Type': type } : {}) })
      .send(body)

  for (const body of ['', '{', '{"to":}', "{'to':1}", 'to=1', '\ufeff{}', '{"a":1}{"b":2}', 'NaN', `{"to":"${'\u0000'}"}`]) {
    const answer = await raw('application/json', body)

    assert.deepEqual([answer.status, answer.body.code], [400, 'WA_BODY_INVALID'], JSON.stringify(body))
  }
  for (const type of [
    '',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonx',
    'application/merge-patch+json',
  ]) {
    const answer = await raw(type, 'x')

    assert.deepEqual([answer.status, answer.body.code], [415, 'WA_BODY_TYPE'], type)
  }
  const untyped = await raw('', Buffer.from('x'))
  assert.match(untyped.body.detail, /^The request names no content type; this route reads application\/json\.$/)
  for (const charset of ['utf-16', '"ISO-8859-1"', 'windows-1252']) {
    const answer = await raw(`application/json; charset=${charset}`, '{}')

    assert.deepEqual([answer.status, answer.body.code, pathsOf(answer)], [415, 'WA_BODY_TYPE', ['Content-Type']], charset)
  }
  const latin1 = await fetch(`http://127.0.0.1:${port()}/wa/api/messages`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${KEYS.admin}`, 'Content-Type': 'application/json' },
    body: Buffer.from(JSON.stringify({ to: TO, message: { text: 'café' } }), 'latin1'),
  })
  assert.deepEqual([latin1.status, ((await latin1.json()) as Answer['body']).errors[0]?.message], [400, 'not UTF-8'])
  assert.equal((await raw('application/json', Buffer.from('x'), { 'Content-Encoding': 'gzip' })).status, 415)
  const big = await raw('application/json', JSON.stringify({ to: TO, message: { text: 'x'.repeat(1_100_000) } }))
  assert.deepEqual([big.status, big.body.code], [413, 'WA_BODY_TOO_LARGE'])
  for (const charset of ['utf-8', 'UTF8', '"utf-8"'])
    assert.equal((await raw(`application/json; charset=${charset}`, JSON.stringify({ to: TO, message: { text: 'hi' } }))).status, 202)
  assert.equal((await post('/messages', { to: TO, message: { text: 'hi' } })).status, 202)
})

test('hostile bodies are judged before anybody gives up: depth, width, many faults, long names', { timeout: 60_000 }, async (t) => {
  const { post, put } = await apiHost(t)
  const deep = (levels: number, inner = '1') => `${'{"a":'.repeat(levels)}${inner}${'}'.repeat(levels)}`
  const wide = (count: number) => `{${Array.from({ length: count }, (_, index) => `"field${index}":1`).join()}}`
  const bodies = [
    `${'['.repeat(400_000)}${']'.repeat(400_000)}`,
    deep(100_000),
    `{"to":"${TO}","menu":"track-link","variables":${deep(200)}}`,
    `{"to":"${TO}","message":{"raw":{"type":"x","x":${deep(5000)}}}}`,
    wide(60_000),
    wide(9_000),
    `{"to":"${TO}","message":${wide(9_000)}}`,
    `{"${'x'.repeat(900_000)}":1}`,
    `{"to":"${'0'.repeat(900_000)}","message":{"text":"hi"}}`,
    `{"to":"${TO}","menu":"${'a'.repeat(900_000)}"}`,
    `{"to":"${TO}","message":{"text":"${'*_~`{'.repeat(180_000)}"}}`,
  ]
  const menus = [
    `{"type":"list","body":"x","button":"x","sections":[${Array.from({ length: 4000 }, () => '{"rows":1}').join()}]}`,
    `{"type":"text","body":"${'{{a}}'.repeat(150_000)}"}`,
    `{"type":"template","template":{"name":"x","language":"en","components":[${deep(30)}]}}`,
  ]

  for (const [call, hostile] of [
    ...bodies.map((body) => [() => post('/messages', body, json), body] as const),
    ...menus.map((body) => [() => put('/menus/x', body, json), body] as const),
  ]) {
    const answer = await call()

    assert.ok([200, 422].includes(answer.status), `${hostile.slice(0, 60)}: ${answer.status} ${answer.text.slice(0, 300)}`)
    assert.ok(answer.text.length < 1_000_000, `${hostile.slice(0, 60)}: ${answer.text.length} characters of answer`)
  }
})

test('32 levels and 10000 values are read; more is refused with the limit', async (t) => {
  const { post } = await apiHost(t)
  const raw = (x: string) => post('/messages', `{"to":"${TO}","message":{"raw":{"type":"contacts","x":${x}}}}`, json)
  const nested = (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`
  const long = (count: number) => `[${Array(count).fill(1).join()}]`

  assert.deepEqual([(await raw(nested(29))).status, (await raw(long(9_995))).status], [202, 202])
  for (const [refused, limit] of [
    [await raw(nested(30)), 32],
    [await raw(long(9_996)), 10_000],
  ] as const)
    assert.deepEqual([refused.status, refused.body.code, refused.body.errors[0].limit], [422, 'WA_REQUEST_INVALID', limit], refused.text)
})

test('below express.json() the same faults are found, prototypes too', async () => {
  const { control: _control, ...options } = testOptions()
  await using wa = waInteractive({ ...options, apiKeys: [{ name: 'shop', key: KEYS.admin, scope: 'admin' }] })
  await wa.start()
  const { post } = caller(
    express()
      .use(express.json({ limit: '2mb' }))
      .use(wa),
  )

  const polluted = await post('/messages', `{"to":"${TO}","message":{"text":"hi","__proto__":{"x":1}}}`, json)
  const empty = await post('/messages', undefined, json)
  const array = await post('/messages', '[]', json)
  const fine = await post('/messages', { to: TO, message: { text: 'hi' } })
  const publish = await post('/menus/nothing/publish')

  assert.deepEqual([polluted.status, pathsOf(polluted)], [422, ['message.__proto__']])
  assert.equal(empty.status, 422)
  assert.equal(array.status, 422)
  assert.equal(fine.status, 202)
  assert.equal(publish.status, 404)
})

test('no answer tells of SQL, files or stacks, whatever is asked', async (t) => {
  const { get, post, put } = await apiHost(t)
  const strange = [
    "'; drop table wa_messages; --",
    '\u0000',
    '\ud800',
    '%',
    '../../etc/passwd',
    '<script>alert(1)</script>',
    '{{constructor}}',
    '#{7*7}',
    '\u202e',
    '🙂'.repeat(50),
  ]

  for (const word of strange) {
    const answers = [
      await post('/messages', { to: word, message: { text: word } }),
      await post('/messages', { to: TO, menu: word, variables: { [word]: word } }),
      await post('/messages', { to: { externalId: word }, message: { text: word } }),
      await post('/messages', { to: TO, menu: 'track-link', variables: { order: word } }),
      await post('/messages', { to: TO, message: { text: `x${word}` }, number: word }),
      await put('/menus/strange', { type: 'text', body: word, variables: { [word]: { sample: word } } }),
      await get(`/menus/${encodeURIComponent(word.toWellFormed())}`),
      await get(`/conversations?number=${encodeURIComponent(word.toWellFormed())}`),
    ]
    for (const answer of answers) {
      assert.ok(answer.status < 500, answer.text)
      assert.doesNotMatch(answer.text, /SQLITE|knex|node_modules|\.ts:\d|select \*|insert into/i)
      if (answer.status >= 400) assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
    }
  }
})
