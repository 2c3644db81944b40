import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Stop } from '../../lib/index'
import { host, wordsOf } from './host'

test('a message that failed stands in the outbox with its reason and what to do, and is sent again on request', async (t) => {
  const { get, post, phone, troubles, wa } = await host(t)
  await troubles(131026, 1, phone({ name: 'Asha' }))

  const failed = (await get('/outbox')).text
  const again = await post('/outbox/2/retry?state=failed', {}, 'agent').expect(303)
  await wa.idle()

  assert.match(wordsOf(failed), /Not delivered Asha help-center/)
  assert.match(wordsOf(failed), /The message cannot be delivered to this customer \(131026\)/)
  assert.match(wordsOf(failed), /Send again[\s\S]*Do not send message 2/)
  assert.equal(again.headers.location, '/wa/outbox?state=failed')
  assert.match((await get('/outbox')).text, /Nothing waits here/)
  assert.equal((await wa.messages.get('2'))?.status, 'delivered')
})

test('of a message without an answer a person decides that it arrived, or sends it again, or drops it', async (t) => {
  const { get, post, troubles, wa } = await host(t)
  await troubles('timeout', 3)

  const uncertain = (await get('/outbox?state=uncertain')).text
  await post('/outbox/2/arrived').expect(303)
  await post('/outbox/4/cancel').expect(303)
  await post('/outbox/6/retry').expect(303)
  await wa.idle()

  assert.match(wordsOf(uncertain), /Nobody knows whether it arrived/)
  assert.match(wordsOf(uncertain), /It arrived/)
  // One click sends nothing twice.
  assert.match(uncertain, /<details class="confirm"><summary[^>]*>Send again…[\s\S]*?Message 6 may have arrived; then the customer gets it twice/)
  assert.doesNotMatch(uncertain, />Send again</)
  assert.deepEqual(await Promise.all(['2', '4', '6'].map(async (id) => (await wa.messages.get(id))?.status)), ['accepted', 'canceled', 'delivered'])
})

test('a message that is tried again says why, and is dropped only after being asked', async (t) => {
  const { get, phone, control } = await host(t)
  control.provider.failNext('refused')
  control.provider.failNext('refused')
  await phone().says('hi')

  const { text } = await get('/outbox?state=waiting')

  assert.match(wordsOf(text), /The simulator refused the connection, as it was told to\. Tried once/)
  assert.match(text, /<details class="confirm"><summary[^>]*>Do not send…/)
})

test('a decision that comes too late changes nothing and says so', async (t) => {
  const { post, troubles } = await host(t)
  await troubles('timeout')
  await post('/outbox/2/arrived').expect(303)

  const { text } = await post('/outbox/2/arrived').expect(409)

  assert.match(text, /role="alert">[^<]*Message 2 is accepted/)
})

test('viewers see the outbox and the events, and decide nothing', async (t) => {
  const { get, post, phone, control } = await host(t)
  control.provider.failNext(131026)
  await phone().says('hi')

  assert.doesNotMatch((await get('/outbox', 'viewer').expect(200)).text, /<form/)
  for (const decision of ['retry', 'arrived', 'cancel']) await post(`/outbox/2/${decision}`, {}, 'viewer').expect(403)
  for (const decision of ['retry', 'discard', 'replay']) await post(`/events/1/${decision}`, {}, 'viewer').expect(403)
})

test('an event whose listener gave up needs attention, names the listener and its error, and runs again on request', async (t) => {
  const { get, post, phone, wa } = await host(t)
  let broken = true
  let heard = 0
  wa.on('location', () => {
    if (broken) throw new Stop('The map <service> is down')
    heard++
  })
  const asha = phone({ name: 'Asha' })
  await asha.says('hi')
  await post('/phone/messages', { as: '1', kind: 'location' })
  await wa.idle()
  const troubled = (await get('/events')).text
  const id = /id="event-(\d+)"/.exec(troubled)?.[1]

  broken = false
  await post(`/events/${id}/retry`, {}, 'agent').expect(303)
  await wa.idle()

  assert.match(wordsOf(troubled), /location Asha[\s\S]*on:location failed The map &lt;service&gt; is down/)
  assert.match(troubled, /href="\/wa\/conversations\/1"/)
  assert.equal(heard, 1)
  assert.match((await get('/events')).text, /Nothing needs you/)
})

test('an event is discarded after being asked, and can be run again from there', async (t) => {
  const { get, post, phone, wa } = await host(t)
  let heard = 0
  wa.on('location', () => {
    heard++
    if (heard === 1) throw new Stop('not now')
  })
  await phone().says('hi')
  await post('/phone/messages', { as: '1', kind: 'location' })
  await wa.idle()
  const page = (await get('/events')).text
  const id = /id="event-(\d+)"/.exec(page)?.[1]

  await post(`/events/${id}/discard`).expect(303)
  const discarded = (await get('/events?state=discarded')).text
  await post(`/events/${id}/replay?state=discarded`).expect(303)
  await wa.idle()

  assert.match(page, new RegExp(`<details class="confirm">[\\s\\S]*Discard event ${id}`))
  assert.match(discarded, new RegExp(`id="event-${id}"`))
  assert.equal(heard, 2)
})

test('an event of a customer that could not be handled is told in the thread', async (t) => {
  const { get, post, phone, wa } = await host(t)
  wa.on('location', () => {
    throw new Stop('not now')
  })
  await phone().says('hi')
  await post('/phone/messages', { as: '1', kind: 'location' })
  await wa.idle()

  assert.match(wordsOf((await get('/conversations/1')).text), /An event of this customer could not be handled/)
})

test('what was not understood is kept and shown', async (t) => {
  const { get, wa, app } = await host(t)
  const { default: request } = await import('supertest')
  await request(app).post('/wa/webhook').set('Content-Type', 'application/json').send('{"entry":[{"changes":[{"field":"moon_phase","value":{}}]}]}').expect(200)
  await wa.idle()

  assert.match(wordsOf((await get('/events?state=unrecognised')).text), /moon_phase.*As it came \{.*moon_phase/)
  assert.doesNotMatch((await get('/events?state=unrecognised', 'agent')).text, /As it came/)
})
