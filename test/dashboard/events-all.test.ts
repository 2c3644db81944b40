import assert from 'node:assert/strict'
import { test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { Stop, waInteractive } from '../../lib/index'
import { testOptions, testPhone } from '../../lib/testing'
import { engines } from '../support/databases'
import { later } from '../support/later'
import { engineOf } from '../support/wire-host'
import { hidden, wordsOf } from './host'

for (const engine of engines()) {
  test(`${engine.name}: all that needs attention is heard again, or let go, after being asked how many`, { skip: engine.skip }, async (t) => {
    const database = await engine.open()
    later(t, () => database.drop())
    const { control: _control, ...options } = testOptions()
    const wa = waInteractive({
      ...options,
      database: database.url,
      authorize: (req: { headers: Record<string, string> }) => ({ id: 'u1', name: 'Ravi', role: (req.headers['x-role'] ?? 'agent') as 'agent' }),
    })
    let broken = true
    const heard: string[] = []
    const done: string[] = []
    wa.on('text', { name: 'fails' }, ({ text }) => {
      if (broken) throw new Stop('The shop is closed')
      heard.push(text)
    })
    wa.on('text', { name: 'works' }, ({ text }) => void done.push(text))
    await wa.start()
    later(t, () => wa.close())
    const app = express().use(wa)
    const get = async (path: string, role = 'agent') => (await request(app).get(`/wa${path}`).set('x-role', role).expect(200)).text
    const post = (path: string, page: string, role = 'agent') =>
      request(app)
        .post(`/wa${path}`)
        .set({ 'sec-fetch-site': 'same-origin', 'x-role': role })
        .type('form')
        .send({ count: hidden(page, 'count'), upto: hidden(page, 'upto') })
    const asha = testPhone(wa, { name: 'Asha' })
    for (const text of ['one', 'two', 'three']) await asha.says(text)

    assert.match(await get('/events'), /href="\/wa\/events\/all\/retry"/)
    const asked = await get('/events/all/retry')
    assert.match(wordsOf(asked), /Try 3 events again\?/)
    await request(app).get('/wa/events/all/retry').set('x-role', 'viewer').expect(403)
    await request(app).get('/wa/events/all/retry?state=done').expect(404)
    await asha.says('four')
    broken = false
    await post('/events/all/retry?state=needs_attention', asked).expect('Location', '/wa/events?state=needs_attention&did=retry.3')
    await engineOf(wa).settle()

    assert.deepEqual(heard.sort(), ['one', 'three', 'two'])
    assert.deepEqual(done, ['one', 'two', 'three', 'four'])
    const left = await get('/events/all/discard')
    assert.match(wordsOf(left), /Discard one event\?/)
    await post('/events/all/discard?state=needs_attention', left).expect('Location', '/wa/events?state=needs_attention&did=discard.1')
    assert.match(wordsOf(await get('/events?did=discard.1')), /One event discarded\./)
    await engineOf(wa).settle()
    assert.deepEqual(heard.sort(), ['one', 'three', 'two'])
    const audits = (await engineOf(wa).db.read('wa_audit').where({ subject: 'inbox' }).orderBy('id').select('action', 'after')) as {
      action: string
      after: string
    }[]
    assert.deepEqual(
      audits.map(({ action, after }) => [action, JSON.parse(after).state, JSON.parse(after).count]),
      [
        ['events.retry', 'waiting', 3],
        ['events.discard', 'discarded', 1],
      ],
    )
  })

  test(`${engine.name}: what nobody listened to is heard by whoever listens now`, { skip: engine.skip }, async (t) => {
    const database = await engine.open()
    later(t, () => database.drop())
    const { control: _control, ...options } = testOptions()
    const wa = waInteractive({ ...options, database: database.url, authorize: () => ({ id: 'u1', name: 'Ravi', role: 'agent' as const }) })
    await wa.start()
    later(t, () => wa.close())
    const app = express().use(wa)
    const asha = testPhone(wa)
    for (const text of ['one', 'two', 'three']) await asha.says(text)
    const heard: string[] = []
    wa.on('text', ({ text }) => void heard.push(text))

    const { text } = await request(app).get('/wa/events/all/retry?state=unhandled').expect(200)
    const form = { count: hidden(text, 'count'), upto: hidden(text, 'upto') }
    await request(app).post('/wa/events/all/retry?state=unhandled').set('sec-fetch-site', 'same-origin').type('form').send(form).expect(303)
    await engineOf(wa).settle()

    assert.deepEqual(heard.sort(), ['one', 'three', 'two'])
  })
}
