import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buttons, ctaPhone, ctaUrl, exotel, list, type Menu, type Message, template, text } from '../../lib/index'
import { messageBody } from '../fakes/fake-cloud-api'
import { inboundBody } from '../fakes/fake-exotel'
import { TOKEN, wireHost } from '../support/wire-host'

const ASHA = '+919800000001'
const link = 'https://cdn.example.test/a'
const MENUS = {
  button: buttons('b', {
    header: { type: 'image', link: `${link}.jpg` },
    body: 'Keep your {{what}}?',
    footer: 'Cafe Demo',
    buttons: [
      { id: 'keep', title: 'Keep it' },
      { id: 'drop', title: 'Cancel it' },
    ],
  }),
  list: list('l', {
    header: { type: 'text', text: 'Pick a slot' },
    body: 'When?',
    footer: 'IST',
    button: 'See slots',
    sections: [
      { title: 'Lunch', rows: [{ id: 'slot:13', title: '1 pm', description: 'Indoor' }] },
      { title: 'Dinner', rows: [{ id: 'slot:19', title: '7 pm' }] },
    ],
  }),
  cta: ctaUrl('c', { body: 'Track it', buttons: [{ title: 'Open tracker', url: 'https://t.example.test/{{order}}?x=1' }] }),
  phone: ctaPhone('p', { body: 'Talk to us', buttons: [{ title: 'Call us', phone: '+911140000000' }], template: { name: 'call_us', language: 'en' } }),
  text: text('t', { body: 'Hello' }),
  template: template('r', {
    template: { name: 'booking_reminder', language: 'en_US', components: [{ type: 'body', parameters: [{ type: 'text', text: '{{name}}' }] }] },
  }),
} as const

/** What code sends, and the content object that has to leave on both wires, byte for byte. */
const SENT: [says: string, what: Menu | Message, variables: object | undefined, content: string][] = [
  [
    'buttons under an image',
    MENUS.button,
    { what: 'table' },
    `{"type":"interactive","interactive":{"type":"button","header":{"type":"image","image":{"link":"${link}.jpg"}},"body":{"text":"Keep your table?"},"footer":{"text":"Cafe Demo"},"action":{"buttons":[{"type":"reply","reply":{"id":"keep","title":"Keep it"}},{"type":"reply","reply":{"id":"drop","title":"Cancel it"}}]}}}`,
  ],
  [
    'a list',
    MENUS.list,
    undefined,
    '{"type":"interactive","interactive":{"type":"list","header":{"type":"text","text":"Pick a slot"},"body":{"text":"When?"},"footer":{"text":"IST"},"action":{"button":"See slots","sections":[{"title":"Lunch","rows":[{"id":"slot:13","title":"1 pm","description":"Indoor"}]},{"title":"Dinner","rows":[{"id":"slot:19","title":"7 pm"}]}]}}}',
  ],
  [
    'a URL button, its value percent-encoded',
    MENUS.cta,
    { order: 'a b/&' },
    '{"type":"interactive","interactive":{"type":"cta_url","body":{"text":"Track it"},"action":{"name":"cta_url","parameters":{"display_text":"Open tracker","url":"https://t.example.test/a%20b%2F%26?x=1"}}}}',
  ],
  [
    'a phone button, as its template',
    MENUS.phone,
    undefined,
    '{"type":"template","template":{"name":"call_us","language":{"code":"en","policy":"deterministic"}}}',
  ],
  ['a text menu', MENUS.text, undefined, '{"type":"text","text":{"preview_url":false,"body":"Hello"}}'],
  [
    'a template',
    MENUS.template,
    { name: 'Asha' },
    '{"type":"template","template":{"name":"booking_reminder","language":{"code":"en_US","policy":"deterministic"},"components":[{"type":"body","parameters":[{"type":"text","text":"Asha"}]}]}}',
  ],
  ['words', { text: 'caf\u00e9 🙂 \\/ "x"' }, undefined, '{"type":"text","text":{"preview_url":false,"body":"café 🙂 \\\\/ \\"x\\""}}'],
  ['an image', { image: { link: `${link}.jpg` }, caption: 'Menu' }, undefined, `{"type":"image","image":{"link":"${link}.jpg","caption":"Menu"}}`],
  ['a video', { video: { id: '800005' } }, undefined, '{"type":"video","video":{"id":"800005"}}'],
  ['audio', { audio: { link: `${link}.ogg` } }, undefined, `{"type":"audio","audio":{"link":"${link}.ogg"}}`],
  [
    'a document',
    { document: { link: `${link}.pdf` }, filename: 'menu.pdf', caption: 'Menu' },
    undefined,
    `{"type":"document","document":{"link":"${link}.pdf","filename":"menu.pdf","caption":"Menu"}}`,
  ],
  [
    'a place',
    { location: { latitude: 12.97, longitude: 77.59, name: 'Cafe Demo', address: '1 Test Road' } },
    undefined,
    '{"type":"location","location":{"latitude":12.97,"longitude":77.59,"name":"Cafe Demo","address":"1 Test Road"}}',
  ],
  ['a reaction', { reaction: '👍', to: 'sid-0001' }, undefined, '{"type":"reaction","reaction":{"message_id":"sid-0001","emoji":"👍"}}'],
  [
    'a raw message',
    { raw: { type: 'contacts', contacts: [{ name: { formatted_name: 'Ravi' } }] } },
    undefined,
    '{"type":"contacts","contacts":[{"name":{"formatted_name":"Ravi"}}]}',
  ],
]

