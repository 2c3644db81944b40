import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type express from 'express'
import request from 'supertest'
import { messageBody, signatureOf } from '../fakes/fake-cloud-api'
import { engines } from '../support/databases'
import { engineOf, ownNames, providerFor, SECRET, TOKEN, wireHost } from '../support/wire-host'

const text = (id: string, body: unknown = 'hi', from = '919800000001') => ({
  id,
  from,
  timestamp: String(Math.floor(Date.now() / 1000)),
  type: 'text',
  text: { body },
})

/** What databases choke on. */
const NASTY: [says: string, given: string, kept: string][] = [
  ['a NUL', 'a\u0000b', 'a\uFFFDb'],
  ['a NUL alone', '\u0000', '\uFFFD'],
  ['half a surrogate pair, the first', 'a\ud83d', 'a\uFFFD'],
  ['half a surrogate pair, the second', '\ude00b', '\uFFFDb'],
  ['emoji outside the basic plane', '🙂👨‍👩‍👧‍👦🇮🇳', '🙂👨‍👩‍👧‍👦🇮🇳'],
  ['Hindi, Arabic and combining marks', 'मेन्यू देखें مرحبا e\u0301', 'मेन्यू देखें مرحبا e\u0301'],
  ['quotes, backslashes and SQL', `'; drop table wa_events; -- \\' "`, `'; drop table wa_events; -- \\' "`],
  ['a right-to-left override', '\u202Egpj.exe', '\u202Egpj.exe'],
  ['line ends of every kind', 'a\r\nb\nc\u2028d', 'a\r\nb\nc\u2028d'],
  ['a noncharacter', '\uFFFF', '\uFFFF'],
  ['placeholders of SQL', '? ?? :id $1 %s', '? ?? :id $1 %s'],
  ['three megabytes', 'x'.repeat(3_000_000), 'x'.repeat(3_000_000)],
]

for (const engine of engines()) {
  test(`${engine.name}: the same hundred webhooks, each at eight doors of two instances at the same instant, are a hundred events`, {
    skip: engine.skip,
  }, async () => {
    const database = await engine.open()
    await using one = await wireHost('cloud-api', { database: database.url })
    await using two = await wireHost('cloud-api', { database: database.url })
    const doors = [one, two].map((host) => host.app)

    await Promise.all(
      Array.from({ length: 800 }, async (_, index) => {
        const body = messageBody(text(`wamid.${index % 100}`, `words ${index % 100}`, `9198000000${String(index % 10).padStart(2, '0')}`))
        await request(doors[index % 2] ?? one.app)
          .post('/wa/webhook')
          .set('Content-Type', 'application/json')
          .set('X-Hub-Signature-256', signatureOf(body, SECRET))
          .send(body)
          .expect(200)
      }),
    )
    await Promise.all([one.wa.idle(), two.wa.idle()])

    assert.equal((await one.knex('wa_events')).length, 100)
    assert.equal((await one.knex('wa_messages')).length, 100)
    assert.equal((await one.knex('wa_contacts')).length, 10)
    assert.equal((await one.knex('wa_conversations')).length, 10)
    assert.equal([...one.heard, ...two.heard].filter(({ as }) => as === 'text').length, 100)
  })

  test(`${engine.name}: one id twice in one body is one event, and a bad item leaves its neighbours alone`, { skip: engine.skip }, async () => {
    const database = await engine.open()
    await using host = await wireHost('cloud-api', { database: database.url })
    const twice = messageBody(text('wamid.1'), text('wamid.1'), text('wamid.2'))
    const bad = messageBody(text('wamid.3'), text('wamid.4'), { nonsense: [[[]]] } as never, text('wamid.5'))

    for (const body of [twice, twice, bad, bad]) await host.post(body).expect(200)
    await host.wa.idle()

    const ids = await host.knex('wa_messages').orderBy('id').pluck('provider_id')
    assert.deepEqual(ids, ['wamid.1', 'wamid.2', 'wamid.3', 'wamid.4', 'wamid.5'])
    assert.deepEqual(await host.knex('wa_events').where({ state: 'unrecognised' }).pluck('error'), ['a message without a sender'])
    assert.equal(host.heard.filter(({ as }) => as === 'text').length, 5)
  })

  test(`${engine.name}: the window is that of the newest words, in whatever order they come in side by side`, { skip: engine.skip }, async () => {
    const database = await engine.open()
    await using one = await wireHost('cloud-api', { database: database.url })
    await using two = await wireHost('cloud-api', { database: database.url })
    const newest = Math.floor(Date.now() / 1000)
    await one.post(messageBody({ ...text('wamid.first'), timestamp: String(newest - 10_000) })).expect(200)

    const older = Array.from({ length: 60 }, (_, index) => messageBody({ ...text(`wamid.${index}`), timestamp: String(newest - ((index * 37) % 60)) }))
    await Promise.all(older.map((body, index) => (index % 2 === 0 ? one : two).post(body).expect(200)))

    assert.deepEqual((await one.knex('wa_conversations').pluck('last_inbound_at')).map(Number), [newest * 1000])
  })

  for (const [says, given, kept] of NASTY) {
    test(`${engine.name}: ${says} goes in and comes out`, { skip: engine.skip }, async () => {
      const database = await engine.open()
      await using host = await wireHost('cloud-api', { database: database.url })
      const message = { ...text('wamid.1', given), from_user_id: 'IN.1' }
      const body = messageBody(message).replace(
        '"messages":[',
        `"contacts":[{"wa_id":"919800000001","profile":{"name":${JSON.stringify(given.slice(0, 300))}}}],"messages":[`,
      )

      await host.post(body).expect(200)
      await host.wa.idle()

      assert.deepEqual(await host.knex('wa_messages').pluck('text'), [kept])
      assert.deepEqual(
        host.heard.filter(({ as }) => as === 'text').map(({ given: context }) => context.text),
        [kept],
      )
      const raw = String(
        await host
          .knex('wa_events')
          .first('raw')
          .then((row: { raw: string }) => row.raw),
      )
      assert.equal((JSON.parse(raw) as { text: { body: string } }).text.body, given)
    })
  }
}

