import assert from 'node:assert/strict'
import { test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { waInteractive } from '../../lib/index'
import { BESIDE, LADDER } from '../../lib/model/message'
import { testOptions } from '../../lib/testing'
import { engines } from '../support/databases'
import { later } from '../support/later'
import { engineOf } from '../support/wire-host'
import { host, wordsOf } from './host'

test('the overview counts what the database holds', async (t) => {
  const { get, phone, control, wa } = await host(t)
  const asha = phone({ name: 'Asha' })
  await asha.says('hi')
  await asha.taps('track_order')
  await asha.taps('track_order')
  control.provider.failNext(131026)
  await asha.says('ORD-1')
  await wa.idle()

  const { text } = await get('/insight').expect(200)
  const words = wordsOf(text)

  assert.match(words, /received 4 .*sent 3/)
  assert.match(words, /Track My Order help-center · track_order 2/)
  assert.match(wordsOf((await get('/').expect(200)).text), /1 Messages failed/)
  assert.match(words, /Half of them at most 0\.1 s /)
  assert.match(words, /No answer 1 of the latest 4/)
  assert.match(text, /<svg class="chart"[^>]*aria-label="[^"]*4 received, 3 sent/)
})

test('a dashboard without menus says so', async (t) => {
  const { control: _control, ...options } = testOptions()
  const wa = waInteractive(options)
  t.after(() => wa.close())

  const { text } = await request(express().use(wa)).get('/wa/').expect(200)

  assert.match(wordsOf(text), /Menus All No menus yet/)
})

test('a window that closes soon while the customer spoke last is shown, an answered one is not', async (t) => {
  const { get, phone, control } = await host(t)
  const asha = phone({ name: 'Asha' })
  await asha.says('hi')
  await asha.taps('agent')
  await asha.says('are you there?')
  await phone({ name: 'Bela', phone: '+919800000002' }).says('hi')
  await control.clock.advance(22 * 3_600_000)

  const words = wordsOf((await get('/').expect(200)).text)

  assert.match(words, /Windows about to close .*Asha 1 h 59 min left/)
  assert.doesNotMatch(words, /Bela 1 h 59 min left Menus/)
})

test('where customers stopped is named after an hour of silence', async (t) => {
  const { get, phone, control } = await host(t)
  const asha = phone({ name: 'Asha' })
  await asha.says('hi')
  await asha.taps('track_order')
  await control.clock.advance(2 * 3_600_000)

  assert.match(wordsOf((await get('/insight').expect(200)).text), /Asked for “order_number” 1/)
})

test('a day that is over is counted once and stays; yesterday and today are told apart', async (t) => {
  const { get, phone, control } = await host(t)
  await phone().says('hi')
  await control.clock.advance(24 * 3_600_000)
  await phone().says('hi again')

  const first = (await get('/insight').expect(200)).text
  const second = (await get('/insight').expect(200)).text

  for (const text of [first, second]) assert.match(wordsOf(text), /Today 1 1 Yesterday 1 1/)
})