/** The three bodies that can leave, around a content object. */
const BODIES = {
  'exotel, the envelope': (content: string, ref: string) =>
    `{"whatsapp":{"messages":[{"from":"+918000000001","to":"${ASHA}","custom_data":"${ref}","content":{"recipient_type":"individual",${content.slice(1)}}]}}`,
  'exotel, the flat body': (content: string, ref: string) => `{"from":"+918000000001","to":"${ASHA}","content":${content},"custom_data":"${ref}"}`,
  'cloud-api': (content: string, ref: string) =>
    `{"messaging_product":"whatsapp","recipient_type":"individual","to":"${ASHA.slice(1)}","biz_opaque_callback_data":"${ref}",${content.slice(1)}`,
} as const

for (const [name, bodyOf] of Object.entries(BODIES)) {
  test(`${name}: what code sends leaves as these bytes`, async (t) => {
    const menus = Object.values(MENUS)
    await using meta = await wireHost('cloud-api', { menus })
    await using usual = await wireHost('exotel', { menus })
    const flat = exotel({
      accountSid: 'sid',
      apiKey: 'key',
      apiToken: 'token',
      from: '+918000000001',
      baseUrl: usual.fake.url,
      webhookToken: TOKEN,
      body: 'flat',
    })
    await using flatHost = await wireHost('exotel', { menus, provider: flat })
    const host = name === 'cloud-api' ? meta : name.includes('flat') ? flatHost : usual
    const { requests } = name === 'cloud-api' ? meta.fake : usual.fake

    for (const [says, what, variables, content] of SENT) {
      await t.test(says, async () => {
        requests.length = 0
        const { id } = await (host.wa.send as unknown as (...given: unknown[]) => Promise<{ id: string }>)(
          ASHA,
          what,
          ...('key' in what ? [variables ?? {}] : []),
        )
        await host.engine.settle()

        const { ref } = (await host.knex('wa_messages').where({ id }).first('ref')) as { ref: string }
        assert.equal(JSON.stringify(requests[0]?.body), bodyOf(content, ref))
      })
    }
  })
}

test('a quoted message leaves with its context at Meta; Exotel has no field for it that was seen to work', async () => {
  for (const [wire, body] of [
    ['cloud-api', messageBody({ id: 'wamid.IN1', from: ASHA.slice(1), timestamp: String(Math.floor(Date.now() / 1000)), type: 'text', text: { body: 'hi' } })],
    ['exotel', inboundBody({ sid: 'ExIn1', from: ASHA, timestamp: new Date().toISOString(), content: { type: 'text', text: { body: 'hi' } } })],
  ] as const) {
    await using host = await wireHost(wire)
    await host.comes(body)
    const { id } = (await host.knex('wa_messages').first('id')) as { id: number }

    await host.wa.send(ASHA, { text: 'hello' }, { replyTo: String(id) })
    await host.wa.idle()

    const left = host.fake.requests[0]?.body as { context?: object }
    assert.deepEqual(left.context, wire === 'cloud-api' ? { message_id: 'wamid.IN1' } : undefined)
  }
})
