import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import express from 'express'
import express4 from 'express4'
import request from 'supertest'
import type { ApiRoute } from '../../lib/http/api/route'
import { ROUTES } from '../../lib/http/api/routes'
import { SCOPES } from '../../lib/http/exchange'
import { waInteractive } from '../../lib/index'
import { testOptions } from '../../lib/testing'
import { apiHost, caller, KEYS } from './api-host'

const addressOf = (route: ApiRoute): string => `/wa${route.path.replace(':id', '1').replace(':key', 'help')}`
const knock = (server: Parameters<typeof request>[0], route: ApiRoute) =>
  request(server)[route.method.toLowerCase() as 'get' | 'post' | 'put' | 'delete'](addressOf(route))

test('every route answers 401 without a key, with a wrong one, with a cookie, and with the key in the address', async (t) => {
  const { server } = await apiHost(t)

  for (const route of ROUTES) {
    for (const [how, asking] of [
      ['none', knock(server, route)],
      ['wrong', knock(server, route).set('Authorization', 'Bearer admin-key-012345678')],
      ['basic', knock(server, route).auth('admin', KEYS.admin)],
      ['cookie', knock(server, route).set('Cookie', `Authorization=Bearer ${KEYS.admin}; session=1`)],
      ['address', knock(server, route).query({ key: KEYS.admin, access_token: KEYS.admin })],
    ] as const) {
      const answer = await asking

      assert.equal(answer.status, 401, `${route.method} ${route.path} with ${how}`)
      assert.equal(answer.headers['www-authenticate'], 'Bearer')
      assert.equal(answer.body.code, 'WA_UNAUTHORIZED')
    }
  }
})

test('every route answers 403 to a key of less scope than it needs, and lets its own scope pass', async (t) => {
  const { server } = await apiHost(t)

  for (const route of ROUTES) {
    for (const scope of SCOPES) {
      const answer = await knock(server, route).set('Authorization', `Bearer ${KEYS[scope]}`)

      const mayPass = SCOPES.indexOf(scope) >= SCOPES.indexOf(route.may)
      assert.equal(answer.status === 403, !mayPass, `${route.method} ${route.path} with ${scope}: ${answer.status}`)
    }
  }
})

test('reading needs scope read; sending and deciding on messages send; menus and decisions on events admin', () => {
  const scopes = Object.fromEntries(ROUTES.map((route) => [`${route.method} ${route.path}`, route.may]))

  assert.deepEqual(scopes, {
    'POST /api/messages': 'send',
    'GET /api/messages': 'read',
    'GET /api/messages/:id': 'read',
    'POST /api/messages/:id/retry': 'send',
    'POST /api/messages/:id/arrived': 'send',
    'POST /api/messages/:id/cancel': 'send',
    'GET /api/menus': 'read',
    'POST /api/menus': 'admin',
    'GET /api/menus/:key': 'read',
    'PUT /api/menus/:key': 'admin',
    'DELETE /api/menus/:key': 'admin',
    'POST /api/menus/:key/publish': 'admin',
    'GET /api/conversations': 'read',
    'GET /api/conversations/:id': 'read',
    'GET /api/conversations/:id/messages': 'read',
    'GET /api/events': 'read',
    'POST /api/events/:id/retry': 'admin',
    'POST /api/events/:id/discard': 'admin',
    'POST /api/events/:id/replay': 'admin',
    'GET /api/openapi.json': 'read',
  })
})

test('in production without a key everything is closed, and the answer names the setting', async () => {
  process.env.NODE_ENV = 'production'
  try {
    const { control: _control, ...options } = testOptions()
    await using wa = waInteractive({ ...options })
    await wa.start()
    const app = express().use(wa)

    for (const route of ROUTES) {
      const answer = await knock(app, route)

      assert.equal(answer.status, 403, `${route.method} ${route.path}`)
      assert.match(answer.body.detail, /apiKeys, or WA_API_KEY/)
    }
  } finally {
    delete process.env.NODE_ENV
  }
})

test('with nothing configured it is open to this machine alone', async () => {
  const { control: _control, ...options } = testOptions()
  await using wa = waInteractive({ ...options })
  await wa.start()
  const app = express().use(wa)

  await request(app).get('/wa/api/menus').expect(200)
  await request(app).get('/wa/api/menus').set('X-Forwarded-For', '203.0.113.7').expect(403)
  await request(app).get('/wa/api/menus').set('Host', 'rebound.example').expect(403)
})

test('what is not there is 404, what knows another method 405 with Allow, both as problems', async (t) => {
  const { server } = await apiHost(t)
  const as = (asking: request.Test) => asking.set('Authorization', `Bearer ${KEYS.admin}`)

  for (const path of [
    '/wa/api',
    '/wa/api/',
    '/wa/api/nothing',
    '/wa/api/messages/1/2/3',
    '/wa/api/menus/%zz',
    '/wa/api/constructor',
    '/wa/api/__proto__',
    '/wa/api//messages',
  ]) {
    const answer = await as(request(server).get(path))

    assert.equal(answer.status, 404, path)
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
    assert.match(answer.body.detail, /GET \/wa\/api\/openapi\.json/)
  }
  const wrong = await as(request(server).delete('/wa/api/messages/1'))
  assert.equal(wrong.status, 405)
  assert.equal(wrong.headers.allow, 'GET')
  assert.equal(wrong.body.code, 'WA_METHOD')
  assert.equal((await as(request(server).patch('/wa/api/menus/help'))).headers.allow, 'GET, PUT, DELETE')
})

