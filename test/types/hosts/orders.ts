// A shop: tracking, cancelling, rating. Compiled, never run.
import express from 'express'
import { buttons, ctaUrl, defineReply, list, WaError, waInteractive } from 'wa-interactive'
import { cancelOrder, findOrder } from './fake-host'

const help = list('help-center', {
  body: 'Hi {{ name }}, how can we help?',
  button: 'Select Topic',
  variables: { name: { default: 'there', sample: 'Asha' } },
  sections: [
    {
      title: 'Orders',
      rows: [
        { id: 'track_order', title: 'Track My Order', description: 'Get real-time delivery status' },
        { id: 'cancel_order', title: 'Cancel Order' },
      ],
    },
  ],
})
const confirm = buttons('confirm-cancel', {
  body: 'Cancel order {{order}}?',
  buttons: [
    { id: 'yes', title: 'Yes, Cancel' },
    { id: 'no', title: 'No, Keep It' },
  ],
})
const rebook = buttons('confirm-rebook', {
  body: 'Book {{slot}} again?',
  buttons: [
    { id: 'yes', title: 'Yes' },
    { id: 'no', title: 'No' },
  ],
})
const more = buttons('more', {
  body: 'Order {{order}}: {{status}}. Anything else?',
  buttons: [
    { id: 'help_more', title: 'Yes' },
    { id: 'done', title: 'No, thanks' },
  ],
})
const track = ctaUrl('track-link', { body: 'Shipped.', buttons: [{ title: 'Track', url: 'https://x.test/{{order}}' }] })
const rate = defineReply('rate', { order: 'string', stars: 'int' })
const rating = buttons('rating', {
  body: 'Order {{order}} arrived. How was it?',
  buttons: [{ id: rate.row({ order: '{{order}}', stars: 5 }), title: 'Great!' }],
})

const wa = waInteractive({ menus: [help, confirm, rebook, more, track, rating] })
const app = express()
app.use(wa.webhook) // above express.json()
app.use(express.json())
app.use(wa) // below session and passport

wa.onReply('track_order', ({ ask }) => ask('Please enter your order number.', 'order_number', {}, { pattern: /^ORD-\d+$/, retry: 'It looks like ORD-12345.' }))
wa.onAnswer('order_number', async ({ text, say }) => {
  const order = await findOrder(text)
  if (!order) return say('I cannot find that order.')
  return say(more, { order: order.id, status: order.status })
})
wa.onReply('cancel_order', ({ ask }) => ask('Which order?', 'cancel_which'))
wa.onAnswer('cancel_which', ({ text, say }) => say(confirm, { order: text }))
wa.onReplyTo(confirm, {
  yes: async ({ reply, contact, say }) => {
    const k: 'confirm-cancel' | undefined = reply.menu?.key
    void k
    if (!reply.menu) return say(help)
    await cancelOrder(String(reply.menu.variables.order), contact.phone)
    return say('Cancelled.')
  },
  no: ({ say }) => say('Kept.'),
})
wa.onReplyTo(rebook, { yes: ({ reply }) => reply.menu?.variables.slot })
wa.onReply(rate, ({ data }) => {
  const n: number = data.stars
  const o: string = data.order
  void [n, o]
})
wa.onReply(['track_order', 'cancel_order'], ({ reply }) => {
  const i: 'track_order' | 'cancel_order' = reply.id
  void i
})
wa.onReply('done', async ({ contact, send }) => {
  await send(contact, track, { order: '1' })
  await send({ phone: '+91' }, { text: 'courier, please hurry' })
})
wa.on('status', ({ message }) => {
  if (message.error) console.error(message.error.advice)
})
wa.on('text', { name: 'crm-sync', attempts: 12, whilePerson: true }, ({ text }) => text)

export async function main(): Promise<void> {
  await wa.send('+919876543210', help)
  await wa.send('+919876543210', help, { name: 'Asha' }, { idempotencyKey: 'shipped:1', replyTo: '41', meta: { order: '1' } })
  await wa.send('+919876543210', { text: 'Your parcel is late, sorry.' }, { idempotencyKey: 'late:1' })
  await wa.send({ bsuid: 'IN.7Q' }, { document: { link: 'https://x/i.pdf' }, filename: 'invoice.pdf' })
  await wa.send('+91', 'more', { order: 'a', status: 'b' })
  try {
    await wa.send('+91', track, { order: 1 })
  } catch (e) {
    if (e instanceof WaError && e.code === 'WA_WINDOW_CLOSED') {
      /* template */
    }
  }
  await wa.close()
}

// What must not compile.
export async function mistakes(): Promise<void> {
  // @ts-expect-error typo
  wa.onReply('trak_order', () => {})
  // @ts-expect-error typo in a scoped id
  wa.onReplyTo(confirm, { yess: () => {} })
  // @ts-expect-error missing variable
  await wa.send('+91', more, { order: 'a' })
  // @ts-expect-error missing variables
  await wa.send('+91', more)
  // @ts-expect-error missing by key
  await wa.send('+91', 'more')
  // @ts-expect-error extra variable
  await wa.send('+91', more, { order: 'a', status: 'b', x: 'c' })
  // @ts-expect-error unknown key
  await wa.send('+91', 'mroe', { order: 'a' })
  // @ts-expect-error unknown event
  wa.on('statuz', () => {})
  // @ts-expect-error misspelt optional field
  buttons('b', { body: 'x', footr: 'noticed', buttons: [{ id: 'a', title: 'A' }] })
  // @ts-expect-error misspelt nested optional field
  list('b', { body: 'x', button: 'y', sections: [{ title: 't', rows: [{ id: 'a', title: 'A', descripton: 'x' }] }] })
}
