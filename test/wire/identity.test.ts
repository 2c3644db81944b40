import assert from 'node:assert/strict'
import { test } from 'node:test'
import request from 'supertest'
import { list } from '../../lib/index'
import { accepted, messageBody, statusBody } from '../fakes/fake-cloud-api'
import { engines } from '../support/databases'
import { engineOf, ownNames, type WireHost, wireHost } from '../support/wire-host'

const PHONE = '919800000001'
const BSUID = 'IN.7Qx2Test'
let made = 0
/** One message of somebody, with the identities that the wire gives. */
const from = (who: { from?: string; from_user_id?: string }, words = 'hi', more: object = {}) =>
  messageBody({ ...who, id: `wamid.${++made}`, timestamp: String(Math.floor(Date.now() / 1000)), type: 'text', text: { body: words }, ...more } as never)
/** The `contacts` that stand beside it. */
const with_ = (body: string, contacts: unknown): string => body.replace('"messages":[', `"contacts":${JSON.stringify(contacts)},"messages":[`)
const system = (who: object, change: object) => from(who as never, '', { type: 'system', text: undefined, system: change })

type Row = Record<string, unknown>
/** Every customer as a line: number, user id, and what was said to or by them. */
async function people({ knex }: Pick<WireHost<unknown>, 'knex'>): Promise<string[]> {
  const contacts = (await knex('wa_contacts').whereNull('merged_into').orderBy('id')) as Row[]
  return Promise.all(
    contacts.map(async (contact) => {
      const conversations = await knex('wa_conversations').where({ contact_id: contact.id }).pluck('id')
      const words = await knex('wa_messages').whereIn('conversation_id', conversations).orderBy('id').pluck('text')
      return `${contact.phone ?? '-'} ${contact.wa_phone ? `(${contact.wa_phone}) ` : ''}${contact.bsuid ?? '-'}: ${words.join(', ')}${conversations.length === 1 ? '' : ` in ${conversations.length} conversations`}`
    }),
  )
}

