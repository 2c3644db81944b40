import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import express from 'express'
import express4 from 'express4'
import request from 'supertest'
import { cloudApi, exotel, type WaOptions, waInteractive } from '../../lib/index'
import { testOptions } from '../../lib/testing'
import { messageBody, signatureOf } from '../fakes/fake-cloud-api'
import { engines } from '../support/databases'

const SECRET = 'test-app-secret'
const meta = () => cloudApi({ phoneNumberId: '100000000000001', accessToken: 'token', appSecret: SECRET, verifyToken: 'verify-me' })
const tap = (id: string) =>
  messageBody({
    id,
    from: '919800000001',
    timestamp: String(Math.floor(Date.now() / 1000)),
    type: 'interactive',
    interactive: { type: 'button_reply', button_reply: { id: 'keep', title: 'Keep \u0928 it / 🙂' } },
  })

function metaHost(given: Pick<WaOptions, 'database'> = {}) {
  const { control: _control, provider: _simulator, ...options } = testOptions()
  const wa = waInteractive({ ...options, provider: meta(), ...given })
  const heard: string[] = []
  wa.on('button_reply', ({ reply }) => heard.push(reply.id))
  return { wa, heard }
}
const post = (app: Parameters<typeof request>[0], body: string, signature = signatureOf(body, SECRET), path = '/wa/webhook') =>
  request(app).post(path).set('Content-Type', 'application/json').set('X-Hub-Signature-256', signature).send(body)

for (const [name, make] of [
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
] as const) {
  test(`${name}: a signed tap is stored, answered 200 and heard once, also when it is delivered twice`, async () => {
    const { wa, heard } = metaHost()
    await using _closing = wa
    const app = make().use(wa)
    await wa.start()

    await post(app, tap('wamid.1')).expect(200)
    await post(app, tap('wamid.1')).expect(200)
    await wa.idle()

    assert.deepEqual(heard, ['keep'])
  })

  test(`${name}: with express.json() above us the bytes are gone, and the answer says what to change`, async () => {
    const { wa, heard } = metaHost()
    await using _closing = wa
    const app = make().use(make.json()).use(wa)
    await wa.start()

    const answer = await post(app, tap('wamid.1')).expect(500)
    await wa.idle()

    assert.match(answer.text, /express\.json\(\{ verify: wa\.captureRawBody \}\)/)
    assert.deepEqual(heard, [])
  })

  test(`${name}: with the bytes kept, or the webhook mounted above, express.json() does no harm`, async () => {
    const kept = metaHost()
    const above = metaHost()
    await using _one = kept.wa
    await using _two = above.wa
    await Promise.all([kept.wa.start(), above.wa.start()])

    await post(
      make()
        .use(make.json({ verify: kept.wa.captureRawBody }))
        .use(kept.wa),
      tap('wamid.1'),
    ).expect(200)
    await post(make().use(above.wa.webhook).use(make.json()).use(above.wa), tap('wamid.1')).expect(200)
    await Promise.all([kept.wa.idle(), above.wa.idle()])

    assert.deepEqual([kept.heard, above.heard], [['keep'], ['keep']])
  })
}

test('a plain node:http server is host enough', async () => {
  const { wa, heard } = metaHost()
  await using _closing = wa
  await wa.start()
  const server = createServer(wa)

  await post(server, tap('wamid.1')).expect(200)
  await request(server).get('/elsewhere').expect(404)
  await wa.idle()

  assert.deepEqual(heard, ['keep'])
})

test('wrong signatures are all refused alike, and nothing is stored', async () => {
  const { wa, heard } = metaHost()
  await using _closing = wa
  const app = express().use(wa)
  await wa.start()
  const body = tap('wamid.1')
  const right = signatureOf(body, SECRET)

  const answers = []
  for (const signature of [
    '',
    'sha1=abc',
    right.slice(0, -1),
    `sha256=${'z'.repeat(64)}`,
    signatureOf(body, 'other'),
    signatureOf(`${JSON.stringify(JSON.parse(body.replace('🙂', '\\ud83d\\ude42')))} `, SECRET),
  ]) {
    answers.push(await post(app, body, signature))
  }
  await wa.idle()

  assert.deepEqual(new Set(answers.map((answer) => `${answer.status} ${answer.text}`)), new Set(['401 refused']))
  assert.deepEqual(heard, [])
})

test('the verification GET echoes the challenge for the right token alone', async () => {
  const { wa } = metaHost()
  await using _closing = wa
  const app = express().use(wa)

  const right = await request(app)
    .get('/wa/webhook')
    .query({ 'hub.mode': 'subscribe', 'hub.verify_token': 'verify-me', 'hub.challenge': '<b>1158201444' })
    .expect(200)
  await request(app).get('/wa/webhook').query({ 'hub.mode': 'subscribe', 'hub.verify_token': 'guess', 'hub.challenge': '1' }).expect(403)

  assert.equal(right.text, '<b>1158201444')
  assert.match(String(right.headers['content-type']), /^text\/plain/)
  assert.equal(right.headers['x-content-type-options'], 'nosniff')
})

