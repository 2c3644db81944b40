import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { cloudApi, exotel, waInteractive } from '../../lib/index'
import { scrubbing, seldom } from '../../lib/log'
import { testOptions } from '../../lib/testing'
import { messageBody, signatureOf } from '../fakes/fake-cloud-api'
import { engineOf, SECRET, TOKEN, wireHost } from '../support/wire-host'

/** One test for each point of the list; its number stands before it. */
const ROOT = join(__dirname, '..', '..')
const BODY = messageBody({
  id: 'wamid.1',
  from: '919800000001',
  timestamp: String(Math.floor(Date.now() / 1000)),
  type: 'text',
  text: { body: 'PLACE' },
}).replace('PLACE', '\\u0928 \\/ 🙂')
const FLAT = '{"from":"+919800000001","type":"text","text":{"body":"hi"}}'
const rows = async (wa: unknown): Promise<number> => (await engineOf(wa).db.write('wa_events')).length

test('1 every wrong token and signature gets the same answer, and leaves no row', async () => {
  await using meta = await wireHost('cloud-api')
  await using exo = await wireHost('exotel')
  const right = signatureOf(BODY, SECRET)
  const signed = (signature: string | undefined) => {
    const asked = request(meta.app).post('/wa/webhook').set('Content-Type', 'application/json')
    return (signature === undefined ? asked : asked.set('X-Hub-Signature-256', signature)).send(BODY)
  }
  const tokened = (query: string) => request(exo.app).post(`/wa/webhook${query}`).set('Content-Type', 'application/json').send(FLAT)
  const wrong = [
    ...[
      undefined,
      '',
      'x',
      `sha1=${right.slice(7)}`,
      right.slice(0, -1),
      `${right}0`,
      `sha256=${'z'.repeat(64)}`,
      right.replace('sha256', 'sha512'),
      ` ${right}, ${right}`,
      signatureOf(BODY, 'other'),
      signatureOf(`${BODY} `, SECRET),
    ].map(signed),
    ...[
      '',
      '?token=',
      '?token=x',
      `?token=${TOKEN.slice(0, -1)}`,
      `?token=${TOKEN}x`,
      `?token=${TOKEN.toUpperCase()}`,
      `?token[]=${TOKEN}`,
      `?Token=${TOKEN}`,
      `?token=x&token=${TOKEN}`,
    ].map(tokened),
  ]

  const answers = (await Promise.all(wrong)).map(({ status, text, headers }) => `${status} ${text} ${headers['content-type']}`)

  assert.deepEqual(new Set(answers), new Set(['401 refused text/plain; charset=utf-8']))
  assert.deepEqual([await rows(meta.wa), await rows(exo.wa)], [0, 0])
})

test('2 the signature is over the raw bytes: escapes, slashes and emoji pass, the same JSON written anew does not', async () => {
  await using host = await wireHost('cloud-api')

  await host.post(BODY).expect(200)
  await host
    .post(JSON.stringify(JSON.parse(BODY)))
    .set('X-Hub-Signature-256', signatureOf(BODY, SECRET))
    .expect(401)
  await host
    .post(BODY)
    .set('X-Hub-Signature-256', signatureOf(JSON.stringify(JSON.parse(BODY)), SECRET))
    .expect(401)

  assert.equal(await rows(host.wa), 1)
})

test('3 a body that was parsed before us is refused with the way out, and never taken unchecked', async () => {
  await using host = await wireHost('cloud-api')
  const app = express()
    .use(express.json())
    .use(host.wa as never)

  const answer = await request(app)
    .post('/wa/webhook')
    .set('Content-Type', 'application/json')
    .set('X-Hub-Signature-256', signatureOf(BODY, SECRET))
    .send(BODY)
    .expect(500)

  assert.match(answer.text, /wa\.captureRawBody/)
  assert.equal(await rows(host.wa), 0)
})