/** What the wire may say of who wrote, and the customers that it makes. */
const CASES: [says: string, bodies: string[], people: string[]][] = [
  ['only a number', [from({ from: PHONE })], ['+919800000001 -: hi']],
  ['only a user id', [from({ from_user_id: BSUID })], ['- IN.7Qx2Test: hi']],
  ['an empty from and a user id', [from({ from: '', from_user_id: BSUID })], ['- IN.7Qx2Test: hi']],
  ['a user id where the number belongs', [from({ from: BSUID })], ['- IN.7Qx2Test: hi']],
  ['both', [from({ from: PHONE, from_user_id: BSUID })], ['+919800000001 IN.7Qx2Test: hi']],
  ['neither: kept, and nobody is made of it', [from({}), from({ from: '' })], []],
  ['a number, and the user id in the contact beside it', [with_(from({ from: PHONE }), [{ wa_id: PHONE, user_id: BSUID }])], ['+919800000001 IN.7Qx2Test: hi']],
  [
    'a user id, and the number in the contact beside it',
    [with_(from({ from_user_id: BSUID }), [{ wa_id: PHONE, user_id: BSUID }])],
    ['+919800000001 IN.7Qx2Test: hi'],
  ],
  ['a contact of somebody else beside it', [with_(from({ from: PHONE }), [{ wa_id: '919800000009', user_id: 'IN.Other' }])], ['+919800000001 -: hi']],
  ['first a number, then both', [from({ from: PHONE }, 'one'), from({ from: PHONE, from_user_id: BSUID }, 'two')], ['+919800000001 IN.7Qx2Test: one, two']],
  [
    'first a user id, then both, then a number',
    [from({ from_user_id: BSUID }, 'one'), from({ from: PHONE, from_user_id: BSUID }, 'two'), from({ from: PHONE }, 'three')],
    ['+919800000001 IN.7Qx2Test: one, two, three'],
  ],
  [
    'a number, then a user id, then both: two rows become one, in the order in which it was said',
    [from({ from: PHONE }, 'one'), from({ from_user_id: BSUID }, 'two'), from({ from: PHONE }, 'three'), from({ from: PHONE, from_user_id: BSUID }, 'four')],
    ['+919800000001 IN.7Qx2Test: one, two, three, four'],
  ],
  [
    'two user ids that differ in case are two people',
    [from({ from_user_id: 'IN.abc' }, 'one'), from({ from_user_id: 'IN.Abc' }, 'two')],
    ['- IN.abc: one', '- IN.Abc: two'],
  ],
  [
    'the same number under a new user id is the same customer',
    [from({ from: PHONE, from_user_id: BSUID }, 'one'), from({ from: PHONE, from_user_id: 'IN.New' }, 'two'), from({ from_user_id: 'IN.New' }, 'three')],
    ['+919800000001 IN.New: one, two, three'],
  ],
  [
    'the same user id under another spelling of the number is the same customer under both',
    [
      from({ from: '5511987654321', from_user_id: 'BR.1' }, 'one'),
      from({ from: '551187654321', from_user_id: 'BR.1' }, 'two'),
      from({ from: '551187654321' }, 'three'),
      from({ from: '5511987654321' }, 'four'),
    ],
    ['+551187654321 (+5511987654321) BR.1: one, two, three, four'],
  ],
  [
    'a new number: the customer goes along, and the old number is free for its next owner',
    [
      from({ from: PHONE }, 'one'),
      system({ from: PHONE }, { type: 'user_changed_number', body: 'moved', wa_id: '919800000009' }),
      from({ from: '919800000009' }, 'two'),
      from({ from: PHONE }, 'a stranger'),
    ],
    ['+919800000009 -: one, moved, two', '+919800000001 -: a stranger'],
  ],
  [
    'a new number from which they wrote before we heard of it',
    [
      from({ from: PHONE }, 'one'),
      from({ from: '919800000009' }, 'two'),
      system({ from: PHONE }, { type: 'user_changed_number', body: 'moved', wa_id: '919800000009' }),
      from({ from: '919800000009' }, 'three'),
    ],
    ['+919800000009 -: one, two, moved, three'],
  ],
  [
    'a new user id, told without any number',
    [
      from({ from_user_id: BSUID }, 'one'),
      system({}, { type: 'user_changed_user_id', body: 'moved', user_id: 'IN.NewTest', previous_user_id: BSUID }),
      from({ from_user_id: 'IN.NewTest' }, 'two'),
    ],
    ['- IN.NewTest: one, moved, two'],
  ],
  [
    'a new user id, told by its new owner who wrote before',
    [
      from({ from_user_id: BSUID }, 'one'),
      from({ from_user_id: 'IN.NewTest' }, 'two'),
      system({ from_user_id: 'IN.NewTest' }, { type: 'user_changed_user_id', body: 'moved', user_id: 'IN.NewTest', previous_user_id: BSUID }),
    ],
    ['- IN.NewTest: one, two, moved'],
  ],
  [
    'a new number and a new user id at once',
    [
      from({ from: PHONE, from_user_id: BSUID }, 'one'),
      system({ from: PHONE, from_user_id: BSUID }, { type: 'user_changed_number', body: 'moved', wa_id: '919800000009', user_id: 'IN.NewTest' }),
      from({ from: '919800000009', from_user_id: 'IN.NewTest' }, 'two'),
    ],
    ['+919800000009 IN.NewTest: one, moved, two'],
  ],
  ['news of nobody we know', [system({ from: PHONE }, { type: 'user_changed_number', body: 'moved', wa_id: '919800000009' })], ['+919800000009 -: moved']],
]

