import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buttons, flow, list } from '../../lib/index'
import { messageBody, signatureOf, statusBody } from '../fakes/fake-cloud-api'
import { dlrBody, failedItem, inboundBody, item, mixed } from '../fakes/fake-exotel'
import { type Fakes, ownNames, SECRET, TOKEN, type WireHost, wireHost } from '../support/wire-host'

/** What must become of everything that can come in. One test a row; the number is that of the row in the list of cases, the sentence is the case. */
const row = (number: number, sentence: string, body: () => Promise<void>): void => void test(`I${number} ${sentence}`, body)

const PHONE = '919800000001'
const seconds = (ms = Date.now()): string => String(Math.floor(ms / 1000))
const message = (id: string, content: object, who: object = { from: PHONE }) => ({ ...who, id, timestamp: seconds(), ...content }) as never
const words = (body: string) => ({ type: 'text', text: { body } })
const tap = (id: string, context?: string) => ({
  type: 'interactive',
  ...(context === undefined ? {} : { context: { from: '918000000001', id: context } }),
  interactive: { type: 'button_reply', button_reply: { id, title: 'Keep it' } },
})
const confirm = buttons('confirm', {
  body: 'Keep your table?',
  buttons: [
    { id: 'keep', title: 'Keep it' },
    { id: 'drop', title: 'Cancel it' },
  ],
})
const slots = list('slots', { body: 'When?', button: 'See slots', sections: [{ rows: [{ id: 'slot_19', title: '7 pm' }] }] })

type Meta = WireHost<Fakes['cloud-api']>
const events = async ({ knex }: Pick<Meta, 'knex'>): Promise<string[]> =>
  ((await knex('wa_events').orderBy('id')) as { type: string; state: string; error: string | null }[]).map(({ type, state, error }) =>
    state === 'unrecognised' ? `${state}: ${error}` : type,
  )
const given = ({ heard }: Pick<Meta, 'heard'>, as: string): Record<string, unknown> => heard.find((one) => one.as === as)?.given ?? {}
const reply = (host: Pick<Meta, 'heard'>, as = 'reply') => given(host, as).reply as Record<string, unknown>

row(1, 'a button_reply with context is one typed event with id, title and the message it answers', async () => {
  await using host = await wireHost('cloud-api', { menus: [confirm] })
  await host.wa.send(`+${PHONE}`, confirm)
  await host.wa.idle()

  await host.comes(messageBody(message('wamid.1', tap('keep', host.fake.taken[0]?.id))))

  assert.deepEqual(ownNames(host.heard), ['button_reply'])
  const { id, title, via, menu } = reply(host) as { id: string; title: string; via: string; menu: { key: string } }
  assert.deepEqual([id, title, via, menu.key], ['keep', 'Keep it', 'button', 'confirm'])
})

row(2, 'a list_reply without description is an event without description', async () => {
  await using host = await wireHost('cloud-api')

  await host.comes(messageBody(message('wamid.1', { type: 'interactive', interactive: { type: 'list_reply', list_reply: { id: 'slot_19', title: '7 pm' } } })))

  assert.deepEqual(ownNames(host.heard), ['list_reply'])
  const { payload } = (await host.knex('wa_messages').first('payload')) as { payload: string }
  assert.deepEqual(JSON.parse(payload).reply, { id: 'slot_19', title: '7 pm', via: 'list' })
})

row(3, 'the quick reply of a template without context is a quick_reply', async () => {
  await using host = await wireHost('cloud-api')

  await host.comes(messageBody(message('wamid.1', { type: 'button', button: { payload: 'bk:41:keep', text: 'Keep it' } })))

  assert.deepEqual(ownNames(host.heard), ['quick_reply'])
  assert.deepEqual([reply(host).id, reply(host).title, reply(host).via, reply(host).menu], ['bk:41:keep', 'Keep it', 'template', null])
})

row(4, 'one message id twice in one body is one event', async () => {
  await using host = await wireHost('cloud-api')

  await host.comes(messageBody(message('wamid.1', words('hi')), message('wamid.1', words('hi'))))

  assert.deepEqual(ownNames(host.heard), ['text'])
})