test('4 secrets are compared in one place, in constant time', () => {
  const files = readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const text = (file: string): string => readFileSync(join(ROOT, 'lib', file), 'utf8')

  assert.deepEqual(
    files.filter((file) => /timingSafeEqual|createHmac/.test(text(file))),
    ['providers/secrets.ts'],
  )
  const naive = /\b(token|secret|signature|password|apiKey|key)s?\b(\.\w+)? ?[!=]==? ?(?!null|undefined|''|"")[a-z(]/i
  assert.deepEqual(
    files.flatMap((file) =>
      text(file)
        .split('\n')
        .filter((line) => naive.test(line) && /authoriz|header|query|given/i.test(line) && !/^\s*(\/\/|\*)/.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    ),
    [],
  )
})

test('5 the verification echo is plain text for the right word alone, and never longer than 256 characters', async () => {
  await using host = await wireHost('cloud-api')
  const ask = (query: Record<string, string>) =>
    request(host.app)
      .get('/wa/webhook')
      .query({ 'hub.mode': 'subscribe', 'hub.verify_token': 'verify-me', 'hub.challenge': '1158201444', ...query })

  const echo = await ask({ 'hub.challenge': '<script>alert(1)</script>' }).expect(200)
  assert.deepEqual(
    [echo.text, echo.headers['content-type'], echo.headers['x-content-type-options'], echo.headers['cache-control']],
    ['<script>alert(1)</script>', 'text/plain; charset=utf-8', 'nosniff', 'no-store'],
  )
  for (const query of [
    { 'hub.verify_token': 'verify-m' },
    { 'hub.verify_token': '' },
    { 'hub.mode': 'unsubscribe' },
    { 'hub.challenge': 'x'.repeat(257) },
    { 'hub.challenge': '' },
  ]) {
    const answer = await ask(query as never).expect(403)
    assert.equal(answer.text, 'refused')
  }
})

test('6 a request that is played again, also a week later, is one event', async () => {
  let ahead = 0
  await using host = await wireHost('cloud-api', { now: () => new Date(Date.now() + ahead) })

  for (const days of [0, 0, 1, 7, 29]) {
    ahead = days * 86_400_000
    await host.post(BODY).expect(200)
  }

  assert.equal(await rows(host.wa), 1)
  assert.equal((await host.knex('wa_messages')).length, 1)
})

test('8 no answer holds an error of ours, a statement or a path, and no log the words of a customer', async () => {
  const lines: string[] = []
  const at = (o: object, msg: string) => void lines.push(JSON.stringify([o, msg]))
  await using host = await wireHost('exotel', { logger: { debug: at, info: at, warn: at, error: at } })
  await host.knex.schema.renameTable('wa_events', 'wa_gone')

  const answers = [
    await host.post(FLAT.replace('hi', 'my secret words')),
    await host.post('{"from":'),
    await host.post(FLAT, '/wa/webhook?token=guess'),
    await request(host.app).put('/wa/webhook').send(FLAT),
    await request(host.app).get(`/wa/webhook?token=${TOKEN}x`),
    await request(host.app).post('/wa/webhook/unknown').send(FLAT),
  ]
  await host.knex.schema.renameTable('wa_gone', 'wa_events')

  for (const { status, text } of answers)
    assert.ok(text.length < 100 && !/sqlite|select|insert|no such table|\.ts|\/|Error|stack/i.test(text.replace('/webhook', '')), `${status} ${text}`)
  assert.deepEqual(
    answers.map(({ status }) => status),
    [503, 503, 401, 405, 403, 404],
  )
  assert.equal(answers[0]?.headers['retry-after'], '30')
  for (const line of lines) assert.doesNotMatch(line, /my secret words|919800000001|a-long-webhook-token/)
  assert.ok(lines.length > 0)
})

test('9 during rotation two secrets are valid; the one that was removed is not', async () => {
  const { control: _c, provider: _p, ...options } = testOptions()
  const meta = cloudApi({ phoneNumberId: '1', accessToken: 'token', verifyToken: 'v', appSecret: ['the-new-secret', 'the-old-secret'] })
  const exo = exotel({
    accountSid: 'sid',
    apiKey: 'key',
    apiToken: 'token',
    from: '+918000000001',
    webhookToken: ['the-new-token-of-ours', 'the-old-token-of-ours'],
  })
  await using wa = waInteractive({ ...options, numbers: { meta, exo } })
  await wa.start()
  const app = express().use(wa)

  for (const [secret, status] of [
    ['the-new-secret', 200],
    ['the-old-secret', 200],
    ['the-removed-secret', 401],
    ['the-new-secret,the-old-secret', 401],
  ] as const) {
    await request(app)
      .post('/wa/webhook/meta')
      .set('Content-Type', 'application/json')
      .set('X-Hub-Signature-256', signatureOf(BODY, secret))
      .send(BODY)
      .expect(status)
  }
  for (const [token, status] of [
    ['the-new-token-of-ours', 200],
    ['the-old-token-of-ours', 200],
    ['the-removed-token-ours', 401],
  ] as const) {
    await request(app)
      .post(`/wa/webhook/exo?token=${token}`)
      .send({ from: '+919800000001', type: 'text', text: { body: token } })
      .expect(status)
  }
})

/**
 * Calls are not limited by address: behind a proxy all of them, Meta's too, come from one, and a limit that a stranger can fill would turn Meta
 * away. What a stranger can cost is bounded instead: nothing of theirs is read without a token or a well-formed signature, nothing is stored,
 * and the log is written to once a minute. How many may knock is for the host's proxy to say, which knows who they are.
 */
test('10 a thousand wrong knocks cost one line of log and no row, and who is authentic is never kept waiting', async () => {
  const lines: string[] = []
  const at = (level: string) => (o: object, msg: string) => void lines.push(`${level} ${msg} ${JSON.stringify(o)}`)
  await using host = await wireHost('exotel', { logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } })

  const answers: number[] = []
  for (let turn = 0; turn < 20; turn++) {
    const wrong = await Promise.all(Array.from({ length: 50 }, (_, index) => host.post(FLAT, `/wa/webhook?token=guess-${turn}-${index}`)))
    answers.push(...wrong.map(({ status }) => status))
    await host.post(JSON.stringify({ from: '+919800000001', type: 'text', text: { body: `${turn}` } })).expect(200)
  }

  assert.deepEqual(new Set(answers), new Set([401]))
  assert.equal(engineOf(host.wa).door.refused, 1000)
  assert.equal(await rows(host.wa), 20)
  assert.deepEqual(
    lines.filter((line) => line.includes('refused')),
    ['warn a webhook was refused {"number":"default","status":401,"reason":"wrong or missing ?token="}'],
  )
})

test('10 what is said seldom is said with how often it happened', () => {
  const lines: unknown[] = []
  let now = 0
  const log = {
    debug() {},
    info() {},
    warn: (o: object, msg: string) => void lines.push([o, msg]),
    error: (o: object, msg: string) => void lines.push([o, msg]),
  }
  const say = seldom(scrubbing(log), () => now)

  for (let second = 0; second <= 120; second++) {
    now = second * 1000
    say('a', 'warn', { n: second }, 'knock')
  }
  say('b', 'error', {}, 'another')

  assert.deepEqual(lines, [
    [{ n: 0 }, 'knock'],
    [{ n: 60, unsaid: 59 }, 'knock'],
    [{ n: 120, unsaid: 59 }, 'knock'],
    [{}, 'another'],
  ])
})