for (const engine of engines()) {
  test(`${engine.name}: what the chart says is what the rows say, day by day, and follows what becomes of them`, { skip: engine.skip }, async (t) => {
    const database = await engine.open()
    later(t, () => database.drop())
    const { control: _control, ...options } = testOptions()
    const wa = waInteractive({ ...options, database: database.url, worker: false, authorize: () => ({ id: 'u1', name: 'Ravi', role: 'viewer' }) } as object)
    await wa.start()
    later(t, () => wa.close())
    const { db, now } = engineOf(wa)
    const app = express().use(wa)
    const noon = new Date(now()).setHours(12, 0, 0, 0)
    const statuses = [...LADDER, ...BESIDE]
    // One message of ours for each state and day, day 0 the oldest, twice as many received; and one of each before the two weeks.
    for (let ago = 14; ago >= 0; ago--) {
      const at = noon - ago * 86_400_000
      const row = { number: 'default', conversation_id: 1, type: 'text', at, created_at: at }
      await db.write('wa_messages').insert(
        statuses.flatMap((status) => [
          { ...row, direction: 'out', status },
          { ...row, direction: 'in', status: null },
          { ...row, direction: 'in', status: null },
        ]),
      )
    }
    const shown = async () => {
      const words = wordsOf((await request(app).get('/wa/insight').expect(200)).text)
      const [, received, sent] = /received (\d+) +sent (\d+)/.exec(words) ?? []
      const days = [...(/Day Received Sent (.*?) Tapped most/.exec(words)?.[1] ?? '').matchAll(/(\d+) (\d+)(?= |$)/g)]
      return { received: Number(received), sent: Number(sent), last: days.length }
    }

    const left = LADDER.length - 2
    assert.deepEqual(await shown(), { received: 14 * 22, sent: 14 * left, last: 14 })
    await db
      .write('wa_messages')
      .where({ status: 'failed' })
      .where('created_at', '<', noon - 86_400_000)
      .update({ status: 'delivered' })
    assert.deepEqual(await shown(), { received: 14 * 22, sent: 14 * left + 12, last: 14 })
    const rows = (await db
      .read('wa_messages')
      .where({ direction: 'out' })
      .where('created_at', '>', noon - 13.5 * 86_400_000)
      .whereNotIn('status', ['queued', 'sending', 'failed', 'uncertain', 'expired', 'canceled'])
      .count({ n: '*' })
      .first()) as { n: number }
    assert.equal(Number(rows.n), 14 * left + 12)
  })
}

test('however much was said, the overview asks few questions, and the numbers of two weeks come after it', async (t) => {
  const { wa, get } = await host(t)
  const { db } = engineOf(wa)
  const now = engineOf(wa).now()
  const said = Array.from({ length: 400 }, (_, nth) => ({ nth, at: now - (400 - nth) * 3_000_000 }))
  await db.write('wa_messages').insert(
    said.map(({ nth, at }) => ({
      number: 'default',
      conversation_id: 1,
      direction: nth % 2 ? 'out' : 'in',
      status: nth % 2 ? 'read' : null,
      type: 'text',
      at,
      created_at: at,
    })),
  )
  // Asked two hours ago, and read by somebody a moment ago.
  const step = JSON.stringify({ flow: '', name: 'order_number', since: now - 7_200_000 })
  await db.write('wa_conversations').insert({ number: 'default', contact_id: 1, step, last_at: now, changed_at: now, created_at: now })
  const menu = { type: 'text', owner: 'staff', version: 1, updated_at: now, created_at: now }
  await db.write('wa_menus').insert(Array.from({ length: 250 }, (_, nth) => ({ ...menu, key: `menu-${nth}`, draft: nth === 0 ? '{}' : null })))
  let asked = 0
  db.read.on('query', () => asked++)

  const overview = (await get('/').expect(200)).text
  const first = asked
  const numbers = wordsOf((await get('/insight', 'admin', { 'hx-request-type': 'partial' }).expect(200)).text)

  assert.ok(first <= 16, `${first} questions`)
  assert.ok(asked - first <= 20, `${asked - first} questions`)
  assert.match(overview, /id="_insight"[^>]*hx-get="\/wa\/insight" hx-trigger="load"/)
  assert.match(overview, /<a href="\/wa\/insight">/)
  assert.match(wordsOf(overview), /252 menus\. Changed and not yet published: menu-0 /)
  assert.match(numbers, /No answer 0 of the latest 200/)
  assert.match(numbers, /Asked for “order_number” 1/)
})

test('who is unread, what was tapped and where customers stopped are looked for in indexes of those alone', async (t) => {
  const { wa, get } = await host(t)
  const { db } = engineOf(wa)
  const asked: { sql: string; bindings: readonly string[] }[] = []
  db.read.on('query', (query) => asked.push(query))

  await get('/conversations?unread=1').expect(200)
  await get('/insight').expect(200)
  const plans = await Promise.all(asked.splice(0).map(({ sql, bindings }) => db.write.raw(`explain query plan ${sql}`, [...bindings])))

  const used = (plans.flat() as { detail: string }[]).map((row) => row.detail).join('\n')
  for (const index of ['wa_conversations_unread', 'wa_messages_taps', 'wa_conversations_step']) assert.match(used, new RegExp(`INDEX ${index}\\b`))
})