/** Signatures computed once, under the secret `test-app-secret`: a body, its header, and the header of another spelling of the same JSON. */
const VECTORS: [says: string, body: string, hex: string, wrong: string][] = [
  [
    'V1 an empty envelope',
    '{"object":"whatsapp_business_account","entry":[]}',
    'c84a394cc475525991e78ff16e430b02e47f953877d2af0ade26956ce6f384dc',
    '90614a28bb300b7262e357b796e42ce41d02724de7a95b89f7ebc4e4299a6639',
  ],
  [
    'V2 escapes',
    '{"t":"caf\\u00e9 \\/ a\\u0040b"}',
    '90614a28bb300b7262e357b796e42ce41d02724de7a95b89f7ebc4e4299a6639',
    '1a72f7e43fad6034331c9c5ddd679fa3396f9d0da4adcc85c5ac4f093b9ddc26',
  ],
  [
    'V3 the same without escapes',
    '{"t":"café / a@b"}',
    '1a72f7e43fad6034331c9c5ddd679fa3396f9d0da4adcc85c5ac4f093b9ddc26',
    '90614a28bb300b7262e357b796e42ce41d02724de7a95b89f7ebc4e4299a6639',
  ],
  ['V4 nothing', '', 'a7dfadfa864dba471c925e814eca5ee032a7ded01574b16ac33dd477b5d6d0f7', 'c84a394cc475525991e78ff16e430b02e47f953877d2af0ade26956ce6f384dc'],
]
for (const [says, body, hex, wrong] of VECTORS) {
  test(`signature ${says}: its own is taken, in either case of letters, and no other`, async () => {
    await using host = await wireHost('cloud-api')
    const signed = (header: string) => host.post(body).set('X-Hub-Signature-256', header)

    for (const header of [`sha256=${wrong}`, `sha1=${hex}`, `sha256=${hex.slice(1)}`, `sha256=${'g'.repeat(64)}`, hex, '']) await signed(header).expect(401)
    await signed(`sha256=${hex}`).expect(200)
    await signed(`sha256=${hex.toUpperCase()}`).expect(200)

    assert.equal((await host.knex('wa_events')).length, 1)
  })
}

test('Exotel’s handshake is answered with its challenge once the token matched, and is no event', async () => {
  await using host = await wireHost('exotel')
  const handshake = '{"type":"verification","challenge":"c-41"}'

  const answer = await host.post(handshake).expect(200)
  await host.post(handshake, '/wa/webhook?token=guess').expect(401)

  assert.deepEqual([answer.text, answer.headers['content-type']], ['{"challenge":"c-41"}', 'application/json; charset=utf-8'])
  assert.equal((await host.knex('wa_events')).length, 0)
})

test('with several numbers each has its own door, and no other name opens one', async () => {
  const numbers = { shop: providerFor('exotel', 'http://127.0.0.1:9'), care: providerFor('cloud-api', 'http://127.0.0.1:9') }
  await using host = await wireHost('exotel', { provider: undefined, numbers } as never)
  const body = '{"from":"+919800000001","type":"text","text":{"body":"hi"}}'

  await host.post(body, `/wa/webhook/shop?token=${TOKEN}`).expect(200)
  for (const path of [
    '/wa/webhook',
    '/wa/webhook/',
    '/wa/webhook/other',
    '/wa/webhook/shop/more',
    '/wa/webhook/..%2Fshop',
    '/wa/webhook/__proto__',
    '/wa/webhook/constructor',
  ]) {
    await host.post(body, `${path}?token=${TOKEN}`).expect(404)
  }
  await host.post(body, `/wa/webhook/care?token=${TOKEN}`).expect(401)

  assert.deepEqual(await host.knex('wa_events').pluck('number'), ['shop'])
})

