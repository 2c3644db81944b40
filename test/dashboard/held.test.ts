import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Retry, Stop } from '../../lib/index'
import { engineOf } from '../support/wire-host'
import { host, wordsOf } from './host'

/** The list as its own page asks for it again, with the rows that it shows. */
const again = (html: string, id: string): string => new RegExp(`id="${id}" hx-get="/wa([^"]+)"`).exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''
const part = { 'hx-request-type': 'partial' }
const rowsIn = (html: string): string[] => [...html.matchAll(/<li class="case" id="\w+-(\d+)"/g)].map((match) => match[1] as string)

test('rows of the outbox stay in their places as they are by now, and what came since is counted, not shown', async (t) => {
  const { get, post, phone, troubles, wa } = await host(t)
  const asha = await troubles(131026, 2, phone({ name: 'Asha' }))
  const opened = (await get('/outbox?state=failed')).text
  const here = again(opened, '_outbox')

  await post('/outbox/4/retry').expect(303)
  await wa.idle()
  await troubles(131026, 2, asha)
  const later = (await get(here, 'agent', part)).text
  const shown = /class="fresh"[^>]*><a class="button" href="\/wa([^"]+)">/.exec(later)?.[1] ?? ''

  assert.deepEqual(rowsIn(opened), ['4', '2'])
  assert.deepEqual(rowsIn(later), ['4', '2'])
  assert.match(wordsOf(later), /2 new: show them .* Read Asha help-center/)
  assert.match(wordsOf(later), /Read Asha(?:(?!Send again).)*Not delivered/)
  assert.deepEqual(rowsIn((await get(shown)).text), ['8', '6', '2'])
  assert.match((await get('/outbox?state=failed')).text, /<p class="fresh" role="status"><\/p>/)
})

test('a decision made in the list leaves the row where it is; without JavaScript the list is opened anew', async (t) => {
  const { get, post, troubles, wa } = await host(t)
  await troubles(131026, 2)
  const opened = (await get('/outbox')).text
  const action = /action="\/wa(\/outbox\/4\/cancel[^"]*)"/.exec(opened)?.[1]?.replaceAll('&amp;', '&') ?? ''

  const decided = (await post(action).set(part).expect(200)).text
  const anew = await post(action.replace('4/cancel', '2/cancel')).expect(303)
  await wa.idle()

  assert.deepEqual(rowsIn(decided), ['4', '2'])
  assert.match(wordsOf(decided), /Canceled/)
  assert.equal(anew.headers.location, '/wa/outbox')
})

test('rows that somebody names and may not see are not shown', async (t) => {
  const { get, phone } = await host(t)
  await phone().says('hi')

  // 1 is what the customer wrote; 99 is nothing.
  assert.deepEqual(rowsIn((await get('/outbox?shown=1.99.2', 'agent', part)).text), ['2'])
  for (const shown of ['', 'x', '1;2', '9'.repeat(40), `1${'.1'.repeat(3000)}`]) await get(`/outbox?shown=${shown}`, 'agent', part).expect(200)
})

test('rows below the shown ones are on the next page', async (t) => {
  const { get, phone, control, wa } = await host(t)
  const asha = phone()
  await asha.says('hi')
  const db = engineOf(wa).db.write
  const [row] = await db('wa_messages').where({ id: 2 })
  const many = Array.from({ length: 60 }, (_, nth) => ({ ...row, id: 100 + nth, status: 'failed', ref: null, provider_key: null, idempotency_key: null }))
  for (let at = 0; at < many.length; at += 10) await db('wa_messages').insert(many.slice(at, at + 10))
  const opened = (await get('/outbox')).text

  control.provider.failNext(131026)
  await asha.says('once more')
  const later = (await get(again(opened, '_outbox'), 'agent', part)).text

  assert.equal(rowsIn(opened).length, 50)
  assert.deepEqual(rowsIn(later), rowsIn(opened))
  assert.match(wordsOf(later), /One new: show it/)
  assert.match(later, /href="\/wa\/outbox\?after=110">Older/)
})

test('events stay in their places too', async (t) => {
  const { get, post, phone, wa } = await host(t)
  wa.on('location', () => {
    throw new Stop('not now')
  })
  await phone().says('hi')
  await post('/phone/messages', { as: '1', kind: 'location' })
  await wa.idle()
  const opened = (await get('/events')).text
  const [id] = rowsIn(opened)

  await post(`/events/${id}/discard`).expect(303)
  await post('/phone/messages', { as: '1', kind: 'location' })
  await wa.idle()
  const later = (await get(again(opened, '_events'), 'agent', part)).text

  assert.deepEqual(rowsIn(later), [id])
  assert.match(wordsOf(later), /One new: show it/)
  assert.match(later, new RegExp(`/events/${id}/replay`))
})

test('what waits for its next try is tried now on request, and by no viewer', async (t) => {
  const { get, post, phone, control, wa } = await host(t)
  control.provider.failNext('refused')
  control.provider.failNext('refused')
  await phone().says('hi')
  const waiting = (await get('/outbox?state=waiting')).text
  await post('/outbox/2/retry?state=waiting', {}, 'viewer').expect(403)

  await post('/outbox/2/retry?state=waiting', {}, 'agent').expect(303)
  await engineOf(wa).settle()

  assert.match(wordsOf(waiting), /again in [^.]* Try now/)
  assert.notEqual((await wa.messages.get('2'))?.status, 'delivered')
  await wa.messages.retry('2')
  await engineOf(wa).settle()
  assert.equal((await wa.messages.get('2'))?.status, 'delivered')
  assert.match(wordsOf((await get('/audit')).text), /sent a message again message:2/)
})

test('an event that is tried again later is tried now on request', async (t) => {
  const { get, post, phone, wa } = await host(t)
  let tries = 0
  wa.on('location', () => {
    if (++tries === 1) throw new Retry({ afterMs: 3_600_000 })
  })
  await phone().says('hi')
  await post('/phone/messages', { as: '1', kind: 'location' })
  await engineOf(wa).settle()
  const page = (await get('/events?state=retrying')).text

  await post(`/events/${rowsIn(page)[0]}/retry`).expect(303)
  await engineOf(wa).settle()

  assert.match(wordsOf(page), /Try now/)
  assert.equal(tries, 2)
})