row(5, 'one body delivered twice is one event', async () => {
  await using host = await wireHost('cloud-api')
  const body = messageBody(message('wamid.1', words('hi')))

  await host.comes(body)
  await host.comes(body)

  assert.deepEqual(ownNames(host.heard), ['text'])
})

row(6, 'read, then delivered, then sent ends as read, and moves once', async () => {
  await using host = await wireHost('cloud-api')
  const sent = await host.wa.send(`+${PHONE}`, { text: 'hi' })
  await host.wa.idle()
  const id = host.fake.taken[0]?.id ?? ''

  for (const status of ['read', 'delivered', 'sent']) await host.comes(statusBody({ id, status, timestamp: seconds(), recipient_id: PHONE }))

  assert.equal((await host.wa.messages.get(sent.id))?.status, 'read')
  const history = await host.knex('wa_message_history').where({ message_id: sent.id }).orderBy('id').pluck('status')
  assert.deepEqual(history, ['queued', 'sending', 'accepted', 'read'])
})

row(7, 'a status of an unknown id beside a valid message: the message is handled', async () => {
  await using host = await wireHost('cloud-api')
  const body = messageBody(message('wamid.1', words('hi'))).replace(
    '"messages":[',
    `"statuses":[{"id":"wamid.other","status":"read","timestamp":"${seconds()}"}],"messages":[`,
  )

  await host.comes(body)

  assert.deepEqual(ownNames(host.heard), ['text'])
  assert.deepEqual((await events(host)).sort(), ['status', 'text'])
})

for (const [number, sentence, who] of [
  [8, 'a message with a user id and without from is of the customer with that user id', { from_user_id: 'IN.7Qx2Test' }],
  [9, 'so is one with an empty from', { from: '', from_user_id: 'IN.7Qx2Test' }],
  [10, 'so is one with the user id in from', { from: 'IN.7Qx2Test' }],
] as const) {
  row(number, sentence, async () => {
    await using host = await wireHost('cloud-api')

    await host.comes(messageBody(message('wamid.1', words('hi'), who)))

    const { phone, bsuid } = given(host, 'text').contact as { phone: string | null; bsuid: string | null }
    assert.deepEqual([phone, bsuid], [null, 'IN.7Qx2Test'])
  })
}

row(11, 'a message of nobody is kept and reaches no listener', async () => {
  await using host = await wireHost('cloud-api')

  await host.comes(messageBody(message('wamid.1', words('hi'), {})))

  assert.deepEqual(ownNames(host.heard), [])
  assert.deepEqual(await events(host), ['unrecognised: a message without a sender'])
})

row(12, 'an interactive message without its object is unsupported, with the reason', async () => {
  await using host = await wireHost('cloud-api')

  await host.comes(messageBody(message('wamid.1', { type: 'interactive', errors: [{ code: 131051, title: 'Message type unknown' }] })))

  assert.deepEqual(ownNames(host.heard), ['unsupported'])
  assert.equal(given(host, 'unsupported').reason, 'interactive: Message type unknown')
})

row(13, 'a form whose answers are no object, broken or missing is an event without answers, and raw keeps what came', async () => {
  await using host = await wireHost('cloud-api')
  const form = (id: string, more: object) =>
    message(id, { type: 'interactive', interactive: { type: 'nfm_reply', nfm_reply: { name: 'flow', body: 'Sent', ...more } } })

  await host.comes(messageBody(form('wamid.1', { response_json: '[1]' }), form('wamid.2', { response_json: '{' }), form('wamid.3', {})))

  const forms = host.heard
    .filter(({ as }) => as === 'form')
    .map(({ given: context }) => context as { form: unknown; event: { raw: { interactive: { nfm_reply: { response_json?: string } } } } })
  assert.deepEqual(
    forms.map((context) => context.form),
    Array(3).fill({ name: 'flow', response: null }),
  )
  assert.deepEqual(
    forms.map(({ event }) => event.raw.interactive.nfm_reply.response_json),
    ['[1]', '{', undefined],
  )
})

