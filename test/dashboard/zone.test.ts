import assert from 'node:assert/strict'
import { test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { momentOf } from '../../lib/http/dashboard/when'
import { languagesOf } from '../../lib/http/words/languages'
import type { Say } from '../../lib/http/words/say'
import { dayAfter, isDay, startOfDay } from '../../lib/http/zone'
import { waInteractive } from '../../lib/index'
import { testOptions } from '../../lib/testing'
import { later } from '../support/later'
import { engineOf } from '../support/wire-host'
import { wordsOf } from './host'

const HOUR = 3_600_000

for (const [zone, day, starts, hours] of [
  ['UTC', '2026-10-25', '2026-10-25T00:00:00.000Z', 24],
  ['Asia/Kolkata', '2026-10-25', '2026-10-24T18:30:00.000Z', 24],
  ['Europe/Berlin', '2026-10-25', '2026-10-24T22:00:00.000Z', 25],
  ['Europe/Berlin', '2026-03-29', '2026-03-28T23:00:00.000Z', 23],
  // The clocks go from midnight to one: this day begins at one.
  ['Africa/Cairo', '2026-04-24', '2026-04-23T22:00:00.000Z', 23],
  ['Pacific/Kiritimati', '2026-01-01', '2025-12-31T10:00:00.000Z', 24],
  ['Pacific/Pago_Pago', '2026-01-01', '2026-01-01T11:00:00.000Z', 24],
] as const) {
  test(`${day} in ${zone} begins at ${starts} and has ${hours} hours`, () => {
    assert.equal(new Date(startOfDay(zone, day)).toISOString(), starts)
    assert.equal((startOfDay(zone, dayAfter(day, 1)) - startOfDay(zone, day)) / HOUR, hours)
  })
}

test('a day is one that there is', () => {
  assert.deepEqual(['2026-02-28', '2026-02-29', '2026-13-01', '26-1-1', 'yesterday', ''].map(isDay), [true, false, false, false, false, false])
})

test('times, days, the chart and the days of a filter are those of the zone that was chosen; machines get UTC', async (t) => {
  const { control: _control, ...options } = testOptions()
  const wa = waInteractive({
    ...options,
    now: () => new Date('2026-10-26T11:00:00Z'),
    worker: false,
    authorize: () => ({ id: 'u', name: 'U', role: 'admin' as const }),
    dashboard: { timeZone: 'Europe/Berlin' },
  })
  await wa.start()
  later(t, () => wa.close())
  const { db } = engineOf(wa)
  // The 25th of October had 25 hours: each of these stands at an edge of it.
  const times = ['2026-10-24T21:59:59.999Z', '2026-10-24T22:00:00.000Z', '2026-10-25T22:59:59.999Z', '2026-10-25T23:00:00.000Z']
  for (const [n, iso] of times.entries()) {
    const at = Date.parse(iso)
    await db.write('wa_contacts').insert({ id: n + 1, phone: `+91980000000${n}`, name: `Customer ${n}`, attributes: '{}', created_at: at, updated_at: at })
    await db
      .write('wa_conversations')
      .insert({ id: n + 1, number: 'default', contact_id: n + 1, last_at: at, last_text: 'hi', last_direction: 'in', changed_at: at, created_at: at })
    await db.write('wa_messages').insert({ number: 'default', conversation_id: n + 1, direction: 'in', type: 'text', text: 'hi', at, created_at: at })
  }
  const app = express().use(wa)
  const get = async (path: string) => (await request(app).get(`/wa${path}`).expect(200)).text
  const found = async (query: string) => [...(await get(`/conversations?${query}`)).matchAll(/Customer (\d)<\/bdi>/g)].map(([, n]) => Number(n))

  assert.deepEqual(await found('from=2026-10-25&to=2026-10-25'), [2, 1])
  assert.deepEqual(await found('from=2026-10-26'), [3])
  assert.deepEqual(await found('to=2026-10-24'), [0])
  assert.deepEqual(await found('from=2026-02-30'), [3, 2, 1, 0])
  const list = await get('/conversations?from=2026-10-25&to=2026-10-25')
  assert.match(list, /name="from" value="2026-10-25"/)
  assert.match(list, /href="\/wa\/conversations\?to=2026-10-25" aria-current="true">From 25 Oct/)
  assert.match(list, /datetime="2026-10-25T22:59:59.999Z" title="25 Oct 2026, 23:59:59 CET"/)
  assert.match(wordsOf(list), /Times in Europe\/Berlin/)
  assert.match(wordsOf(await get('/insight')), /Today 1 0 Yesterday 2 0 Saturday 1 0/)
  assert.match(wordsOf(await get('/conversations/2')), /Yesterday[\s\S]* 00:00/)
})

test('a time zone that there is not is refused, with the nearest name', () => {
  assert.throws(() => waInteractive({ autoStart: false, dashboard: { timeZone: 'Europe/Berln' } }), {
    code: 'WA_OPTION_INVALID',
    message: 'dashboard.timeZone is "Europe/Berln", which is no time zone. Did you mean "Europe/Berlin"?',
  })
})

test('what was today is yesterday after midnight, in each zone and language, also when it was written before', () => {
  const clock = { now: Date.parse('2026-10-25T18:00:00Z') }
  const said = Date.parse('2026-10-25T17:59:42Z')
  const [english, hindi] = [languagesOf('en', undefined).say(null), languagesOf('hi', undefined).say(null)]
  const read = (say: Say, zone: string, time = said) => {
    const { day, short, when, isToday, full, iso } = momentOf(time, { t: say, zone, engine: { now: () => clock.now } as never })
    return { day, short, when, isToday, full, iso }
  }

  assert.deepEqual(read(english, 'UTC'), {
    day: 'Today',
    short: '17:59',
    when: 'Today, 17:59',
    isToday: true,
    full: '25 Oct 2026, 17:59:42 UTC',
    iso: '2026-10-25T17:59:42.000Z',
  })
  assert.equal(read(english, 'UTC', said + 10_000).full, '25 Oct 2026, 17:59:52 UTC')
  assert.equal(read(hindi, 'UTC').day, 'आज')
  assert.deepEqual([read(english, 'Asia/Kolkata').day, read(english, 'Asia/Kolkata').short], ['Today', '23:29'])
  // Half past midnight in India, seven in the evening in London.
  clock.now += HOUR
  assert.deepEqual([read(english, 'Asia/Kolkata').day, read(english, 'UTC').day], ['Yesterday', 'Today'])
  clock.now += 6 * HOUR
  assert.deepEqual([read(english, 'UTC').day, read(english, 'UTC').isToday, read(hindi, 'UTC').day], ['Yesterday', false, 'कल'])
  clock.now += 24 * HOUR
  assert.equal(read(english, 'UTC').day, 'Sunday')
  clock.now += 365 * 24 * HOUR
  assert.equal(read(english, 'UTC').day, '25 October 2026')
})