for (const engine of engines()) {
  test(`${engine.name}: who wrote`, { skip: engine.skip }, async (t) => {
    const database = await engine.open()
    await using host = await wireHost('cloud-api', { database: database.url })
    for (const [says, bodies, expected] of CASES) {
      await t.test(says, async () => {
        for (const table of ['wa_contacts', 'wa_conversations', 'wa_messages', 'wa_events', 'wa_runs']) await host.knex(table).delete()
        host.heard.length = 0

        for (const body of bodies) await host.comes(body)
        for (const body of bodies) await host.comes(body)

        assert.deepEqual(await people(host), expected)
        assert.equal(
          host.heard.filter(({ as }) => as === 'text' || as === 'system').length,
          expected.flatMap((line) => line.split(': ')[1]?.split(', ') ?? []).length,
        )
      })
    }
  })

  test(`${engine.name}: when two rows become one, all that hangs on them does`, { skip: engine.skip }, async () => {
    const database = await engine.open()
    const help = list('help', { body: 'How can we help?', button: 'Topics', sections: [{ rows: [{ id: 'a', title: 'A' }] }] })
    await using host = await wireHost('cloud-api', { database: database.url, menus: [help] })
    const { wa, knex } = host
    wa.on('text', { name: 'asks' }, async ({ text, ask }) => {
      if (text === 'ask me') await ask('What is your name?', 'name')
    })
    wa.onAnswer('name', async ({ text, say }) => void (await say(`Hello ${text}`)))
    await host.comes(from({ from: PHONE }, 'by number'))
    await host.comes(from({ from_user_id: BSUID }, 'ask me'))
    await wa.contacts.set({ phone: `+${PHONE}` }, { externalId: 'crm-1', attributes: { plan: 'pro' } })
    await wa.contacts.set({ bsuid: BSUID }, { language: 'hi', optedOut: true, attributes: { plan: 'free', since: '2020' } })
    const byUser = await wa.contacts.get({ bsuid: BSUID })
    const before = (await knex('wa_conversations').sum({ unread: 'unread' }).first()) as { unread: number | string }

    await host.comes(from({ from: PHONE, from_user_id: BSUID }, 'Asha'))

    const one = await wa.contacts.get({ id: String(byUser?.id) })
    assert.deepEqual(
      [one?.phone, one?.bsuid, one?.externalId, one?.language, one?.optedOut, one?.attributes],
      [`+${PHONE}`, BSUID, 'crm-1', 'hi', true, { plan: 'pro', since: '2020' }],
    )
    assert.equal((await wa.contacts.get(`+${PHONE}`))?.id, one?.id)
    assert.deepEqual(await people(host), [`+${PHONE} ${BSUID}: by number, ask me, What is your name?, Asha, Hello Asha`])
    const [conversation] = (await knex('wa_conversations')) as Row[]
    assert.deepEqual([conversation?.last_text, Number(conversation?.unread), conversation?.step], ['Hello Asha', Number(before.unread) + 1, null])
    assert.deepEqual(new Set(await knex('wa_events').pluck('conversation_id')), new Set([conversation?.id]))
    assert.equal(host.fake.taken.at(-1)?.to, PHONE)
  })

  test(`${engine.name}: a person in charge of either conversation is in charge of the one they become`, { skip: engine.skip }, async () => {
    const database = await engine.open()
    await using host = await wireHost('cloud-api', { database: database.url })
    await host.comes(from({ from: PHONE }))
    await host.comes(from({ from_user_id: BSUID }))
    const theirs = await host.wa.conversations.get({ bsuid: BSUID })
    await host.engine.setMode(String(theirs?.id), 'person', { id: 'u1', name: 'Meera' })

    await host.comes(from({ from: PHONE, from_user_id: BSUID }))

    assert.equal((await host.wa.conversations.get(`+${PHONE}`))?.mode, 'person')
    assert.deepEqual(await host.knex('wa_conversations').pluck('assigned_to'), ['Meera'])
  })

  test(`${engine.name}: forty customers whose names come in every order at two instances at once end as forty, and no word is lost or doubled`, {
    skip: engine.skip,
  }, async () => {
    const database = await engine.open()
    await using one = await wireHost('cloud-api', { database: database.url })
    await using two = await wireHost('cloud-api', { database: database.url })
    const COUNT = 40
    const said = Array.from({ length: COUNT }, (_, index) => {
      const phone = `9198000001${String(index).padStart(2, '0')}`
      const bsuid = `IN.User${index}`
      return [
        from({ from: phone }, `${index}`),
        from({ from_user_id: bsuid }, `${index}`),
        from({ from: phone, from_user_id: bsuid }, `${index}`),
        from({ from_user_id: bsuid }, `${index}`),
        from({ from: phone }, `${index}`),
        from({ from: phone, from_user_id: bsuid }, `${index}`),
      ]
    }).flat()
    // The same order in every run: neighbours are far apart in it.
    const shuffled = said.map((body, index) => [(index * 7919) % said.length, body] as const).sort(([a], [b]) => a - b)

    await Promise.all(shuffled.map(([, body], index) => (index % 2 === 0 ? one : two).post(body).expect(200)))
    await Promise.all([one.wa.idle(), two.wa.idle()])

    assert.deepEqual(
      (await people(one)).sort(),
      Array.from({ length: COUNT }, (_, index) => `+9198000001${String(index).padStart(2, '0')} IN.User${index}: ${Array(6).fill(index).join(', ')}`).sort(),
    )
    assert.equal(Number(((await one.knex('wa_conversations').sum({ n: 'unread' }).first()) as { n: unknown }).n), said.length)
    assert.equal([...one.heard, ...two.heard].filter(({ as }) => as === 'text').length, said.length)
    const orphans = await one.knex('wa_events').whereNotIn('conversation_id', one.knex('wa_conversations').select('id'))
    assert.deepEqual(orphans, [])
  })
}