row(14, 'two entries of two changes of two messages are eight events', async () => {
  await using host = await wireHost('cloud-api')
  const change = (one: number) => ({
    field: 'messages',
    value: { metadata: { phone_number_id: '100000000000001' }, messages: [message(`wamid.${one}a`, words('a')), message(`wamid.${one}b`, words('b'))] },
  })

  await host.comes({ object: 'whatsapp_business_account', entry: [{ changes: [change(1), change(2)] }, { changes: [change(3), change(4)] }] })

  assert.deepEqual(ownNames(host.heard), Array(8).fill('text'))
})

row(15, 'a field nobody knows is kept as it came; keys nobody knows do no harm', async () => {
  await using host = await wireHost('cloud-api')

  await host.comes({ entry: [{ changes: [{ field: 'message_template_status_update', value: { event: 'APPROVED' }, novelty: 1 }] }] })
  await host.comes(messageBody(message('wamid.1', { ...words('hi'), novelty: { a: [1] } })))

  assert.deepEqual(await events(host), ['unrecognised: message_template_status_update', 'text'])
  const { raw } = (await host.knex('wa_events').orderBy('id').first('raw')) as { raw: string }
  assert.deepEqual(JSON.parse(raw), { field: 'message_template_status_update', value: { event: 'APPROVED' }, novelty: 1 })
})

row(16, 'a valid body of 2.9 MB is answered 200', async () => {
  await using host = await wireHost('cloud-api')

  await host.comes(messageBody(...Array.from({ length: 29 }, (_, index) => message(`wamid.${index}`, { ...words('hi'), filler: 'x'.repeat(100_000) }))))

  assert.equal(host.heard.filter(({ as }) => as === 'text').length, 29)
})

row(17, 'a signature that is wrong, missing, cut or of a body written anew is refused, and nothing is stored', async () => {
  await using host = await wireHost('cloud-api')
  const body = messageBody(message('wamid.1', words('PLACE'))).replace('PLACE', 'caf\\u00e9')
  const right = signatureOf(body, SECRET)

  for (const signature of [signatureOf(body, 'another-secret'), '', right.slice(0, -1), signatureOf(JSON.stringify(JSON.parse(body)), SECRET)]) {
    await host.post(body).set('X-Hub-Signature-256', signature).expect(401)
  }

  assert.deepEqual(await events(host), [])
})

row(18, 'escapes, slashes and emoji in a body leave its signature valid', async () => {
  await using host = await wireHost('cloud-api')

  await host.comes(messageBody(message('wamid.1', words('PLACE'))).replace('PLACE', 'caf\\u00e9 \\/ a\\u0040b 🙂'))

  assert.equal(given(host, 'text').text, 'café / a@b 🙂')
})

for (const wire of ['cloud-api', 'exotel'] as const) {
  row(19, `${wire}: bodies with nothing in them, and what is no JSON, are kept and answered 200`, async () => {
    await using host = await wireHost(wire)
    const bodies = [
      '{}',
      '[]',
      'null',
      '{"entry":null}',
      '{"whatsapp":null}',
      '{"entry":[null]}',
      '{"whatsapp":{"messages":[null]}}',
      'no JSON',
      '',
      '"text"',
      '0',
      '{"a":1',
    ]

    for (const body of bodies) await host.comes(body)

    assert.equal(
      await host
        .knex('wa_events')
        .where({ state: 'unrecognised' })
        .then((rows: unknown[]) => rows.length),
      bodies.length,
    )
    assert.deepEqual(ownNames(host.heard), [])
  })
}

row(20, 'a timestamp that is no number: the arrival counts, and the row says so', async () => {
  await using host = await wireHost('cloud-api')
  const before = Date.now()

  await host.comes(messageBody({ from: PHONE, id: 'wamid.1', timestamp: 'yesterday', ...words('hi') }))

  const { at, payload } = (await host.knex('wa_messages').first()) as { at: number; payload: string }
  assert.ok(at >= before && at <= Date.now())
  assert.equal(JSON.parse(payload).untimed, true)
})

