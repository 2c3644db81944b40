import { inboundBody } from '../../fakes/fake-exotel'

/** What a customer says next: its id at the provider, and the body of the delivery. */
export interface Word {
  id: string
  body: string
  /** The words of the one message that answers it, when the host is one that answers by a script. */
  answer?: string
}
/** What a customer says, one word after the other and without end. */
export type Talk = (customer: number, random: () => number) => Iterator<Word>

export const phoneOf = (customer: number): string => `9198${String(10_000 + customer).padStart(8, '0')}`
/** Every word has a number that grows, whatever it says. */
export const idOf = (customer: number, n: number): string => `c${customer} m${n}`

const delivery = (id: string, customer: number, content: unknown): string =>
  inboundBody({ sid: id, from: phoneOf(customer), timestamp: new Date().toISOString(), content })

/** The small host answers each word by its own: its text is its id. */
export function* plainWords(customer: number): Generator<Word, never> {
  for (let n = 1; ; n++) {
    const id = idOf(customer, n)
    yield { id, body: delivery(id, customer, { type: 'text', text: { body: id } }) }
  }
}

const says = (text: string): unknown => ({ type: 'text', text: { body: text } })
const taps = (id: string, title: string, kind: 'list_reply' | 'button_reply'): unknown => ({
  type: 'interactive',
  interactive: { type: kind, [kind]: { id, title } },
})
type Turn = [content: unknown, answer: string]

const WELCOME = 'Welcome to our support center. Please select the topic you need help with:'
const NUMBER = 'Please enter your order number.'

/** Talks with the order desk. Wherever the customer stands, each of its words is answered by one message, and the script knows which. */
const TALKS: readonly ((order: string, hello: string) => Turn[])[] = [
  (order, hello) => [
    [says(hello), WELCOME],
    [taps('track_order', 'Track My Order', 'list_reply'), NUMBER],
    [says(order), `I cannot find order ${order}. Send any message to start again.`],
  ],
  () => [
    [taps('track_order', 'Track My Order', 'list_reply'), NUMBER],
    [says('my shoes'), 'An order number looks like ORD-12345. Please enter yours, or reply AGENT to talk to a human.'],
    [says('ord-20001'), 'Order #ORD-20001 is being packed.\nNeed anything else?'],
    [taps('done', 'No, thanks', 'button_reply'), 'Thank you! Have a great day.'],
  ],
  () => [
    [taps('cancel_order', 'Cancel Order', 'list_reply'), NUMBER],
    [says('ORD-12345'), 'Are you sure you want to cancel order #ORD-12345?'],
    [taps('keep_order', 'No, Keep It', 'button_reply'), 'Good, we keep it. Thank you!'],
  ],
  (order) => [
    [taps('cancel_order', 'Cancel Order', 'list_reply'), NUMBER],
    [says(order), `I cannot find order ${order}. Send any message to start again.`],
  ],
  (order) => [
    [taps('return_order', 'Return or Exchange', 'list_reply'), 'Which order would you like to return or exchange? Please enter its number.'],
    [says(order), `I cannot find order ${order}.`],
  ],
  (_order, hello) => [
    [says(hello), WELCOME],
    [taps('update_profile', 'Update Profile', 'list_reply'), 'You can change your name, email and address at https://example.com/profile.'],
  ],
]

/** A customer of the order desk, who talks about one thing after the other. */
export function* deskWords(customer: number, random: () => number): Generator<Word, never> {
  for (let n = 0; ; ) {
    const talk = TALKS[Math.floor(random() * TALKS.length)] as (typeof TALKS)[number]
    for (const [content, answer] of talk(`ORD-9${customer}00${n + 1}`, `hello ${idOf(customer, n + 1)}`)) {
      const id = idOf(customer, ++n)
      yield { id, body: delivery(id, customer, content), answer }
    }
  }
}
