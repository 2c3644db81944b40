import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WaError } from '../../lib/errors'
import type { SentCtaUrl, SentMessage } from '../../lib/model/message'
import { cloudApi } from '../../lib/providers/cloud-api'
import { exotel } from '../../lib/providers/exotel'
import { contentOf } from '../../lib/providers/wire'
import { parcel } from '../fakes/parcel'
import { sourcePage } from './fixtures'

const RATING: SentMessage = {
  type: 'button',
  header: { type: 'text', text: 'Order Update' },
  body: 'Your order #ORD-12345 has been delivered. How was your experience?',
  footer: 'Tap a button to respond',
  buttons: [
    { id: 'rating_great', title: 'Great!' },
    { id: 'rating_ok', title: 'It was okay' },
    { id: 'rating_bad', title: 'Not satisfied' },
  ],
}
const HELP: SentMessage = {
  type: 'list',
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
}
const TRACK: SentCtaUrl = {
  type: 'cta_url',
  body: 'Your order #ORD-12345 has been shipped! Click below to track your delivery.',
  buttons: [{ title: 'Track Order', url: 'https://example.com/track/ORD-12345' }],
}

describe('the examples of the source page', () => {
  for (const [name, message] of [
    ['buttons', RATING],
    ['list', HELP],
    ['cta-url', TRACK],
  ] as const) {
    test(`${name}: the interactive object is the page's, field by field and in its order`, () => {
      const content = contentOf(message)

      assert.deepEqual(Object.keys(content), ['type', 'interactive'])
      assert.equal(JSON.stringify(content.interactive), JSON.stringify(sourcePage(name)))
    })
  }
})

const CONTENTS: [says: string, message: SentMessage, content: unknown][] = [
  ['text', { type: 'text', text: 'Hello' }, { type: 'text', text: { preview_url: false, body: 'Hello' } }],
  [
    'text with a link preview',
    { type: 'text', text: 'https://x.example', preview: true },
    { type: 'text', text: { preview_url: true, body: 'https://x.example' } },
  ],
  [
    'an image by link',
    { type: 'image', image: { link: 'https://cdn.example.test/a.jpg' }, caption: 'Menu' },
    { type: 'image', image: { link: 'https://cdn.example.test/a.jpg', caption: 'Menu' } },
  ],
  ['an image by id, without caption', { type: 'image', image: { id: '800001' } }, { type: 'image', image: { id: '800001' } }],
  [
    'a video',
    { type: 'video', video: { link: 'https://cdn.example.test/a.mp4' }, caption: '' },
    { type: 'video', video: { link: 'https://cdn.example.test/a.mp4' } },
  ],
  ['audio', { type: 'audio', audio: { link: 'https://cdn.example.test/a.ogg' } }, { type: 'audio', audio: { link: 'https://cdn.example.test/a.ogg' } }],
  [
    'a document',
    { type: 'document', document: { link: 'https://cdn.example.test/a.pdf' }, filename: 'menu.pdf', caption: 'Menu' },
    { type: 'document', document: { link: 'https://cdn.example.test/a.pdf', filename: 'menu.pdf', caption: 'Menu' } },
  ],
  [
    'a place',
    { type: 'location', location: { latitude: 12.97, longitude: 0, name: 'Cafe Demo', address: '1 Test Road' } },
    { type: 'location', location: { latitude: 12.97, longitude: 0, name: 'Cafe Demo', address: '1 Test Road' } },
  ],
  ['a reaction', { type: 'reaction', reaction: { to: 'sid-0001', emoji: '👍' } }, { type: 'reaction', reaction: { message_id: 'sid-0001', emoji: '👍' } }],
  [
    'a reaction taken back',
    { type: 'reaction', reaction: { to: 'sid-0001', emoji: '' } },
    { type: 'reaction', reaction: { message_id: 'sid-0001', emoji: '' } },
  ],
  [
    'a template',
    { type: 'template', template: { name: 'booking_reminder', language: 'en', components: [{ type: 'body', parameters: [{ type: 'text', text: 'Asha' }] }] } },
    {
      type: 'template',
      template: {
        name: 'booking_reminder',
        language: { code: 'en', policy: 'deterministic' },
        components: [{ type: 'body', parameters: [{ type: 'text', text: 'Asha' }] }],
      },
    },
  ],
  [
    'a template without components',
    { type: 'template', template: { name: 'hello', language: 'en_US', components: [] } },
    { type: 'template', template: { name: 'hello', language: { code: 'en_US', policy: 'deterministic' } } },
  ],
  [
    'a raw message',
    { type: 'raw', raw: { type: 'interactive', interactive: { type: 'location_request_message' } } },
    { type: 'interactive', interactive: { type: 'location_request_message' } },
  ],
  [
    'buttons under an image, without footer',
    {
      type: 'button',
      header: { type: 'image', link: 'https://cdn.example.test/h.png' },
      body: 'Keep your table?',
      footer: '',
      buttons: [{ id: 'keep', title: 'Keep it' }],
    },
    {
      type: 'interactive',
      interactive: {
        type: 'button',
        header: { type: 'image', image: { link: 'https://cdn.example.test/h.png' } },
        body: { text: 'Keep your table?' },
        action: { buttons: [{ type: 'reply', reply: { id: 'keep', title: 'Keep it' } }] },
      },
    },
  ],
  [
    'buttons under a document',
    { type: 'button', header: { type: 'document', id: '800003', filename: 'menu.pdf' }, body: 'B', buttons: [{ id: 'keep', title: 'Keep it' }] },
    {
      type: 'interactive',
      interactive: {
        type: 'button',
        header: { type: 'document', document: { id: '800003', filename: 'menu.pdf' } },
        body: { text: 'B' },
        action: { buttons: [{ type: 'reply', reply: { id: 'keep', title: 'Keep it' } }] },
      },
    },
  ],
  [
    'a list without section title and without description',
    { type: 'list', body: 'B', button: 'See', sections: [{ rows: [{ id: 'a', title: 'A', description: '' }] }] },
    { type: 'interactive', interactive: { type: 'list', body: { text: 'B' }, action: { button: 'See', sections: [{ rows: [{ id: 'a', title: 'A' }] }] } } },
  ],
]
describe('content', () => {
  for (const [says, message, content] of CONTENTS) test(says, () => assert.deepEqual(contentOf(message), content))

  test('two URL buttons cannot leave as an interactive message, and the error says the way out', () => {
    const two: SentMessage = { ...TRACK, buttons: [...TRACK.buttons, { title: 'Shop', url: 'https://example.com' }] }

    assert.throws(
      () => contentOf(two),
      (error) => error instanceof WaError && error.code === 'WA_MESSAGE_INVALID' && error.faults[0]?.actual === 2 && /template/.test(error.message),
    )
  })
})