row(21, 'Exotel: a report and a message in one array are one status and one message', async () => {
  await using host = await wireHost('exotel')
  const sent = await host.wa.send(`+${PHONE}`, { text: 'hi' })
  await host.wa.idle()
  const report = JSON.parse(
    dlrBody({ sid: host.fake.taken[0]?.id ?? '', to: `+${PHONE}`, code: 30002, name: 'EX_MESSAGE_DELIVERED', timestamp: '2026-11-20T10:15:30+05:30' }),
  )
  const said = JSON.parse(inboundBody({ sid: 'ExIn1', from: `+${PHONE}`, content: words('hello'), timestamp: new Date().toISOString() }))

  await host.comes({ whatsapp: { messages: [...report.whatsapp.messages, ...said.whatsapp.messages] } })

  assert.deepEqual(ownNames(host.heard).sort(), ['status', 'text'])
  assert.equal((await host.wa.messages.get(sent.id))?.status, 'delivered')
})

row(22, 'Exotel: a code in quotes and a number without plus are delivered', async () => {
  await using host = await wireHost('exotel')
  const sent = await host.wa.send(`+${PHONE}`, { text: 'hi' })
  await host.wa.idle()

  await host.comes({ whatsapp: { messages: [{ callback_type: 'dlr', sid: host.fake.taken[0]?.id, to: PHONE, exo_status_code: '30002' }] } })

  assert.equal((await host.wa.messages.get(sent.id))?.status, 'delivered')
})

row(23, 'Exotel: an unknown 30xxx fails for good, and raw keeps what came', async () => {
  await using host = await wireHost('exotel')
  const sent = await host.wa.send(`+${PHONE}`, { text: 'hi' })
  await host.wa.idle()
  const report = { callback_type: 'dlr', sid: host.fake.taken[0]?.id, to: PHONE, exo_status_code: 30777, exo_detailed_status: 'EX_SOMETHING_NEW' }

  await host.comes({ whatsapp: { messages: [report] } })
  await host.wa.idle()

  assert.equal((await host.wa.messages.get(sent.id))?.status, 'failed')
  assert.equal((given(host, 'status').message as { error: { code: number } }).error.code, 30777)
  const { raw } = (await host.knex('wa_events').first('raw')) as { raw: string }
  assert.deepEqual(JSON.parse(raw), report)
  assert.equal(host.fake.taken.length, 1, 'it is not sent again')
})

row(24, 'Exotel: the flat callback of the page, without any id, is an event with a key of its own', async () => {
  await using host = await wireHost('exotel')
  const body = { from: `+${PHONE}`, type: 'interactive', interactive: { type: 'button_reply', button_reply: { id: 'rating_great', title: 'Great!' } } }

  await host.comes(body)
  await host.comes(body)

  assert.deepEqual(ownNames(host.heard), ['button_reply'])
  const { dedupe } = (await host.knex('wa_events').first('dedupe')) as { dedupe: string }
  assert.match(dedupe, /^[0-9a-f]{64}$/)
})

row(25, 'Exotel: 202 with a failed item is a failed message', async () => {
  await using host = await wireHost('exotel')
  host.fake.next({ status: 202, body: { response: { whatsapp: { messages: [failedItem(1002)] } } } })

  const sent = await host.wa.send(`+${PHONE}`, { text: 'hi' })
  await host.wa.idle()

  assert.equal((await host.wa.messages.get(sent.id))?.status, 'failed')
})

row(26, 'Exotel: of a 207 the item of the message counts', async () => {
  await using host = await wireHost('exotel')
  host.fake.next(mixed(item('ExSid9'), failedItem(1002)), mixed(failedItem(1002), item('ExSid9')))

  const first = await host.wa.send(`+${PHONE}`, { text: 'one' })
  await host.wa.idle()
  const second = await host.wa.send(`+${PHONE}`, { text: 'two' })
  await host.wa.idle()

  assert.deepEqual([(await host.wa.messages.get(first.id))?.status, (await host.wa.messages.get(second.id))?.status], ['accepted', 'failed'])
})

row(27, 'a reaction taken back, in both spellings, is a reaction without emoji', async () => {
  await using host = await wireHost('cloud-api')

  await host.comes(
    messageBody(
      message('wamid.1', { type: 'reaction', reaction: { message_id: 'wamid.OUT', emoji: '' } }),
      message('wamid.2', { type: 'reaction', reaction: { message_id: 'wamid.OUT' } }),
    ),
  )

  assert.deepEqual(
    host.heard.map(({ as, given: context }) => [as, context.reaction]),
    Array(2).fill(['reaction', { to: 'wamid.OUT', emoji: null }]),
  )
})