test('levels without end are kept as their text, and the next webhook is handled', async () => {
  await using host = await wireHost('exotel')
  const deep = [`${'['.repeat(5000)}${']'.repeat(5000)}`, `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`, '['.repeat(100_000)]

  for (const body of deep) await host.post(body).expect(200)
  await host.comes({ from: '+919800000001', type: 'text', text: { body: 'hi' } })

  const rows = (await host.knex('wa_events').where({ state: 'unrecognised' }).orderBy('id').select('raw')) as { raw: string }[]
  assert.deepEqual(
    rows.map((row) => row.raw),
    deep,
  )
  assert.deepEqual(ownNames(host.heard), ['text'])
})

test('a body over the limit is refused with 413 and counted, whether its length was announced or not; 4 MB are taken', async () => {
  await using host = await wireHost('exotel')
  const fits = JSON.stringify({ from: '+919800000001', type: 'text', text: { body: 'x' }, filler: 'y'.repeat(4_000_000) })

  await host.post(fits).expect(200)
  await host.post('x'.repeat(4 * 1024 * 1024 + 1)).expect(413)
  await using server = await listening(host.app)
  const unannounced = await talk(server, [
    `POST /wa/webhook?token=${TOKEN} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ...Array.from({ length: 5 }, () => `100000\r\n${'x'.repeat(0x100000)}\r\n`),
  ])

  assert.match(unannounced, /^HTTP\/1\.1 413 /)
  assert.equal(engineOf(host.wa).door.refused, 2)
  assert.equal((await host.knex('wa_events')).length, 1)
})

test('a compressed body is never unpacked: twenty megabytes of zeros stay twenty kilobytes, kept as unrecognised', async () => {
  await using host = await wireHost('cloud-api')
  const bomb = gzipSync(Buffer.alloc(20_000_000))
  await using server = await listening(host.app)
  const signature = `sha256=${createHmac('sha256', SECRET).update(bomb).digest('hex')}`
  const head = `POST /wa/webhook HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\nConnection: close\r\n`

  const strange = await talk(server, [`${head}X-Hub-Signature-256: ${signature.slice(0, -1)}0\r\n\r\n`, bomb])
  const signed = await talk(server, [`${head}X-Hub-Signature-256: ${signature}\r\n\r\n`, bomb])

  assert.match(strange, /^HTTP\/1\.1 401 /)
  assert.match(signed, /^HTTP\/1\.1 200 /)
  assert.deepEqual(await host.knex('wa_events').pluck('error'), ['not JSON'])
})

test('nobody waits for fifty callers that send a byte now and then, and what breaks off leaves no row', async () => {
  await using host = await wireHost('exotel')
  await using server = await listening(host.app)
  const slow = await Promise.all(Array.from({ length: 50 }, () => opened(server)))
  for (const socket of slow)
    socket.write(`POST /wa/webhook?token=${TOKEN} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"from":`)
  const drip = setInterval(() => {
    for (const socket of slow) socket.write(' ')
  }, 20)
  const order: string[] = []
  for (const socket of slow) for (const event of ['data', 'close'] as const) socket.once(event, () => order.push('slow'))

  for (let turn = 0; turn < 20; turn++) {
    await request(server.server)
      .post(`/wa/webhook?token=${TOKEN}`)
      .send({ from: '+919800000001', type: 'text', text: { body: `${turn}` } })
      .expect(200)
    order.push('quick')
  }
  clearInterval(drip)
  assert.deepEqual(order, Array(20).fill('quick'))
  for (const socket of slow) socket.destroy()
  await host.wa.idle()

  assert.equal((await host.knex('wa_events')).length, 20)
})

test('of a stranger nothing is read: a wrong token is refused before its megabytes have come', async () => {
  await using host = await wireHost('exotel')
  await using server = await listening(host.app)
  const socket = await opened(server)

  socket.write(`POST /wa/webhook?token=guess HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n\r\n{`)
  const answer = await new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(String(bytes))))
  socket.destroy()

  assert.match(answer, /^HTTP\/1\.1 401 /)
})

interface Listening extends AsyncDisposable {
  server: Server
  port: number
}
async function listening(app: express.Express): Promise<Listening> {
  const server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    server,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
const opened = ({ port }: Listening): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket.on('error', () => {})
  })

/** Says it, and hears all that comes back until the other side has answered and closed, or half a second of silence. */
async function talk(server: Listening, parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = await opened(server)
  let heard = ''
  socket.on('data', (bytes) => {
    heard += String(bytes)
  })
  for (const part of parts) socket.write(part)
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
    socket.setTimeout(500, () => heard !== '' && resolve())
  })
  socket.destroy()
  return heard
}
