import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import express from 'express'
import request, { type Test } from 'supertest'
import { ROUTES } from '../../lib/http/dashboard/index'
import { ROLES } from '../../lib/http/exchange'
import { type WaOptions, waInteractive } from '../../lib/index'
import { testOptions, testPhone } from '../../lib/testing'
import { helpCenter, host } from '../dashboard/host'
import { engines } from '../support/databases'

async function app(t: TestContext, more: WaOptions = {}) {
  const { control: _control, ...options } = testOptions()
  const wa = waInteractive({ menus: [helpCenter], ...options, ...more } as WaOptions)
  await wa.start()
  t.after(() => wa.close())
  return { wa, app: express().use(wa) }
}
/** An address that meets a route: every parameter is 1. */
const addressOf = (path: string): string => `/wa${path.replaceAll(/:\w+/g, '1')}`
const ask = (server: express.Express, method: string, path: string): Test => request(server)[method.toLowerCase() as 'get'](addressOf(path))

test('every route of the dashboard is closed to whoever is not let in', async (t) => {
  const { app: server } = await app(t, { authorize: () => null })

  for (const { method, path } of ROUTES) {
    const { status, text } = await ask(server, method, path).set('sec-fetch-site', 'same-origin')
    assert.equal(status, 401, `${method} ${path}`)
    assert.doesNotMatch(text ?? '', /help-center|\/assets\//, `${method} ${path}`)
  }
})

test('every route needs its role, and no role may more than its routes say', async (t) => {
  const { app: server } = await app(t, { authorize: (req) => ({ id: 'u', name: 'U', role: req.headers['x-role'] }) })

  for (const { method, path, may } of ROUTES) {
    for (const role of ROLES.slice(0, ROLES.indexOf(may))) {
      const { status } = await ask(server, method, path).set({ 'x-role': role, 'sec-fetch-site': 'same-origin' })
      assert.equal(status, 403, `${role} ${method} ${path}`)
    }
  }
})

test('nothing that changes anything is taken from another site', async (t) => {
  const { app: server } = await app(t, { authorize: () => ({ id: 'u', name: 'U', role: 'admin' }) })
  const strangers: Record<string, string>[] = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    {},
    { 'hx-request': 'true', 'hx-request-type': 'partial' },
    { 'sec-fetch-site': 'cross-site', 'hx-request': 'true' },
  ]

  const changing = ROUTES.filter((route) => route.method !== 'GET')
  assert.ok(changing.length > 10)
  for (const { method, path } of changing) {
    for (const headers of strangers) {
      const { status } = await ask(server, method, path).set(headers)
      assert.equal(status, 403, `${method} ${path} ${JSON.stringify(headers)}`)
    }
  }
})

test('looking changes nothing: every GET twice leaves the database as it was', async (t) => {
  const { wa, app: server } = await app(t, { authorize: () => ({ id: 'u', name: 'U', role: 'admin' }) })
  await testPhone(wa, { name: 'Asha' }).says('hi')
  await wa.idle()
  const before = await fingerprint(wa)

  for (let time = 0; time < 2; time++) {
    for (const { method, path } of ROUTES) {
      if (method !== 'GET' || path === '/live') continue
      const { status } = await ask(server, 'GET', path.replace('/menus/:key', '/menus/help-center'))
      assert.ok(status < 500, path)
    }
  }

  assert.equal(await fingerprint(wa), before)
})

/** All rows of all tables, as one hash. */
async function fingerprint(wa: object): Promise<string> {
  const engine = (wa as Record<symbol, { db: { read: (table: string) => PromiseLike<unknown[]> } }>)[Symbol.for('wa-interactive.engine')]
  const hash = createHash('sha256')
  for (const table of ['contacts', 'conversations', 'messages', 'message_history', 'events', 'runs', 'menus', 'menu_versions', 'audit'])
    hash.update(JSON.stringify(await engine?.db.read(`wa_${table}`)))
  return hash.digest('hex')
}

test('every page carries the strict policy and is kept by nobody, and the host keeps its own policy', async (t) => {
  const { app: server } = await app(t, { authorize: () => ({ id: 'u', name: 'U', role: 'admin' }) })
  for (const path of ['/wa/', '/wa/menus', '/wa/nowhere']) {
    const { headers } = await request(server).get(path)
    assert.equal(
      headers['content-security-policy'],
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['cache-control'], 'no-store')
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin')
  }

  const { control: _control, ...options } = testOptions()
  const wa = waInteractive({ ...options, authorize: () => ({ id: 'u', name: 'U', role: 'admin' }) })
  t.after(() => wa.close())
  const hosted = express()
    .use((_req, res, next) => {
      res.setHeader('Content-Security-Policy', "default-src 'self'")
      next()
    })
    .use(wa)
    .get('/own', (_req, res) => void res.send('own'))
  assert.equal((await request(hosted).get('/wa/')).headers['content-security-policy'], "default-src 'self'")
  const own = await request(hosted).get('/own')
  assert.equal(own.headers['x-content-type-options'], undefined)
})