row(28, 'edit and revoke are events of their own, and answer nothing that was asked', async () => {
  const order = flow('order', { start: ({ ask }) => ask('Order number?', 'got'), got: ({ text, end }) => end(`Thank you for ${text}`) })
  await using host = await wireHost('cloud-api', { flows: [order] })
  host.wa.on('text', { name: 'begins' }, async ({ text, start }) => {
    if (text === 'order') await start(order)
  })
  await host.comes(messageBody(message('wamid.1', words('order'))))

  await host.comes(
    messageBody(
      message('wamid.2', { type: 'edit', edit: { original_message_id: 'wamid.1', message: words('fixed') } }),
      message('wamid.3', { type: 'revoke', revoke: { original_message_id: 'wamid.1' } }),
    ),
  )
  await host.comes(messageBody(message('wamid.4', words('ORD-1'))))

  assert.deepEqual(ownNames(host.heard), ['text', 'edit', 'revoke', 'text'])
  assert.deepEqual(
    host.fake.taken.map(({ content }) => (content as { text: { body: string } }).text.body),
    ['Order number?', 'Thank you for ORD-1'],
  )
})

row(29, 'a message of 30 hours ago is stored, and opens no window', async () => {
  await using host = await wireHost('cloud-api')

  await host.comes(messageBody({ from: PHONE, id: 'wamid.1', timestamp: seconds(Date.now() - 30 * 3_600_000), ...words('hi') }))

  assert.deepEqual(ownNames(host.heard), ['text'])
  assert.equal((await host.wa.conversations.get(`+${PHONE}`))?.window.open, false)
  await assert.rejects(host.wa.send(`+${PHONE}`, { text: 'hi' }), { code: 'WA_WINDOW_CLOSED' })
})

row(30, 'a tap on a menu that a later one replaced is stale; one on the newest is not', async () => {
  await using host = await wireHost('cloud-api', { menus: [confirm, slots] })
  await host.wa.send(`+${PHONE}`, confirm)
  await host.wa.send(`+${PHONE}`, slots)
  await host.wa.idle()
  const [older, newer] = host.fake.taken

  await host.comes(messageBody(message('wamid.1', tap('keep', older?.id))))
  await host.comes(
    messageBody(
      message('wamid.2', {
        type: 'interactive',
        context: { id: newer?.id },
        interactive: { type: 'list_reply', list_reply: { id: 'slot_19', title: '7 pm' } },
      }),
    ),
  )

  assert.deepEqual([reply(host, 'button_reply').stale, reply(host, 'list_reply').stale], [true, false])
})

test('Exotel reports to the address that a message carried: that door is open to it, and the replies come in there too', async () => {
  await using host = await wireHost('exotel', { publicUrl: 'https://shop.example/wa' })
  const sent = await host.wa.send(`+${PHONE}`, { text: 'hi' })
  await host.wa.idle()
  const left = host.fake.requests[0]?.body as { whatsapp: { messages: { status_callback: string }[] } }
  const status_callback = left.whatsapp.messages[0]?.status_callback ?? ''
  const address = new URL(status_callback)

  await host
    .post(
      dlrBody({ sid: host.fake.taken[0]?.id ?? '', to: PHONE, code: 30003, name: 'EX_MESSAGE_SEEN', timestamp: '2026-11-20T10:15:30+05:30' }),
      `${address.pathname}${address.search}`,
    )
    .expect(200)
  await host
    .post(inboundBody({ sid: 'ExIn1', from: PHONE, content: words('hello'), timestamp: new Date().toISOString() }), `${address.pathname}${address.search}`)
    .expect(200)
  await host.wa.idle()

  assert.equal(status_callback, `https://shop.example/wa/webhook?token=${TOKEN}`)
  assert.equal((await host.wa.messages.get(sent.id))?.status, 'read')
  assert.deepEqual(ownNames(host.heard), ['status', 'text'])
})
