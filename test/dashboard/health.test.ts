import assert from 'node:assert/strict'
import { test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { exotel, waInteractive } from '../../lib/index'
import { testOptions } from '../../lib/testing'
import { engines } from '../support/databases'
import { later } from '../support/later'
import { engineOf } from '../support/wire-host'
import { host, wordsOf } from './host'

const TOKEN = 'a-long-webhook-token'
const unreachable = () =>
  exotel({ accountSid: 'sid', apiKey: 'key', apiToken: 'token', from: '+918000000001', baseUrl: 'http://127.0.0.1:1', webhookToken: TOKEN })
const admin = () => ({ id: 'u1', name: 'Ravi', role: 'admin' as const })

for (const engine of engines()) {
  test(`${engine.name}: a host on which nothing works says so, with each cause and its fix`, { skip: engine.skip }, async (t) => {
    const database = await engine.open()
    later(t, () => database.drop())
    const { control: _control, provider: _simulator, ...options } = testOptions()
    const wa = waInteractive({ ...options, database: database.url, provider: unreachable(), authorize: admin } as object)
    const app = express().use(express.json()).use(wa)
    await wa.start()
    later(t, () => wa.close())
    const settings = async () => wordsOf((await request(app).get('/wa/settings').expect(200)).text)

    const before = await settings()
    await request(app).post(`/wa/webhook?token=${TOKEN}`).send({ whatsapp: {} }).expect(500)
    await request(app).post('/wa/webhook?token=guess').send({ whatsapp: {} }).expect(401)
    await wa.send('+919800000001', { raw: { type: 'template', template: { name: 'hello', language: { code: 'en' } } } })
    for (let tries = 0; tries < 100; tries++) {
      const [row] = await engineOf(wa).db.read('wa_message_history').whereNotNull('detail').select('id')
      if (row) break
      await new Promise((wake) => setTimeout(wake, 50))
    }

    const words = await settings()
    assert.match(before, /Provider nothing heard yet/)
    assert.match(before, /WA_PUBLIC_URL is not set/)
    assert.match(before, /\/webhook\?token=… .*your EXOTEL_WEBHOOK_TOKEN in place of the dots/)
    assert.match(words, /Provider does not work/)
    assert.match(words, /One webhook call was answered with an error .* keep the bytes: app\.use\(express\.json\(\{ verify: wa\.captureRawBody \}\)\)/)
    assert.match(words, /Messages do not leave: 127\.0\.0\.1:1 could not be reached: it refuses connections/)
    assert.match(
      words,
      /Refused 1 since this process started, for a wrong signature or token, none set here, or a body too large or broken; the log says which Body gone 1 whose body/,
    )
    assert.match(words, /Inbox 0 waiting to be heard Outbox 1 waiting to leave/)
    assert.match(words, /Size \d[\d.]* [kMG]B/)
    assert.match(wordsOf((await request(app).get('/wa/').expect(200)).text), /State does not work .*Messages do not leave/)
    assert.doesNotMatch(words, new RegExp(TOKEN))
  })
}

test('what a number heard last outlives the process', async (t) => {
  const { get, phone, control, wa } = await host(t)
  await phone().says('hi')
  await wa.idle()
  await control.restart()
  await control.clock.advance(7_200_000)

  for (const path of ['/settings', '/']) assert.match(wordsOf((await get(path).expect(200)).text), /Last heard 2 h/)
})

test('whoever sees one business number gets no figure of another', async (t) => {
  const { control: _control, provider: _simulator, ...options } = testOptions()
  const sees = { numbers: ['sales'] as string[] | undefined }
  const wa = waInteractive({
    ...options,
    numbers: { sales: unreachable(), support: unreachable() },
    authorize: () => ({ ...admin(), ...sees }),
    worker: false,
  } as object)
  const app = express().use(wa)
  await wa.start()
  later(t, () => wa.close())
  const { db } = engineOf(wa)
  const at = Date.now()
  const message = { conversation_id: 1, direction: 'out', type: 'text', at, created_at: at }
  await db.write('wa_messages').insert([
    { ...message, number: 'support', status: 'failed' },
    { ...message, number: 'support', status: 'uncertain' },
  ])
  await db.write('wa_events').insert({ dedupe: 'x'.repeat(64), number: 'support', type: 'text', state: 'needs_attention', at, created_at: at })
  const figures = async () => {
    const words = wordsOf((await request(app).get('/wa/').expect(200)).text)
    return [/Attention (\d*)/, /(\d+) Need attention/, /(\d+) Messages failed/, /(\d+) Nobody knows/].map((figure) => figure.exec(words)?.[1])
  }

  const some = await figures()
  sees.numbers = undefined
  const all = await figures()

  assert.deepEqual(
    [some, all],
    [
      ['', '0', '0', '0'],
      ['1', '1', '1', '1'],
    ],
  )
})
