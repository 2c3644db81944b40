import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buttons, list, Stop, waInteractive } from '../../lib/index'
import { testOptions, testPhone } from '../../lib/testing'

const help = list('help', {
  body: 'Topic?',
  button: 'Select',
  sections: [
    {
      rows: [
        { id: 'orders', title: 'Orders' },
        { id: 'agent', title: 'Talk to an agent' },
      ],
    },
  ],
})
const confirm = buttons('confirm', {
  body: 'Cancel {{order}}?',
  buttons: [
    { id: 'yes', title: 'Yes' },
    { id: 'no', title: 'No' },
  ],
})

test('a second delivery of the same tap runs no listener twice and sends nothing twice', async () => {
  const { control: _control, ...options } = testOptions()
  await using wa = waInteractive({ menus: [help], ...options })
  let heard = 0
  wa.on('unmatched', ({ say }) => say(help))
  wa.onReply('orders', ({ say }) => {
    heard++
    return say('Which order?')
  })
  const phone = testPhone(wa)

  await phone.says('hi')
  await phone.taps('orders', { deliveredTwice: true })

  assert.equal(heard, 1)
  assert.deepEqual(
    phone.screen().map((message) => message.text),
    ['Topic?', 'Which order?'],
  )
})

test('what a listener said before it threw is said once, however often it runs', async () => {
  const { control, ...options } = testOptions()
  await using wa = waInteractive({ ...options })
  let attempts = 0
  wa.on('text', async ({ say, event }) => {
    attempts++
    assert.equal(event.attempt, attempts)
    await say('Working on it.')
    if (attempts < 3) throw new Error('the shop does not answer')
    await say('Done.')
  })
  const phone = testPhone(wa)

  await phone.says('go')
  await control.clock.advance(2000)
  await control.clock.advance(6000)

  assert.equal(attempts, 3)
  assert.deepEqual(
    phone.screen().map((message) => message.text),
    ['Working on it.', 'Done.'],
  )
})

test('each listener is retried on its own: the one that succeeded is left alone', async () => {
  const { control, ...options } = testOptions()
  await using wa = waInteractive({ ...options })
  const calls = { good: 0, bad: 0 }
  wa.on('text', { name: 'good' }, () => {
    calls.good++
  })
  wa.on('text', { name: 'bad' }, () => {
    if (++calls.bad === 1) throw new Error('once')
  })
  const phone = testPhone(wa)

  await phone.says('go')
  await control.clock.advance(2000)

  assert.deepEqual(calls, { good: 1, bad: 2 })
})

test('Stop sends the event to a person at once', async () => {
  const { control: _control, ...options } = testOptions()
  await using wa = waInteractive({ ...options })
  const errors: { final: boolean; listener: string }[] = []
  wa.onError((_error, at) => {
    errors.push({ final: at.final, listener: at.listener })
  })
  wa.on('text', () => {
    throw new Stop('bad order id')
  })
  const phone = testPhone(wa)

  await phone.says('go')
  await wa.idle()

  assert.deepEqual(errors, [{ final: true, listener: 'on:text' }])
})

test('one customer is heard in order; another does not wait for him', async () => {
  const { control: _control, ...options } = testOptions()
  await using wa = waInteractive({ ...options })
  const heard: string[] = []
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  wa.on('text', async ({ text }) => {
    if (text === 'slow') await held
    heard.push(text)
    if (text === 'other') release()
  })
  const asha = testPhone(wa, { phone: '+919800000001' })
  const ravi = testPhone(wa, { phone: '+919800000002' })

  await Promise.all([asha.says('slow'), asha.says('after'), ravi.says('other')])

  assert.deepEqual(heard, ['other', 'slow', 'after'])
})

test('a tap knows its menu, the version and the variables as sent; without context it does not guess', async () => {
  const { control: _control, ...options } = testOptions()
  await using wa = waInteractive({ menus: [confirm], ...options })
  const seen: unknown[] = []
  wa.onReplyTo(confirm, {
    yes: ({ reply }) => seen.push(reply.menu && { key: reply.menu.key, version: reply.menu.version, order: reply.menu.variables.order }),
  })
  const phone = testPhone(wa, { phone: '+919800000001' })

  await wa.send('+919800000001', confirm, { order: 'ORD-1' })
  await phone.taps('yes')

  assert.deepEqual(seen, [{ key: 'confirm', version: 1, order: 'ORD-1' }])
})

test('the same option tapped again is a repeat, and a menu that a later one replaced is stale', async () => {
  const { control: _control, ...options } = testOptions()
  await using wa = waInteractive({ menus: [help, confirm], ...options })
  const seen: { repeat: boolean; stale: boolean }[] = []
  wa.onReply('orders', async ({ reply, say }) => {
    seen.push({ repeat: reply.repeat, stale: reply.stale })
    await say(confirm, { order: 'ORD-1' })
  })
  wa.on('unmatched', ({ say }) => say(help))
  const phone = testPhone(wa)

  await phone.says('hi')
  await phone.taps('orders')
  await phone.taps('orders')

  assert.deepEqual(seen, [
    { repeat: false, stale: false },
    { repeat: true, stale: true },
  ])
})

test('a person in charge hears alone; only listeners that ask for it run beside', async () => {
  const { control: _control, ...options } = testOptions()
  await using wa = waInteractive({ ...options })
  const heard: string[] = []
  wa.on('text', async ({ text, handOver }) => {
    heard.push(`bot ${text}`)
    if (text === 'agent') await handOver()
  })
  wa.on('text', { name: 'crm', whilePerson: true }, ({ text }) => {
    heard.push(`crm ${text}`)
  })
  const phone = testPhone(wa, { phone: '+919800000001' })

  await phone.says('agent')
  await phone.says('hello?')
  await (await wa.conversations.get('+919800000001'))?.handBack()
  await phone.says('again')

  assert.deepEqual(heard, ['bot agent', 'crm agent', 'crm hello?', 'bot again', 'crm again'])
})

test("the window closes exactly 24 hours after the last words, by the customer's clock", async () => {
  const { control, ...options } = testOptions()
  await using wa = waInteractive({ ...options })
  const phone = testPhone(wa, { phone: '+919800000001' })
  await phone.says('hi')

  await wa.send('+919800000001', { text: 'still open' })
  await control.clock.advance(24 * 3_600_000 + 1000)

  await assert.rejects(wa.send('+919800000001', { text: 'too late' }), { code: 'WA_WINDOW_CLOSED' })
  assert.equal((await wa.conversations.get('+919800000001'))?.window.open, false)
})

test('a send that times out is uncertain and is never sent again by itself', async () => {
  const { control, ...options } = testOptions()
  await using wa = waInteractive({ ...options })
  const phone = testPhone(wa, { phone: '+919800000001' })
  await phone.says('hi')

  control.provider.failNext('timeout')
  const sent = await wa.send('+919800000001', { text: 'maybe' })
  await control.clock.advance(3_600_000)

  assert.equal((await wa.messages.get(sent.id))?.status, 'uncertain')
})
