import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testOptions, testPhone } from 'wa-interactive/testing'
import { orderDesk } from '../../examples/order-desk/desk'

const talk = (phone: { screen(): readonly { text: string }[] }): string[] => phone.screen().map((message) => message.text)

test('the four steps of the source page: list, order number, status, goodbye', async () => {
  const { control, ...options } = testOptions()
  await using wa = orderDesk(options)
  const asha = testPhone(wa, { phone: '+919876543210', name: 'Asha' })

  await asha.says('hello')
  assert.equal(asha.last().menu, 'help-center')
  assert.equal(asha.last().options.length, 7)
  await asha.taps('track_order')
  assert.equal(asha.last().text, 'Please enter your order number.')
  await control.restart()
  await asha.says('ORD-12345')
  assert.equal(asha.last().text, 'Order #ORD-12345 is out for delivery. ETA: 3 PM.\nNeed anything else?')
  await asha.taps('No, thanks')

  assert.deepEqual(talk(asha).slice(-1), ['Thank you! Have a great day.'])
})

test('an answer that is no order number is asked for again, and the right one still counts', async () => {
  const { control: _control, ...options } = testOptions()
  await using wa = orderDesk(options)
  const asha = testPhone(wa)

  await asha.says('hi')
  await asha.taps('track_order')
  await asha.says('my shoes')
  assert.match(asha.last().text, /looks like ORD-12345/)
  await asha.says('ord-20001')

  assert.match(asha.last().text, /^Order #ORD-20001 is being packed\./)
})

test('cancelling asks for the number first, then for a confirmation that names it', async () => {
  const { control, ...options } = testOptions()
  await using wa = orderDesk(options)
  const asha = testPhone(wa)

  await asha.says('hi')
  await asha.taps('cancel_order')
  assert.equal(asha.last().text, 'Please enter your order number.')
  await control.restart()
  await asha.says('ORD-30007')
  assert.equal(asha.last().text, 'Are you sure you want to cancel order #ORD-30007?')
  await control.restart()
  await asha.taps('confirm_cancel')

  assert.equal(asha.last().text, 'Your order has been cancelled.')
})

test('AGENT hands over to a person wherever the customer stands, and the bot is silent from then on', async () => {
  const { control: _control, ...options } = testOptions()
  await using wa = orderDesk(options)
  const asha = testPhone(wa, { phone: '+919876543211' })

  await asha.says('hi')
  await asha.taps('track_order')
  await asha.says('agent')
  await asha.says('are you there?')

  assert.deepEqual(talk(asha).slice(-1), ['One moment, a colleague will write to you here.'])
  assert.equal((await wa.conversations.get('+919876543211'))?.mode, 'person')
})

test('every option of the list answers something', async () => {
  const { control: _control, ...options } = testOptions()
  await using wa = orderDesk(options)
  for (const [index, option] of [
    'track_order',
    'cancel_order',
    'return_order',
    'refund_status',
    'payment_issue',
    'update_profile',
    'reset_password',
  ].entries()) {
    const phone = testPhone(wa, { phone: `+91987654330${index}` })
    await phone.says('hi')
    await phone.taps(option)
    assert.equal(phone.screen().length, 2, option)
  }
})

test('a tap on another menu while a number is asked for changes the subject', async () => {
  const { control: _control, ...options } = testOptions()
  await using wa = orderDesk(options)
  const asha = testPhone(wa)

  await asha.says('hi')
  await asha.taps('track_order')
  await asha.taps('reset_password')
  await asha.says('thanks')

  assert.equal(asha.last().menu, 'help-center')
})