test('no other site may read it: OPTIONS gives no CORS header, nor does any answer', async (t) => {
  const { server } = await apiHost(t)

  const preflight = await request(server)
    .options('/wa/api/messages')
    .set({ Origin: 'https://evil.example', 'Access-Control-Request-Method': 'POST', Authorization: `Bearer ${KEYS.admin}` })
  const answer = await request(server)
    .get('/wa/api/menus')
    .set({ Origin: 'https://evil.example', Authorization: `Bearer ${KEYS.admin}` })

  assert.equal(preflight.status, 405)
  for (const headers of [preflight.headers, answer.headers])
    assert.deepEqual(
      Object.keys(headers).filter((name) => name.startsWith('access-control')),
      [],
    )
})

test('HEAD answers like GET, without the body', async (t) => {
  const { server } = await apiHost(t)

  const answer = await request(server).head('/wa/api/menus/help').set('Authorization', `Bearer ${KEYS.read}`).expect(200)

  assert.equal(answer.headers.etag, '"1"')
  assert.equal(answer.text, undefined)
})

for (const [name, make] of [
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
] as const) {
  test(`${name}: mounted at /, /wa and /support, above and below express.json(), it is the same API`, async () => {
    const { control: _control, ...options } = testOptions()
    await using wa = waInteractive({ ...options, apiKeys: [{ name: 'shop', key: KEYS.admin, scope: 'admin' }] })
    await wa.start()

    for (const [mount, prefix] of [
      ['/', '/wa'],
      ['/wa', '/wa'],
      ['/support', '/support'],
    ] as const) {
      for (const app of [
        make().use(mount, wa),
        make().use(make.json()).use(mount, wa),
        make()
          .use(make.urlencoded({ extended: true }))
          .use(mount, wa),
      ]) {
        const { post, get } = caller(app, prefix)

        const sent = await post('/messages', { to: '+919876543210', message: { text: 'hi' } })
        const found = await get(String(sent.headers.location).slice(`${prefix}/api`.length))

        assert.equal(sent.status, 202, sent.text)
        assert.equal(found.body.id, sent.body.id)
        assert.deepEqual((await get('/openapi.json')).body.servers, [{ url: prefix }])
      }
    }
  })
}

test('wa.api alone serves the API and the probes, and leaves the rest to the host', async () => {
  const { control: _control, ...options } = testOptions()
  await using wa = waInteractive({ ...options })
  await wa.start()
  const app = express().use('/inner', wa.api)

  await request(app).get('/inner/api/menus').expect(200)
  await request(app).get('/inner/healthz').expect(200)
  await request(app)
    .get('/inner/conversations')
    .expect(404, /Cannot GET/)
})

test('while it starts, and when it is closed, every route answers 503 and when to come again', async () => {
  const { control: _control, ...options } = testOptions()
  const wa = waInteractive({ ...options, apiKeys: [{ name: 'shop', key: KEYS.admin, scope: 'admin' }], autoStart: false })
  const { get, post, put, del } = caller(express().use(wa))
  const all = async () => [
    await get('/messages'),
    await get('/messages/1'),
    await post('/messages', { to: '+919876543210', message: { text: 'hi' } }),
    await post('/messages/1/retry'),
    await get('/menus'),
    await put('/menus/x', { type: 'text', body: 'x' }),
    await del('/menus/x'),
    await post('/menus/x/publish'),
    await get('/conversations'),
    await get('/events'),
    await post('/events/1/replay'),
  ]

  const starting = await all()
  await wa.start()
  const ready = await get('/menus')
  await wa.close()
  const closed = await all()

  assert.equal(ready.status, 200)
  for (const answer of [...starting, ...closed]) {
    assert.equal(answer.status, 503, answer.text)
    assert.equal(answer.body.code, 'WA_CLOSED')
    assert.equal(answer.headers['retry-after'], '30')
  }
})

test('a start that failed is 503, and neither the path of the database nor SQL is told', async () => {
  const { control: _control, ...options } = testOptions()
  await using wa = waInteractive({ ...options, database: 'sqlite:/nowhere/secret-place/wa.sqlite', autoStart: false })
  const app = express().use(wa)
  await assert.rejects(wa.start(), { code: 'WA_DATABASE' })

  const answer = await request(app).get('/wa/api/menus')

  assert.equal(answer.status, 503)
  assert.equal(answer.headers['retry-after'], '30')
  assert.doesNotMatch(answer.text, /secret-place|sqlite|select/i)
})

test('importing the package loads neither joi nor Express', () => {
  const script = `
    const before = new Set(Object.keys(require.cache))
    require('./lib/index.ts').waInteractive({ autoStart: false, logger: false, database: 'sqlite::memory:' })
    const heavy = Object.keys(require.cache).filter((file) => /node_modules.(joi|express|ejs|@hapi)./.test(file))
    process.stdout.write(JSON.stringify(heavy))`
  const run = spawnSync(process.execPath, ['--import', 'tsx', '-e', script], { cwd: join(__dirname, '../..'), encoding: 'utf8', timeout: 60_000 })

  assert.equal(run.stderr, '')
  assert.equal(run.stdout, '[]')
})
