import { flow, type WaOptions, waInteractive } from 'wa-interactive'
import { confirmCancel, helpCenter, menus, orderStatus, trackLink } from './menus'
import { cancelOrder, findOrder } from './orders'

const ORDER = { pattern: /^ord-\d+$/i, retry: 'An order number looks like ORD-12345. Please enter yours, or reply AGENT to talk to a human.' }

/** Cancelling asks for the number first. Between two steps the customer stands in a row of the database, not in the memory of this process. */
const cancelling = flow(
  'cancelling',
  {
    start: ({ ask }) => ask('Please enter your order number.', 'which', {}, ORDER),
    which: async ({ text, data, ask, end }) => {
      const order = await findOrder(text)
      if (!order) return end(`I cannot find order ${text}. Send any message to start again.`)
      data.order = order.id
      return ask(confirmCancel, { confirm_cancel: 'cancel', keep_order: 'keep' }, { order: order.id })
    },
    cancel: async ({ data, end }) => {
      await cancelOrder(data.order)
      return end('Your order has been cancelled.')
    },
    keep: ({ end }) => end('Good, we keep it. Thank you!'),
  },
  { data: { order: '' } },
)

/** The order desk: every option of the help center answers something sensible. */
export function orderDesk(options: Pick<WaOptions, 'provider' | 'database' | 'now' | 'logger'> = {}) {
  const wa = waInteractive({ menus, flows: [cancelling], ...options })

  wa.onReply('track_order', ({ ask }) => ask('Please enter your order number.', 'order_number', {}, ORDER))
  wa.onAnswer('order_number', async ({ text, say }) => {
    const order = await findOrder(text)
    if (!order) return say(`I cannot find order ${text}. Send any message to start again.`)
    return say(orderStatus, { order: order.id, status: order.status })
  })
  wa.onReply('help_more', ({ say }) => say(helpCenter))
  wa.onReply('done', ({ say }) => say('Thank you! Have a great day.'))

  wa.onReply('cancel_order', ({ start }) => start(cancelling))
  // A tap on yesterday's question, after its talk has ended: nothing is cancelled without asking again.
  wa.onReply(['confirm_cancel', 'keep_order'], ({ start, reply, say }) => (reply.id === 'confirm_cancel' ? start(cancelling) : say('Good, we keep it.')))

  wa.onReply('return_order', ({ ask }) => ask('Which order would you like to return or exchange? Please enter its number.', 'return_number', {}, ORDER))
  wa.onAnswer('return_number', async ({ text, say }) => {
    const order = await findOrder(text)
    return say(order ? `We have noted your return of ${order.id}. A courier will call you within two days.` : `I cannot find order ${text}.`)
  })
  wa.onReply('refund_status', ({ ask }) => ask('Please enter the order number of your refund.', 'refund_number', {}, ORDER))
  wa.onAnswer('refund_number', async ({ text, say }) => {
    const order = await findOrder(text)
    return say(order ? `There is no refund under way for ${order.id}.` : `I cannot find order ${text}.`)
  })
  wa.onReply('payment_issue', async ({ say, handOver }) => {
    await say('I am sorry about that. A colleague will look at your payment and write to you here.')
    await handOver({ note: 'payment failed' })
  })
  wa.onReply('update_profile', ({ say }) => say('You can change your name, email and address at https://example.com/profile.'))
  wa.onReply('reset_password', ({ say }) => say('You can choose a new password at https://example.com/reset.'))

  wa.onReply('rating_great', async ({ say, reply }) => {
    await say('Thank you! We are glad to hear that.')
    if (reply.menu) await say(trackLink, { order: String((reply.menu.variables as { order?: string }).order ?? 'ORD-12345') })
  })
  wa.onReply(['rating_ok', 'rating_bad'], ({ ask }) => ask('What could we do better?', 'feedback'))
  wa.onAnswer('feedback', ({ say }) => say('Thank you. We will read it carefully.'))

  // "AGENT" works everywhere, also while a question is open: whoever hands over first silences the bot.
  wa.on('text', async ({ text, say, handOver }) => {
    if (!/^\s*agent\s*$/i.test(text)) return
    await say('One moment, a colleague will write to you here.')
    await handOver({ note: 'asked for a human' })
  })
  wa.on('unmatched', ({ say }) => say(helpCenter))
  return wa
}