test('a password cannot be guessed by trying: after ten wrong ones the address waits, also with the right one', async (t) => {
  process.env.WA_DASHBOARD_USER = 'meera'
  process.env.WA_DASHBOARD_PASSWORD = 'correct horse battery'
  t.after(() => {
    delete process.env.WA_DASHBOARD_USER
    delete process.env.WA_DASHBOARD_PASSWORD
  })
  const { app: server } = await app(t)

  await request(server)
    .get('/wa/')
    .expect(401)
    .expect('WWW-Authenticate', /^Basic realm=/)
  await request(server).get('/wa/').auth('meera', 'correct horse battery').expect(200)
  for (let tries = 0; tries < 10; tries++) await request(server).get('/wa/').auth('meera', `guess ${tries}`).expect(401)
  const { status, headers, text } = await request(server).get('/wa/').auth('meera', 'correct horse battery')

  assert.equal(status, 429)
  assert.ok(Number(headers['retry-after']) > 0)
  assert.match(text, /Try again in 5 minutes/)
})

test('viewers see no number in any page', async (t) => {
  const { get, phone } = await host(t)
  await phone({ phone: '+919876543210', name: 'Asha' }).says('hi')

  for (const { method, path, may } of ROUTES) {
    if (method !== 'GET' || may !== 'viewer' || path === '/live') continue
    const { text } = await get(path.replaceAll(/:\w+/g, '1'), 'viewer')
    assert.doesNotMatch(text ?? '', /9876543210|98765\s?43210/, path)
  }
})

test('no page that a viewer can reach has anything on it that writes, but the choice of their language', async (t) => {
  const { get, phone } = await host(t)
  await phone({ phone: '+919876543210', name: 'Asha' }).says('hi')

  const seen = new Set<string>()
  const queue = ['/']
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    if (seen.has(path)) continue
    seen.add(path)
    const { status, text } = await get(path, 'viewer')
    assert.equal(status, 200, path)
    const writes = [...text.matchAll(/<form\b[^>]*method="post"[^>]*action="([^"]*)"|\b(?:hx-(?:post|put|patch|delete)|formaction)="([^"]*)"/g)]
    assert.deepEqual(
      writes.map(([, form, other]) => form ?? other).filter((address) => address !== '/wa/language'),
      [],
      path,
    )
    for (const [, address = ''] of text.matchAll(/\shref="\/wa(\/[^"#?]*)"/g)) if (!address.startsWith('/assets/')) queue.push(address)
  }
  for (const page of ['/menus/help-center', '/conversations/1', '/conversations/1/customer', '/outbox', '/events', '/phone']) assert.ok(seen.has(page), page)
})

for (const engine of engines()) {
  test(`${engine.name}: over-long and strange queries are answered, and leave the next request unaffected`, {
    skip: engine.skip,
    timeout: 60_000,
  }, async (t) => {
    const database = await engine.open()
    const { get, phone } = await host(t, { database: database.url })
    await phone().says('hi')
    const pages = ['/conversations', '/conversations/1', '/menus', '/outbox', '/events', '/audit', '/insight', '/phone/screen']
    const names = ['q', 'tag', 'number', 'state', 'after', 'since', 'from', 'shown', 'as']
    const odd = [
      'a'.repeat(10_000),
      '%',
      "'",
      '"',
      '\\',
      '* OR 1=1',
      '(',
      'NEAR(',
      '-',
      '\u0000',
      'a\u0000b',
      '😀'.repeat(500),
      '{{x}}',
      '-1',
      '1e9',
      '9'.repeat(40),
      '1.2.3',
      "1' or 1=1",
    ]

    for (const page of pages)
      for (const value of odd) {
        const { status, text } = await get(`${page}?${names.map((name) => `${name}=${encodeURIComponent(value)}`).join('&')}`)
        assert.ok(status < 500, `${page} ${JSON.stringify(value.slice(0, 20))}: ${text.slice(0, 300)}`)
      }
    for (const value of odd) assert.ok((await get(`/conversations?q=${encodeURIComponent(value)}`)).status < 500, value)
    await get('/conversations').expect(200)
  })
}
