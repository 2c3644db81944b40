import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Stop } from '../../lib/index'
import { apiHost, walk } from './api-host'

const TO = '+919876543210'

test('a conversation says who, in which window, at which step, and what was said last', async (t) => {
  const { wa, get, phone } = await apiHost(t)
  wa.on('text', ({ ask }) => ask('Which order?', 'order_number'))
  const asha = phone({ phone: TO, name: 'Asha' })

  await asha.says('where is it')
  const { body } = await get('/conversations', { as: 'read' })
  const one = await get(`/conversations/${body.items[0].id}`)

  assert.deepEqual(one.body, body.items[0])
  assert.deepEqual([one.body.contact.phone, one.body.contact.name, one.body.mode, one.body.unread], [TO, 'Asha', 'bot', 1])
  assert.equal(one.body.window.open, true)
  assert.ok(Date.parse(one.body.window.closesAt) > Date.now())
  assert.equal(one.body.step.name, 'order_number')
  assert.deepEqual([one.body.last.direction, one.body.last.text], ['out', 'Which order?'])
})

test('a conversation where nobody ever wrote has an unknown window', async (t) => {
  const { get, post } = await apiHost(t)

  await post('/messages', { to: TO, message: { text: 'Hello' } })

  assert.deepEqual((await get('/conversations/1')).body.window, { open: false, closesAt: null })
})

test('conversations come newest first, every one once, also when one of them moves between two pages', async (t) => {
  const { get, phone } = await apiHost(t)
  const phones = [...Array(7).keys()].map((count) => phone({ phone: `+9198765432${count}0` }))
  for (const one of phones) await one.says('hi')
  let pages = 0

  const walked = await walk(async (path) => {
    const page = await get(path)
    if (pages++ === 0) await phones[1]?.says('me again')
    return page
  }, '/conversations')

  assert.deepEqual(walked, ['7', '6', '5', '4', '3', '2', '1'])
})

test('conversations are narrowed to those where a person is in charge', async (t) => {
  const { wa, get, phone } = await apiHost(t)
  wa.on('text', async ({ text, handOver }) => {
    if (text === 'agent') await handOver()
  })
  await phone({ phone: '+919876543211' }).says('hi')
  await phone({ phone: '+919876543212' }).says('agent')

  const ids = async (mode: string) => (await get(`/conversations?mode=${mode}`)).body.items.map((item: { id: string }) => item.id)
  assert.deepEqual([await ids('person'), await ids('bot')], [['2'], ['1']])
})

test('the pages of a conversation hold every message once', async (t) => {
  const { get, phone } = await apiHost(t)
  const asha = phone({ phone: TO })
  for (let count = 0; count < 8; count++) await asha.says(`word ${count}`)

  const walked = await walk((path) => get(path), '/conversations/1/messages')

  assert.deepEqual(walked, ['8', '7', '6', '5', '4', '3', '2', '1'])
})

test('an erased customer is still counted, and has no words and no name', async (t) => {
  const { wa, get, phone } = await apiHost(t)
  await phone({ phone: TO, name: 'Asha' }).says('my secret')

  await wa.contacts.erase(TO)

  const answers = [
    await get('/conversations'),
    await get('/conversations/1'),
    await get('/conversations/1/messages'),
    await get('/events'),
    await get('/messages/1'),
  ]
  for (const answer of answers) {
    assert.equal(answer.status, 200, answer.text)
    assert.doesNotMatch(answer.text, /secret|Asha|9876543210/)
  }
})

test('an event that needs attention is found, runs again where it failed, and says who decided', async (t) => {
  const { wa, get, post, phone } = await apiHost(t)
  let broken = true
  const heard: string[] = []
  wa.on('text', { name: 'crm' }, () => {
    if (broken) throw new Stop('the CRM is down')
    heard.push('crm')
  })
  wa.on('text', { name: 'counter' }, () => void heard.push('counter'))
  await phone({ phone: TO }).says('hi')

  const { body } = await get('/events?state=needs_attention')
  const [event] = body.items
  broken = false
  const retried = await post(`/events/${event.id}/retry`)
  await wa.idle()

  assert.equal(body.items.length, 1)
  assert.deepEqual([event.type, event.state, event.conversationId, event.messageId], ['text', 'needs_attention', '1', '1'])
  assert.match(event.error, /CRM is down/)
  assert.deepEqual(event.runs.map((run: { listener: string; state: string }) => [run.listener, run.state]).sort(), [
    ['counter', 'done'],
    ['crm', 'failed'],
  ])
  assert.equal(retried.status, 200)
  assert.deepEqual(heard, ['counter', 'crm'])
  assert.deepEqual((await get('/events?state=needs_attention')).body.items, [])
  assert.equal((await get('/events?state=done')).body.items[0].id, event.id)
})

test('an event is discarded, and handled anew by replay: every listener runs again', async (t) => {
  const { wa, get, post, phone } = await apiHost(t)
  let runs = 0
  wa.on('text', () => {
    runs++
    if (runs === 1) throw new Stop('not today')
  })
  await phone({ phone: TO }).says('hi')
  const id = (await get('/events?state=needs_attention')).body.items[0].id

  const discarded = await post(`/events/${id}/discard`)
  const twice = await post(`/events/${id}/discard`)
  const replayed = await post(`/events/${id}/replay`)
  await wa.idle()

  assert.deepEqual([discarded.status, discarded.body], [200, { id, state: 'discarded' }])
  assert.deepEqual([twice.status, twice.body.code, twice.body.errors[0].actual], [409, 'WA_STATE', 'discarded'])
  assert.equal(replayed.status, 200)
  assert.equal(runs, 2)
  const after = (await get('/events')).body.items[0]
  assert.deepEqual([after.state, after.replays], ['done', 1])
})

test('of ten who replay at once, each whose request was taken makes one run, and no other does', async (t) => {
  const { wa, post, phone } = await apiHost(t)
  let runs = 0
  wa.on('text', () => {
    runs++
  })
  await phone({ phone: TO }).says('hi')
  await wa.idle()

  const answers = await Promise.all(Array.from({ length: 10 }, () => post('/events/1/replay')))
  await wa.idle()

  assert.equal(runs, 1 + answers.filter((answer) => answer.status === 200).length)
  assert.ok(answers.every((answer) => answer.status === 200 || answer.status === 409))
})

test('the pages of the inbox hold every event once, and a state that is none is refused with the known ones', async (t) => {
  const { get, phone } = await apiHost(t)
  const asha = phone({ phone: TO })
  for (let count = 0; count < 7; count++) await asha.says('hi')

  const all = (await get('/events?limit=200')).body.items.map((event: { id: string }) => event.id)
  const walked = await walk((path) => get(path), '/events')
  const refused = await get('/events?state=needs-attention')

  assert.deepEqual(walked, all)
  assert.deepEqual([refused.status, refused.body.errors[0].path], [422, 'state'])
  assert.match(refused.body.errors[0].message, /Did you mean "needs_attention"\?/)
})