test('three megabytes are taken, five are refused with 413, and the next request is served', async () => {
  const { wa } = metaHost()
  await using _closing = wa
  const app = express().use(wa)
  await wa.start()
  const big = (size: number): string =>
    messageBody({ id: `wamid.${size}`, from: '919800000001', timestamp: '1795150000', type: 'text', text: { body: 'x'.repeat(size) } })

  await post(app, big(2_900_000)).expect(200)
  await post(app, big(5_000_000)).expect(413)
  await post(app, tap('wamid.2')).expect(200)
})

test('five thousand levels of JSON are kept as unrecognised and answered 200', async () => {
  const { wa, heard } = metaHost()
  await using _closing = wa
  const app = express().use(wa)
  await wa.start()

  await post(app, `${'['.repeat(5000)}${']'.repeat(5000)}`).expect(200)
  await post(app, tap('wamid.1')).expect(200)
  await wa.idle()

  assert.deepEqual(heard, ['keep'])
})

test('requests that are not ours pass through untouched', async () => {
  const { wa } = metaHost()
  await using _closing = wa
  const app = express().use(wa)
  app.get('/other', (req, res) => {
    res.json({ url: req.url, base: req.baseUrl, headers: Object.keys(res.getHeaders()) })
  })
  app.get('/walnut', (_req, res) => {
    res.send('nut')
  })

  const other = await request(app).get('/other?x=1').expect(200)
  const walnut = await request(app).get('/walnut').expect(200)

  assert.deepEqual(other.body, { url: '/other?x=1', base: '', headers: ['x-powered-by'] })
  assert.equal(walnut.text, 'nut')
})

test('mounted under a path, in nested routers, that path is the prefix', async () => {
  const { wa, heard } = metaHost()
  await using _closing = wa
  await wa.start()
  const inner = express.Router().use('/support', wa)
  const app = express().use('/shop', inner)

  await post(app, tap('wamid.1'), undefined, '/shop/support/webhook').expect(200)
  await post(app, tap('wamid.2'), undefined, '/wa/webhook').expect(404)
  await wa.idle()

  assert.deepEqual(heard, ['keep'])
})

test('Exotel without its webhook token answers 503, so that nothing is accepted from strangers and nothing is lost', async () => {
  const { control: _control, provider: _simulator, ...options } = testOptions()
  await using wa = waInteractive({ ...options, provider: exotel({ accountSid: 'sid', apiKey: 'key', apiToken: 'token', from: '+918000000001' }) })
  await wa.start()

  const answer = await request(express().use(wa)).post('/wa/webhook').set('Content-Type', 'application/json').send('{}').expect(503)

  assert.equal(answer.headers['retry-after'], '30')
})

test('the simulator is open to this machine alone, and absent in production', async () => {
  const { control: _control, ...options } = testOptions()
  await using wa = waInteractive({ ...options })
  await wa.start()
  const app = express().use(wa)
  const body = '{"from":"+919876543210","type":"text","text":{"body":"hi"}}'
  const knock = () => request(app).post('/wa/webhook').set('Content-Type', 'application/json')

  await knock().send(body).expect(200)
  await knock().set('X-Forwarded-For', '203.0.113.7').send(body).expect(403)
  await knock().set('Host', 'rebound.example').send(body).expect(403)

  process.env.NODE_ENV = 'production'
  try {
    const { control: _also, ...others } = testOptions()
    await using live = waInteractive({ ...others })
    await live.start()
    await request(express().use(live)).post('/wa/webhook').set('Content-Type', 'application/json').send(body).expect(404)
  } finally {
    delete process.env.NODE_ENV
  }
})

for (const engine of engines()) {
  // A file of sqlite that was opened stays writable, whoever removes its name.
  if (engine.name === 'sqlite') continue
  test(`${engine.name}: a database that is gone makes the webhook ask the provider to come again, and pages of the host stay up`, {
    skip: engine.skip,
  }, async () => {
    const database = await engine.open()
    const { wa } = metaHost({ database: database.url })
    await using _closing = { [Symbol.asyncDispose]: () => wa.close({ timeoutMs: 0 }) }
    const app = express().use(wa)
    app.get('/other', (_req, res) => void res.send('up'))
    await wa.start()
    await post(app, tap('wamid.1')).expect(200)
    await database.drop()

    const answer = await post(app, tap('wamid.2')).expect(503)

    assert.equal(answer.headers['retry-after'], '30')
    await request(app).get('/other').expect(200)
  })
}

test('a host that closes makes the webhook ask the provider to come again', async () => {
  const { wa } = metaHost()
  const app = express().use(wa)
  await wa.start()
  await wa.close()

  const answer = await post(app, tap('wamid.1')).expect(503)

  assert.equal(answer.headers['retry-after'], '30')
})
