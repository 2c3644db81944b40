import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import express from 'express'
import request from 'supertest'
import type { RunningEngine } from '../../lib/build-engine'
import { exotel } from '../../lib/index'
import { settleOutbound } from '../../lib/store/departures'
import { listOutbound, messageById } from '../../lib/store/messages'
import { accepted, dlrBody, fakeExotel, refused, tooManyRequests } from '../fakes/fake-exotel'
import type { Recorded } from '../fakes/fake-server'
import { engines, type TestEngine } from '../support/databases'
import { hostOn, until } from './rig/engine'

const [sqlite] = engines() as [TestEngine]
const ASHA = '+919800000001'
const numbered = (n: number): string => `+9198000${String(n).padStart(5, '0')}`
const STATES = ['queued', 'sending', 'accepted', 'sent', 'delivered', 'read', 'uncertain', 'failed', 'expired'] as const
const statesOf = async (engine: RunningEngine): Promise<string[]> =>
  (await listOutbound(engine.db.write, STATES, { limit: 200 })).items.reverse().map(({ status }) => status ?? '')

/** A host that sends to a fake Exotel on loopback. */
async function desk(options: { perSecond?: number; baseUrl?: string; expireAfterMs?: number } = {}) {
  const fake = await fakeExotel()
  const database = await sqlite.open()
  const provider = exotel({
    accountSid: 'sid',
    apiKey: 'key',
    apiToken: 'token',
    from: '+918000000001',
    baseUrl: options.baseUrl ?? fake.url,
    webhookToken: 'a-long-webhook-token',
    perSecond: options.perSecond ?? 1000,
  })
  const host = await hostOn(database.url, { provider, ...(options.expireAfterMs === undefined ? {} : { expireAfterMs: options.expireAfterMs }) })
  await host.wa.start()
  const report = (sid: string, code: number, ref: string | null): Promise<{ status: number }> =>
    host.engine.knock('default', {
      method: 'POST',
      headers: {},
      query: new URLSearchParams({ token: 'a-long-webhook-token' }),
      body: Buffer.from(dlrBody({ sid, to: ASHA, code, name: '', ref, timestamp: new Date().toISOString() })),
    })
  return {
    ...host,
    fake,
    report,
    async [Symbol.asyncDispose]() {
      await host.wa.close({ timeoutMs: 0 })
      await fake.close()
    },
  }
}

test('a status that comes before the answer of the provider counts, with our word and with the id alone', async () => {
  for (const echo of [true, false]) {
    await using host = await desk()
    const heard: string[] = []
    host.wa.on('status', ({ message }) => heard.push(message.status))
    host.fake.next('hang')
    const sent = await host.wa.send(ASHA, { text: 'hello' })
    const request = await host.fake.received(1)
    assert.ok(request)
    const [taken] = host.fake.taken

    assert.equal((await host.report(taken?.id ?? '', 30002, echo ? (taken?.ref ?? null) : null)).status, 200)
    await until(async () => {
      const [event] = await host.engine.db.write('wa_events').select('state')
      return event.state === 'done'
    })
    assert.equal((await host.wa.messages.get(sent.id))?.status, echo ? 'delivered' : 'sending')
    if (echo) {
      assert.deepEqual(heard, ['delivered'])
      continue
    }
    // The answer comes at last: as the provider's module tells it, when its request ends.
    const row = await messageById(host.engine.db.write, Number(sent.id))
    if (row) await settleOutbound(host.engine.db, row, row.lease_token ?? '', { status: 'accepted', providerId: taken?.id ?? '' }, host.engine.now())
    host.wa.send(numbered(7), { text: 'wakes the inbox' }).catch(() => {})
    await until(async () => (await host.wa.messages.get(sent.id))?.status === 'delivered')
    await until(() => heard.includes('delivered'))
  }
})

test('a provider that nobody answers at gets each message once, when it is there', async () => {
  const away = await fakeExotel()
  const { url } = away
  await away.close()
  await using host = await desk({ baseUrl: url })
  await host.wa.send(ASHA, { text: 'hello' })
  await host.engine.settle()
  assert.deepEqual(await statesOf(host.engine), ['queued'])
  const { port } = new URL(url)
  let requests = 0
  const back = createServer((req, res) => {
    requests++
    req.resume()
    res.writeHead(202, { 'content-type': 'application/json' })
    res.end(JSON.stringify({ response: { whatsapp: { messages: [{ code: 202, status: 'success', data: { sid: 'late' } }] } } }))
  })
  await new Promise<void>((resolve) => back.listen(Number(port), '127.0.0.1', resolve))
  for (let round = 0; round < 5; round++) {
    host.clock.ahead += 300_000
    await host.engine.settle()
  }

  assert.deepEqual([await statesOf(host.engine), requests], [['accepted'], 1])
  back.closeAllConnections()
  back.close()
})

