import assert from 'node:assert/strict'
import { test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { Stop, waInteractive } from '../../lib/index'
import { testOptions } from '../../lib/testing'
import { ENGINE } from '../../lib/wa'
import { engines } from '../support/databases'
import { engineOf } from '../support/wire-host'
import { apiHost, KEYS } from './api-host'

const TO = '+919876543210'
const made = (more: object = {}) => {
  const { control: _control, ...options } = testOptions()
  const wa = waInteractive({ ...options, autoStart: false, ...more })
  return { wa, app: express().use(wa) }
}
type Pools = Record<symbol, { db: { read: { destroy(): Promise<void> }; write: { destroy(): Promise<void> } } }>

test('healthz is alive before the start, after the close and without a database, and asks nobody for a key', async () => {
  const { wa, app } = made({ database: 'sqlite:/nowhere/at/all.sqlite', apiKeys: [{ name: 'shop', key: KEYS.read, scope: 'read' }] })

  const starting = await request(app).get('/wa/healthz').expect(200)
  await assert.rejects(wa.start())
  const failed = await request(app).get('/wa/healthz').expect(200)
  await wa.close()
  const closed = await request(app).get('/wa/healthz').expect(200)

  assert.deepEqual(
    [starting.body, failed.body, closed.body],
    ['starting', 'failed', 'closed'].map((state) => ({ status: 'ok', state })),
  )
})

test('readyz is 503 with Retry-After while starting, after a failed start and when closed, and 200 in between', async () => {
  const { wa, app } = made()
  const broken = made({ database: 'sqlite:/nowhere/at/all.sqlite' })
  await assert.rejects(broken.wa.start())

  const starting = await request(app).get('/wa/readyz')
  await wa.start()
  const ready = await request(app).get('/wa/readyz')
  await wa.close()
  const closed = await request(app).get('/wa/readyz')
  const failed = await request(broken.app).get('/wa/readyz')

  assert.deepEqual([ready.status, ready.body], [200, { status: 'ready' }])
  for (const answer of [starting, closed, failed]) {
    assert.deepEqual([answer.status, answer.headers['retry-after'], answer.body.code], [503, '30', 'WA_CLOSED'])
    assert.doesNotMatch(answer.text, /nowhere/)
  }
})

test('readyz is 503 when the database stops to answer, and tells nothing of it', async (t) => {
  const { wa, server } = await apiHost(t, { worker: false })
  const engine = (wa as unknown as Pools)[ENGINE]
  await engine?.db.read.destroy()

  const answer = await request(server).get('/wa/readyz')

  assert.deepEqual([answer.status, answer.body.code, answer.headers['retry-after']], [503, 'WA_DATABASE', '30'])
  assert.doesNotMatch(answer.text, /select|acquire|sqlite/i)
})

for (const engine of engines()) {
  test(`${engine.name}: readyz is 503 when the tables are gone, and the log says so once, until they are there again`, { skip: engine.skip }, async () => {
    const database = await engine.open()
    const said: [object, string][] = []
    const error = (given: object, words: string): void => void said.push([given, words])
    const { wa, app } = made({ database: database.url, worker: false, logger: { debug() {}, info() {}, warn() {}, error } })
    await wa.start()
    const { write } = engineOf(wa).db
    await write.schema.renameTable('wa_events', 'wa_gone')

    const gone = [await request(app).get('/wa/readyz'), await request(app).get('/wa/readyz')]
    await write.schema.renameTable('wa_gone', 'wa_events')
    const back = await request(app).get('/wa/readyz')
    await wa.close()
    await database.drop()

    for (const { status, body, text } of gone) {
      assert.deepEqual([status, body.code], [503, 'WA_DATABASE'])
      assert.doesNotMatch(text, /wa_events/)
    }
    assert.equal(back.status, 200)
    assert.deepEqual(
      said.map(([, words]) => words),
      ['not ready: the tables cannot be read'],
    )
    assert.match(JSON.stringify(said[0]), /wa_events/)
  })
}

test('metrics need an API key, whatever its scope', async (t) => {
  const { server } = await apiHost(t)

  const without = await request(server).get('/wa/metrics')
  const wrong = await request(server).get('/wa/metrics').set('Authorization', 'Bearer nobody-knows-this-key')
  const reader = await request(server).get('/wa/metrics').set('Authorization', `Bearer ${KEYS.read}`)

  assert.deepEqual([without.status, wrong.status, reader.status], [401, 401, 200])
})

test('metrics are Prometheus text that counts what waits, what failed and what needs a person', async (t) => {
  const { wa, control, server, phone, post } = await apiHost(t)
  wa.on('text', () => {
    throw new Stop('no')
  })
  await phone({ phone: TO }).says('hi')
  control.provider.failNext(131026)
  await post('/messages', { to: TO, message: { text: 'Hello' } })
  await wa.idle()

  const { text, headers } = await request(server).get('/wa/metrics').set('Authorization', `Bearer ${KEYS.read}`)

  assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/)
  const lines = text.trimEnd().split('\n')
  for (const line of lines) assert.match(line, /^(# (HELP|TYPE) wa_[a-z_]+ .+|wa_[a-z_]+(\{[a-z]+="[^"]*"\})? -?[0-9.]+)$/)
  for (const sample of [
    'wa_up 1',
    'wa_events{state="needs_attention"} 1',
    'wa_events{state="waiting"} 0',
    'wa_messages{status="failed"} 1',
    'wa_messages{status="queued"} 0',
    'wa_webhook_refused_total 0',
    'wa_number_held{number="default"} 0',
  ])
    assert.ok(lines.includes(sample), `${sample} in\n${text}`)
  assert.ok(lines.some((line) => line.startsWith('wa_webhook_silence_seconds ')))
  assert.doesNotMatch(text, /9876543210/)
})

test('metrics are 503 while there is no database', async () => {
  const { wa, app } = made()

  const answer = await request(app).get('/wa/metrics')
  await wa.close()

  assert.deepEqual([answer.status, answer.headers['retry-after']], [503, '30'])
})

test('probes answer GET and HEAD alone, under whatever mount, and also when API and dashboard are off', async () => {
  const { wa } = made({ api: false, dashboard: false })
  await wa.start()
  const app = express().use('/support', wa)

  await request(app).get('/support/healthz').expect(200)
  const head = await request(app).head('/support/readyz').expect(200)
  const posted = await request(app).post('/support/healthz').expect(405)
  await request(app)
    .get('/support/api/menus')
    .expect(404, /Cannot GET/)
  await wa.close()

  assert.equal(head.text, undefined)
  assert.equal(posted.headers.allow, 'GET, HEAD')
})
