import assert from 'node:assert/strict'
import { test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { waInteractive } from '../../lib/index'
import { testOptions } from '../../lib/testing'
import { engines } from '../support/databases'
import { later } from '../support/later'
import { engineOf } from '../support/wire-host'
import { hidden, host, wordsOf } from './host'

/** Three messages that WhatsApp refused. */
async function troubled(t: Parameters<typeof host>[0]) {
  const given = await host(t)
  const fail = async (text: string): Promise<void> => {
    given.control.provider.failNext(131026)
    await given.wa.send('+919800000001', { text })
    await given.wa.idle()
  }
  for (const text of ['one', 'two', 'three']) await fail(text)
  return { ...given, fail, statusOf: async (id: string) => (await given.wa.messages.get(id))?.status }
}

test('all that failed are sent again after being asked, and what fails after the question is not among them', async (t) => {
  const { get, post, wa, fail, statusOf } = await troubled(t)
  const list = (await get('/outbox?state=failed', 'agent')).text
  const asked = (await get('/outbox/all/retry?state=failed', 'agent').expect(200)).text
  await fail('four')

  const done = await post('/outbox/all/retry?state=failed', { count: hidden(asked, 'count'), upto: hidden(asked, 'upto') }, 'agent').expect(303)
  await wa.idle()

  assert.match(list, /href="\/wa\/outbox\/all\/retry\?state=failed"/)
  assert.match(wordsOf(asked), /Send 3 messages again\?/)
  assert.equal(done.headers.location, '/wa/outbox?state=failed&did=retry.3')
  assert.match(wordsOf((await get('/outbox?state=failed&did=retry.3')).text), /3 messages will be sent again\./)
  assert.deepEqual(await Promise.all(['1', '2', '3', '4'].map(statusOf)), ['delivered', 'delivered', 'delivered', 'failed'])
  assert.match(wordsOf((await get('/audit')).text), /Ravi sent messages again[\s\S]*&#34;count&#34;: 3/)
})

test('who agreed to fewer than there are is asked anew, and nothing is done', async (t) => {
  const { post, statusOf } = await troubled(t)

  const { text } = await post('/outbox/all/retry?state=failed', { count: '2', upto: '99' }, 'agent').expect(409)

  assert.match(wordsOf(text), /There are more by now: 3, not 2\. Nothing was done\./)
  assert.match(text, /name="count" value="3"/)
  assert.deepEqual(await Promise.all(['1', '2', '3'].map(statusOf)), ['failed', 'failed', 'failed'])
})

test('of those that may have arrived the page warns; all of them can be discarded; viewers decide nothing', async (t) => {
  const { get, post, wa, control, statusOf } = await host(t).then((given) => ({
    ...given,
    statusOf: async (id: string) => (await given.wa.messages.get(id))?.status,
  }))
  for (const text of ['one', 'two']) {
    control.provider.failNext('timeout')
    await wa.send('+919800000001', { text })
    await wa.idle()
  }

  await get('/outbox/all/retry?state=uncertain', 'viewer').expect(403)
  await post('/outbox/all/cancel?state=uncertain', { count: '2', upto: '9' }, 'viewer').expect(403)
  await get('/outbox/all/retry', 'agent').expect(404)
  assert.match(wordsOf((await get('/outbox/all/retry?state=uncertain', 'agent')).text), /get them twice/)
  await post('/outbox/all/cancel?state=uncertain', { count: '2', upto: '9' }, 'agent').expect(303)

  assert.deepEqual(await Promise.all(['1', '2'].map(statusOf)), ['canceled', 'canceled'])
})

for (const engine of engines()) {
  test(`${engine.name}: of thousands each is decided once, in batches that leave room for others, and of one's own business numbers alone`, {
    skip: engine.skip,
  }, async (t) => {
    const database = await engine.open()
    later(t, () => database.drop())
    const { control: _control, ...options } = testOptions()
    const wa = waInteractive({
      ...options,
      database: database.url,
      authorize: () => ({ id: 'u1', name: 'Ravi', role: 'agent', numbers: ['default'] }),
    } as object)
    await wa.start()
    later(t, () => wa.close())
    const { db } = engineOf(wa)
    const row = (n: number) => ({
      number: n % 10 === 0 ? 'other' : 'default',
      conversation_id: 1,
      direction: 'out',
      type: 'text',
      status: 'failed',
      at: n,
      created_at: n,
    })
    for (let from = 1; from <= 3000; from += 100) await db.write('wa_messages').insert(Array.from({ length: 100 }, (_, n) => row(from + n)))
    const app = express().use(wa)

    const asked = (await request(app).get('/wa/outbox/all/cancel?state=failed').expect(200)).text
    await request(app)
      .post('/wa/outbox/all/cancel?state=failed')
      .set('sec-fetch-site', 'same-origin')
      .type('form')
      .send({ count: hidden(asked, 'count'), upto: hidden(asked, 'upto') })
      .expect('Location', '/wa/outbox?state=failed&did=cancel.2700')

    const left = (await db.read('wa_messages').groupBy('number', 'status').orderBy('number').select('number', 'status').count({ n: '*' })) as { n: number }[]
    assert.deepEqual(
      left.map((found) => ({ ...found, n: Number(found.n) })),
      [
        { number: 'default', status: 'canceled', n: 2700 },
        { number: 'other', status: 'failed', n: 300 },
      ],
    )
    const [histories] = (await db
      .read('wa_message_history')
      .where({ status: 'canceled', caused_by: 'Ravi' })
      .countDistinct({ n: 'message_id' })
      .count({ all: '*' })) as object[]
    assert.deepEqual(Object.values(histories ?? {}).map(Number), [2700, 2700])
    const audits = (await db.read('wa_audit').where({ action: 'messages.cancel' }).select('after')) as { after: string }[]
    assert.equal(
      audits.reduce((sum, { after }) => sum + JSON.parse(after).count, 0),
      2700,
    )
    assert.ok(audits.length > 1)
  })
}