test('what is sent to a user id leaves as recipient, and to a customer with both as the number', async () => {
  await using host = await wireHost('cloud-api')
  await host.wa.send({ bsuid: BSUID }, { text: 'by user id' })
  await host.wa.idle()
  await host.comes(from({ from: PHONE, from_user_id: BSUID }))

  await host.wa.send({ bsuid: BSUID }, { text: 'by number' })
  await host.wa.idle()

  assert.deepEqual(
    host.fake.taken.map(({ content }) => [content.to, content.recipient]),
    [
      [undefined, BSUID],
      [PHONE, undefined],
    ],
  )
})

test('Exotel cannot send to a user id: the message fails at once and says why', async () => {
  await using host = await wireHost('exotel')
  const sent = await host.wa.send({ bsuid: BSUID }, { text: 'hi' })
  await host.wa.idle()

  assert.equal((await host.wa.messages.get(sent.id))?.status, 'failed')
  assert.equal(host.fake.taken.length, 0)
})

test('a number that WhatsApp spells otherwise is learned from the answer: what they write then belongs to what was sent', async () => {
  await using host = await wireHost('cloud-api')
  host.fake.next(accepted('wamid.OUT1', '5511987654321', '551187654321'))
  await host.wa.send('+5511987654321', { text: 'one' })
  await host.wa.idle()

  await host.comes(from({ from: '551187654321' }, 'two'))
  await host.wa.send('+5511987654321', { text: 'three' })
  await host.wa.send('+551187654321', { text: 'four' })
  await host.wa.idle()

  assert.deepEqual(await people(host), ['+5511987654321 (+551187654321) -: one, two, three, four'])
  assert.deepEqual(
    host.fake.taken.map(({ to }) => to),
    ['551187654321', '551187654321'],
  )
})

test('a number learned from the answer joins those who had written from it before', async () => {
  await using host = await wireHost('cloud-api')
  await host.comes(from({ from: '551187654321' }, 'one'))
  host.fake.next(accepted('wamid.OUT1', '5511987654321', '551187654321'))

  const sent = await host.wa.send('+5511987654321', { text: 'two' })
  await host.wa.idle()
  await host.comes(statusBody({ id: 'wamid.OUT1', status: 'delivered', recipient_id: '551187654321', timestamp: '1795150000' }))

  assert.deepEqual(await people(host), ['+5511987654321 (+551187654321) -: one, two'])
  assert.equal((await host.wa.messages.get(sent.id))?.status, 'delivered')
})