test('a provider that is down for an hour: it is asked seldom, nothing is lost, and then all leave once; what waited for more than a day does not', {
  timeout: 60_000,
}, async () => {
  const away = await fakeExotel()
  const { url } = away
  await away.close()
  await using host = await desk({ baseUrl: url, perSecond: 10_000 })
  const messages = 60
  await Promise.all(Array.from({ length: messages }, (_, n) => host.wa.send(numbered(n), { text: `hello ${n}` })))
  for (let minute = 0; minute < 60; minute++) {
    host.clock.ahead += 60_000
    await host.engine.settle()
  }
  const waiting = await host.engine.db.write('wa_messages').where({ direction: 'out' }).select('status', 'attempts')
  assert.deepEqual([...new Set(waiting.map(({ status }) => status))], ['queued'])
  // From 1 s to 5 min with full jitter: minutes apart at last, so not each of sixty minutes.
  const asked = waiting.reduce((sum, { attempts }) => sum + attempts, 0) / messages
  assert.ok(asked > 3 && asked < 45, `${asked} attempts a message in an hour`)

  let requests = 0
  const refs: string[] = []
  const back = createServer((req, res) => {
    requests++
    let body = ''
    req.on('data', (bytes) => {
      body += String(bytes)
    })
    req.on('end', () => {
      refs.push(/"custom_data":"([^"]+)"/.exec(body)?.[1] ?? '')
      res.writeHead(202, { 'content-type': 'application/json' })
      res.end(JSON.stringify({ response: { whatsapp: { messages: [{ code: 202, status: 'success', data: { sid: `late-${requests}` } }] } } }))
    })
  })
  await new Promise<void>((resolve) => back.listen(Number(new URL(url).port), '127.0.0.1', resolve))
  for (let round = 0; round < 4; round++) {
    host.clock.ahead += 300_000
    await host.engine.settle()
  }
  back.closeAllConnections()
  await new Promise((resolve) => back.close(resolve))

  assert.deepEqual([...new Set(await statesOf(host.engine))], ['accepted'])
  assert.deepEqual([requests, new Set(refs).size], [messages, messages])

  await host.wa.send(ASHA, { text: 'too late' })
  await host.engine.settle()
  host.clock.ahead += 24 * 3_600_000 + 1000
  await host.engine.settle()
  assert.equal((await statesOf(host.engine)).filter((status) => status === 'expired').length, 1)
  assert.equal(requests, messages)
})

test('told to slow down for every other message, all leave once', async () => {
  await using host = await desk()
  host.fake.next(...Array.from({ length: 6 }, () => tooManyRequests('0')))
  await Promise.all(Array.from({ length: 12 }, (_, n) => host.wa.send(numbered(n), { text: `hello ${n}` })))
  for (let round = 0; round < 20; round++) {
    host.clock.ahead += 400_000
    await host.engine.settle()
  }

  assert.deepEqual([...new Set(await statesOf(host.engine))], ['accepted'])
  assert.equal(new Set(host.fake.taken.map(({ ref }) => ref)).size, 12)
  assert.equal(host.fake.taken.length, 12)
})

test('credentials that are refused are tried once, not a hundred times; when they are right again everything leaves', async () => {
  await using host = await desk()
  host.fake.usual(refused(401, 1010, 'Authorization failed'))
  await Promise.all(Array.from({ length: 100 }, (_, n) => host.wa.send(numbered(n), { text: `hello ${n}` })))
  await host.engine.settle()

  assert.ok(host.fake.requests.length <= 3, `${host.fake.requests.length} requests`)
  assert.deepEqual([...new Set(await statesOf(host.engine))], ['queued'])
  assert.ok(await host.engine.whyHeld('default'))

  host.fake.usual(null)
  for (let round = 0; round < 30 && host.fake.taken.length < 100; round++) {
    host.clock.ahead += 400_000
    await host.engine.settle()
  }
  assert.equal(host.fake.taken.length, 100)
})