const CALLBACK = 'https://app.example.test/wa/webhook'
describe('exotel', () => {
  const content = { type: 'text', text: { preview_url: false, body: 'Hello' } }

  test('the envelope is the body by default', () => {
    const body = exotel({ from: '+918000000001' }, {}).wire(parcel({ statusCallback: CALLBACK }))

    assert.deepEqual(body, {
      whatsapp: {
        messages: [
          {
            from: '+918000000001',
            to: '+919800000001',
            custom_data: 'msg-41',
            status_callback: CALLBACK,
            content: { recipient_type: 'individual', ...content },
          },
        ],
      },
    })
  })

  test('the flat body is that of the source page', () => {
    const body = exotel({ from: '+919876500001', body: 'flat' }, {}).wire(parcel({ to: { phone: '+919876543210', bsuid: null }, message: RATING }))

    assert.deepEqual(body, {
      from: '+919876500001',
      to: '+919876543210',
      content: { type: 'interactive', interactive: sourcePage('buttons') },
      custom_data: 'msg-41',
    })
  })

  test('the callback address of a message carries the token, or Exotel would report to a closed door', () => {
    for (const body of ['envelope', 'flat'] as const) {
      const wire = exotel({ webhookToken: ['a new token & more', 'the-one-before-it'], body }, {}).wire(parcel({ statusCallback: CALLBACK }))

      assert.match(JSON.stringify(wire), /"status_callback":"https:\/\/app\.example\.test\/wa\/webhook\?token=a\+new\+token\+%26\+more"/)
    }
  })

  test('without a public address there is no status_callback', () => {
    assert.doesNotMatch(JSON.stringify(exotel({ from: '+918000000001' }, {}).wire(parcel())), /status_callback/)
  })

  test('numbers leave with their plus', () => {
    const body = JSON.stringify(exotel({ from: '91 80000 00001' }, {}).wire(parcel({ to: { phone: '919800000001', bsuid: null } })))

    assert.match(body, /"from":"\+918000000001","to":"\+919800000001"/)
  })

  test('a customer without a number cannot be reached', () => {
    assert.throws(() => exotel({}, {}).wire(parcel({ to: { phone: null, bsuid: 'IN.7Qx2Test' } })), { code: 'WA_PHONE_INVALID' })
  })
})

describe('cloudApi', () => {
  const provider = cloudApi({}, {})

  test('the body is the envelope of Meta', () => {
    assert.deepEqual(provider.wire(parcel({ replyTo: 'wamid.TESTIN0001', statusCallback: CALLBACK })), {
      messaging_product: 'whatsapp',
      recipient_type: 'individual',
      to: '919800000001',
      context: { message_id: 'wamid.TESTIN0001' },
      biz_opaque_callback_data: 'msg-41',
      type: 'text',
      text: { preview_url: false, body: 'Hello' },
    })
  })

  test('a user id leaves as recipient, never in to', () => {
    const body = provider.wire(parcel({ to: { phone: null, bsuid: 'IN.7Qx2Test' } })) as Record<string, unknown>

    assert.equal(body.recipient, 'IN.7Qx2Test')
    assert.equal('to' in body, false)
  })

  test('the number is preferred to the user id', () => {
    const body = provider.wire(parcel({ to: { phone: '+919800000001', bsuid: 'IN.7Qx2Test' } })) as Record<string, unknown>

    assert.deepEqual([body.to, 'recipient' in body], ['919800000001', false])
  })

  test('a raw message can add fields but not change who gets it', () => {
    const raw = { type: 'text', text: { body: 'x' }, to: '15550000000', biz_opaque_callback_data: 'y', novelty: 1 }

    const body = provider.wire(parcel({ message: { type: 'raw', raw } })) as Record<string, unknown>

    assert.deepEqual([body.to, body.biz_opaque_callback_data, body.novelty], ['919800000001', 'msg-41', 1])

    const toUserId = provider.wire(parcel({ message: { type: 'raw', raw }, to: { phone: null, bsuid: 'IN.7Qx2Test' } })) as Record<string, unknown>
    assert.deepEqual([toUserId.to, toUserId.recipient], [undefined, 'IN.7Qx2Test'])
  })

  test('a customer with neither number nor user id cannot be reached', () => {
    assert.throws(() => provider.wire(parcel({ to: { phone: null, bsuid: null } })), { code: 'WA_PHONE_INVALID' })
  })
})
