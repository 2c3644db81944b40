import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { buttons, ctaUrl, list, text } from '../../lib/model/builders'
import { faultsOf } from '../../lib/model/check'
import { menuFromWire } from '../../lib/model/import'
import { lint } from '../../lib/model/lint'
import { render } from '../../lib/model/render'

// The examples of Exotel's page "WhatsApp Interactive Messages", as menus and as they stand on the page.
const page = (name: string): Record<string, unknown> => JSON.parse(readFileSync(join(__dirname, '..', 'fixtures', 'source-page', `${name}.json`), 'utf8'))

const rating = buttons('order-update', {
  header: { type: 'text', text: 'Order Update' },
  body: 'Your order #{{order}} has been delivered. How was your experience?',
  footer: 'Tap a button to respond',
  buttons: [
    { id: 'rating_great', title: 'Great!' },
    { id: 'rating_ok', title: 'It was okay' },
    { id: 'rating_bad', title: 'Not satisfied' },
  ],
})
const help = list('help-center', {
  header: { type: 'text', text: 'Help Center' },
  body: 'Welcome to our support center. Please select the topic you need help with:',
  footer: 'Reply AGENT to talk to a human',
  button: 'Select Topic',
  sections: [
    {
      title: 'Orders',
      rows: [
        { id: 'track_order', title: 'Track My Order', description: 'Get real-time delivery status' },
        { id: 'cancel_order', title: 'Cancel Order', description: 'Cancel a pending order' },
        { id: 'return_order', title: 'Return or Exchange', description: 'Initiate a return or exchange' },
      ],
    },
    {
      title: 'Payments',
      rows: [
        { id: 'refund_status', title: 'Refund Status', description: 'Check your refund progress' },
        { id: 'payment_issue', title: 'Payment Failed', description: 'Help with payment problems' },
      ],
    },
    {
      title: 'Account',
      rows: [
        { id: 'update_profile', title: 'Update Profile', description: 'Change name, email, or address' },
        { id: 'reset_password', title: 'Reset Password', description: 'Reset your login credentials' },
      ],
    },
  ],
})
const track = ctaUrl('track-link', {
  body: 'Your order #{{order}} has been shipped! Click below to track your delivery.',
  buttons: [{ title: 'Track Order', url: 'https://example.com/track/{{order}}' }],
})
const EXAMPLES = [
  ['buttons', rating, { order: 'ORD-12345' }],
  ['list', help, {}],
  ['cta-url', track, { order: 'ORD-12345' }],
] as const

for (const [name, menu, variables] of EXAMPLES) {
  test(`the page's ${name} example is a menu, and reading the page's JSON gives the same message`, () => {
    const read = menuFromWire(page(name), menu.key)
    assert.deepEqual(faultsOf(read), [])
    assert.deepEqual(render(read), render(menu.spec, variables))
  })

  test(`the page's ${name} example can be pasted with all that stands around it`, () => {
    const interactive = page(name)
    const content = { type: 'interactive', interactive }
    const bodies = [
      content,
      { from: '+919876500001', to: '+919876543210', content },
      { whatsapp: { messages: [{ from: '+919876500001', to: '+919876543210', content }] } },
      { messaging_product: 'whatsapp', to: '919876543210', type: 'interactive', interactive },
      `curl -X POST "https://<api_key>:<api_token>@api.in.exotel.com/v2/accounts/<account_sid>/messages" \\\n-H "Content-Type: application/json" \\\n-d '${JSON.stringify({ content }, null, 2)}'`,
    ]
    for (const body of bodies) assert.deepEqual(menuFromWire(body, menu.key), menuFromWire(interactive, menu.key))
  })
}

test('the steps of the conversation on the page are menus', () => {
  const status = buttons('order-status', {
    body: 'Order #{{order}} is out for delivery. ETA: 3 PM.\nNeed anything else?',
    buttons: [
      { id: 'help_more', title: 'Another question' },
      { id: 'done', title: 'No, thanks' },
    ],
  })
  const confirm = buttons('confirm-cancel', {
    body: 'Are you sure you want to cancel your order?',
    buttons: [
      { id: 'confirm_cancel', title: 'Yes, Cancel' },
      { id: 'keep_order', title: 'No, Keep It' },
    ],
  })
  assert.deepEqual(
    [status.ids, confirm.ids],
    [
      ['help_more', 'done'],
      ['confirm_cancel', 'keep_order'],
    ],
  )
  assert.equal(text('ask-order', { body: 'Please enter your order number.' }).spec.type, 'text')
})

test('"Yes, another question", a button of the page, breaks the limit that the page itself gives', () => {
  assert.throws(
    () =>
      buttons('order-status', {
        body: 'Need anything else?',
        buttons: [
          { id: 'help_more', title: 'Yes, another question' },
          { id: 'done', title: 'No, thanks' },
        ],
      }),
    {
      code: 'WA_MENU_LIMIT',
      message: 'Menu "order-status": Button 1 title is 21 characters; WhatsApp shows at most 20. Shorten "Yes, another question".',
    },
  )
})

test("the page's list follows the page's practices", () => {
  assert.deepEqual(lint(help.spec), [])
})

test('texts and templates can be read from the wire too', () => {
  assert.deepEqual(menuFromWire({ messaging_product: 'whatsapp', to: '1', type: 'text', text: { preview_url: false, body: 'Hello' } }, 'hi'), {
    key: 'hi',
    type: 'text',
    body: 'Hello',
  })
  assert.deepEqual(
    menuFromWire({ type: 'template', template: { name: 'a', language: { code: 'en_US', policy: 'deterministic' }, components: [{ type: 'body' }] } }, 't'),
    {
      key: 't',
      type: 'template',
      template: { name: 'a', language: 'en_US', components: [{ type: 'body' }] },
    },
  )
  assert.deepEqual(
    menuFromWire({ type: 'button', header: { type: 'image', image: { link: 'https://x.example/a.jpg' } }, body: { text: 'x' }, action: { buttons: [] } }, 'i'),
    {
      key: 'i',
      type: 'button',
      header: { type: 'image', link: 'https://x.example/a.jpg' },
      body: 'x',
      buttons: [],
    },
  )
})

test('what is no menu is refused, and says why', () => {
  const refused: [unknown, RegExp][] = [
    ['hello', /no JSON/],
    ['{"a":', /no JSON/],
    [null, /no interactive message/],
    [{ type: 'image', image: { link: 'x' } }, /no interactive message/],
    [{ type: 'interactive', interactive: { type: 'flow', body: { text: 'x' }, action: {} } }, /type "flow"/],
    [{ type: 'interactive', interactive: { type: 'button', body: 'x', action: { buttons: [{}] } } }, /body is missing/],
  ]
  for (const [json, message] of refused) assert.throws(() => menuFromWire(json, 'm'), { code: 'WA_REQUEST_INVALID', message })
})