test('the id of a conversation that was joined to another one goes on finding it', async () => {
  await using host = await wireHost('cloud-api')
  const get = (path: string) => request(host.app).get(`/wa/api${path}`).set('Host', 'localhost').expect(200)
  await host.comes(from({ from: PHONE }, 'one'))
  await host.comes(from({ from_user_id: BSUID }, 'two'))
  const ids = ((await get('/conversations')).body.items as { id: string }[]).map(({ id }) => id).sort()
  assert.equal(ids.length, 2)

  await host.comes(from({ from: PHONE, from_user_id: BSUID }, 'three'))

  const found = await Promise.all(ids.map(async (id) => (await get(`/conversations/${id}`)).body.id))
  assert.equal(new Set(found).size, 1)
  for (const id of ids) assert.equal((await get(`/conversations/${id}/messages`)).body.items.length, 3)
  for (const id of ids) await host.engine.setMode(id, id === found[0] ? 'bot' : 'person', { id: 'u1', name: 'Meera' })
  assert.equal((await get(`/conversations/${found[0]}`)).body.mode, 'person', 'the last of them is the one that went')
})

test('the next owner of a number that was only another spelling is nobody we know', async () => {
  await using host = await wireHost('cloud-api')
  await host.comes(from({ from: '5511987654321', from_user_id: 'BR.1' }, 'one'))
  await host.comes(from({ from: '551187654321', from_user_id: 'BR.1' }, 'two'))
  await host.knex('wa_contacts').update({ phone: '+5511987654321', wa_phone: '+551187654321' })

  await host.comes(from({ from: '5511987654321', from_user_id: 'BR.2' }, 'a stranger'))

  assert.deepEqual(await people(host), ['+551187654321 BR.1: one, two', '+5511987654321 BR.2: a stranger'])
})

test('a recipient that is none is refused at the call, with what was meant', async () => {
  await using host = await wireHost('cloud-api')
  for (const to of [
    { bsuid: 'garbage' },
    { bsuid: `IN.${'x'.repeat(200)}` },
    { bsuid: ' ' },
    { phone: 'IN.7Qx2Test' },
    'IN.7Qx2Test',
    { externalId: '' },
    {},
    null,
    7,
  ]) {
    await assert.rejects(host.wa.send(to as never, { text: 'hi' }), { code: 'WA_PHONE_INVALID' }, JSON.stringify(to))
  }
  assert.equal((await host.knex('wa_contacts')).length, 0)
})

test('a name of the host’s own belongs to one customer, and has to fit', async () => {
  await using host = await wireHost('cloud-api')
  await host.wa.contacts.set(`+${PHONE}`, { externalId: 'crm-1' })
  await host.wa.contacts.set(`+${PHONE}`, { externalId: 'crm-1' })

  await assert.rejects(host.wa.contacts.set('+919800000009', { externalId: 'crm-1' }), { code: 'WA_REQUEST_INVALID', message: /crm-1.*belongs to contact/ })
  await assert.rejects(host.wa.contacts.set(`+${PHONE}`, { externalId: 'x'.repeat(191) }), { code: 'WA_REQUEST_INVALID' })
  await assert.rejects(host.wa.contacts.set(`+${PHONE}`, { language: 'x'.repeat(17) }), { code: 'WA_REQUEST_INVALID' })
})

test('news of a number is a system event, opens no window and advances no talk', async () => {
  await using host = await wireHost('cloud-api')
  await host.comes(system({ from: PHONE }, { type: 'user_changed_number', body: 'moved', wa_id: '919800000009' }))

  assert.deepEqual(ownNames(host.heard), ['system'])
  assert.deepEqual(await host.knex('wa_conversations').pluck('last_inbound_at'), [null])
  assert.equal(engineOf(host.wa).door.refused, 0)
})