test('fifty calls with one idempotency key are one message and fifty equal answers, also after a restart', async () => {
  await using host = await desk()
  const call = () => host.wa.send(ASHA, { text: 'once' }, { idempotencyKey: 'order-1' })
  const answers = await Promise.all(Array.from({ length: 50 }, call))
  await host.engine.restart()
  answers.push(await call())

  assert.equal(new Set(answers.map(({ id }) => id)).size, 1)
  await host.engine.settle()
  assert.equal(host.fake.taken.length, 1)
  await assert.rejects(host.wa.send(ASHA, { text: 'other words' }, { idempotencyKey: 'order-1' }), { code: 'WA_IDEMPOTENCY_MISMATCH' })
})

test('a window that closes while a message waits: it does not leave, and says why', async () => {
  // Given up it would be after two days: what keeps it is the window alone.
  await using host = await desk({ expireAfterMs: 48 * 3_600_000 })
  await host.engine.knock('default', {
    method: 'POST',
    headers: {},
    query: new URLSearchParams({ token: 'a-long-webhook-token' }),
    body: Buffer.from(JSON.stringify({ from: ASHA, type: 'text', text: { body: 'hi' } })),
  })
  host.fake.next(tooManyRequests('86000'))
  const sent = await host.wa.send(ASHA, { text: 'waits' })
  await host.engine.settle()
  host.clock.ahead += 24 * 3_600_000 + 1000
  await host.engine.settle()

  const message = await messageById(host.engine.db.write, Number(sent.id))
  assert.equal(message?.status, 'failed')
  assert.equal(message?.error?.title, 'The 24-hour window closed before this could leave')
  assert.match(message?.error?.advice ?? '', /approved template/)
  assert.equal(host.fake.taken.length, 0)
})

const wordsOf = ({ body }: Recorded): string =>
  (body as { whatsapp: { messages: { content: { text: { body: string } } }[] } }).whatsapp.messages[0]?.content.text.body ?? ''

test('answers to one customer leave in order: the next waits until the provider has answered, and nobody else does', async () => {
  await using host = await desk()
  let answer: () => void = () => {}
  const slowly = new Promise<void>((resolve) => {
    answer = resolve
  })
  host.fake.next({ ...accepted('slow'), after: slowly })
  await host.wa.send(ASHA, { text: 'slow' })
  await host.fake.received(1)
  await host.wa.send(ASHA, { text: 'fast' })
  await host.wa.send(numbered(2), { text: 'somebody else' })
  await host.fake.received(2)
  await until(async () => (await statesOf(host.engine)).join() === 'sending,queued,accepted')
  answer()
  await host.engine.settle()

  assert.deepEqual(host.fake.requests.map(wordsOf), ['slow', 'somebody else', 'fast'])
  assert.deepEqual(await statesOf(host.engine), ['accepted', 'accepted', 'accepted'])
})

test('after a message that may have arrived the next to this customer leaves at once: if it arrived it did so before, and it is not sent again', async () => {
  await using host = await desk()
  host.fake.next('drop')
  await host.wa.send(ASHA, { text: 'may have arrived' })
  await host.wa.send(ASHA, { text: 'next' })
  await host.engine.settle()

  assert.deepEqual(host.fake.requests.map(wordsOf), ['may have arrived', 'next'])
  assert.deepEqual(await statesOf(host.engine), ['uncertain', 'accepted'])
})

test('two robots that answer each other stop at the hourly cap, and a person reads why', async () => {
  const database = await sqlite.open()
  const { wa, engine, clock, hears } = await hostOn(database.url, { perRecipientHour: 5 })
  wa.on('text', ({ say, text }) => say(`${text}!`))
  await wa.start()
  const words = async (): Promise<string[]> => engine.db.write('wa_messages').where({ direction: 'out' }).orderBy('id').pluck('text')

  // The other robot says again whatever it hears, for as long as this test has patience.
  await hears(ASHA, 'hello')
  await engine.settle()
  let heard = 0
  for (let said = await words(); said.length > heard && heard < 20; said = await words()) {
    for (const word of said.slice(heard)) await hears(ASHA, word)
    heard = said.length
    await engine.settle()
  }
  // The quick tries pass, and it stands there for ten minutes.
  for (let tries = 0; tries < 4; tries++) {
    clock.ahead += 31_000
    await engine.settle()
  }

  assert.deepEqual(await words(), ['hello!', 'hello!!', 'hello!!!', 'hello!!!!', 'hello!!!!!'])
  const { text: page } = await request(express().use(wa)).get('/wa/events?state=retrying').set('Host', 'localhost').expect(200)
  assert.match(page, /5 messages went to this recipient within the last hour\. Wait, or raise the limit \(perRecipientHour\) if that is meant\./)
  await wa.close()
})
