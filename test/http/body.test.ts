import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test } from 'node:test'
import express from 'express'
import express4 from 'express4'
import request from 'supertest'
import { messageBody, signatureOf } from '../fakes/fake-cloud-api'
import { SECRET, wireHost } from '../support/wire-host'

/** A body as Meta writes it: its text does not survive JSON.parse and JSON.stringify. */
const BODY = messageBody({ id: 'wamid.TESTIN0001', from: '919800000001', timestamp: '1795150000', type: 'text', text: { body: 'PLACE' } }).replace(
  'PLACE',
  'caf\\u00e9 \\/ a\\u0040b 🙂',
)

type Express = typeof express
type Handler = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void
interface Before {
  says: string
  /** What the host mounts before us. */
  parsers: (make: Express, capture: (req: IncomingMessage, res: ServerResponse, bytes: Buffer) => void) => readonly unknown[]
  type?: string
  status: 200 | 500
}

const keepAs =
  (turn: (bytes: Buffer) => unknown) =>
  (req: IncomingMessage, _res: unknown, bytes: Buffer): void => {
    ;(req as { rawBody?: unknown }).rawBody = turn(bytes)
  }
/** A host that waits for its session before it comes to us: by then the whole request has arrived, and nobody has read it. */
const slowly: Handler = (_req, _res, next) => void setTimeout(next, 20)

const BEFORE: Before[] = [
  { says: 'nothing', parsers: () => [], status: 200 },
  { says: 'a middleware that takes its time', parsers: () => [slowly], status: 200 },
  { says: 'express.json()', parsers: (make) => [make.json()], status: 500 },
  { says: 'express.json() and a middleware that takes its time', parsers: (make) => [make.json(), slowly], status: 500 },
  { says: 'express.json({ verify: wa.captureRawBody })', parsers: (make, capture) => [make.json({ verify: capture })], status: 200 },
  { says: 'a verify hook of the host that keeps rawBody as a Buffer', parsers: (make) => [make.json({ verify: keepAs((bytes) => bytes) })], status: 200 },
  { says: 'a verify hook of the host that keeps rawBody as text', parsers: (make) => [make.json({ verify: keepAs(String) })], status: 200 },
  {
    says: 'a verify hook that keeps the parsed body as rawBody',
    parsers: (make) => [make.json({ verify: keepAs((bytes) => JSON.parse(String(bytes))) })],
    status: 500,
  },
  { says: 'express.raw()', parsers: (make) => [make.raw({ type: '*/*' })], status: 200 },
  { says: 'express.raw() and then express.json()', parsers: (make) => [make.raw({ type: '*/*' }), make.json()], status: 200 },
  { says: 'express.text()', parsers: (make) => [make.text({ type: '*/*' })], status: 500 },
  { says: 'express.json() on a type that it leaves alone', parsers: (make) => [make.json()], type: 'text/plain', status: 200 },
  {
    says: 'express.json() on a type that it leaves alone, and a middleware that takes its time',
    parsers: (make) => [make.json(), slowly],
    type: 'text/plain',
    status: 200,
  },
  { says: 'express.urlencoded()', parsers: (make) => [make.urlencoded({ extended: true })], status: 200 },
  { says: 'express.urlencoded() and a middleware that takes its time', parsers: (make) => [make.urlencoded({ extended: true }), slowly], status: 200 },
]

for (const [name, make] of [
  ['Express 5', express],
  ['Express 4', express4 as unknown as Express],
] as const) {
  for (const { says, parsers, type, status } of BEFORE) {
    test(`${name}: behind ${says} a signed body is answered ${status}`, async () => {
      await using host = await wireHost('cloud-api')
      const app = make()
      for (const parser of parsers(make, host.wa.captureRawBody)) app.use(parser as Handler)
      app.use(host.wa as Handler)

      const answer = await request(app)
        .post('/wa/webhook')
        .set('Content-Type', type ?? 'application/json')
        .set('X-Hub-Signature-256', signatureOf(BODY, SECRET))
        .serialize(String)
        .send(BODY)

      assert.equal(answer.status, status, answer.text)
      if (status === 500) assert.match(answer.text, /app\.use\(express\.json\(\{ verify: wa\.captureRawBody \}\)\)/)
      const texts = await host.knex('wa_messages').pluck('text')
      assert.deepEqual(texts, status === 200 ? ['café / a@b 🙂'] : [])
    })
  }
}

test('an empty body behind a parser is an empty body: its signature is right, and it is kept as unrecognised', async () => {
  await using host = await wireHost('cloud-api')
  const app = (express4 as unknown as Express)()
    .use((express4 as unknown as Express).json())
    .use(slowly as never)
    .use(host.wa as never)

  await request(app).post('/wa/webhook').set('Content-Type', 'application/json').set('X-Hub-Signature-256', signatureOf('', SECRET)).expect(200)

  assert.deepEqual(await host.knex('wa_events').pluck('state'), ['unrecognised'])
})

test('a client cannot lend us a body: headers and query named rawBody are not looked at', async () => {
  await using host = await wireHost('cloud-api')

  await host.post('{"object":"x"}', '/wa/webhook?rawBody=1').set('rawBody', 'x').set('X-Hub-Signature-256', signatureOf(BODY, SECRET)).expect(401)

  assert.equal((await host.knex('wa_events')).length, 0)
})
