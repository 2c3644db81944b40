import assert from 'node:assert/strict'
import { test } from 'node:test'
import { climbs, type Status } from '../../lib/model/message'
import type { Knock, Parcel, Provider } from '../../lib/providers/provider'
import { providerKey } from '../../lib/store/messages'
import { releaseParked } from '../../lib/store/queue'
import { statusBody } from '../fakes/fake-cloud-api'
import { engines } from '../support/databases'
import { engineOf, ownNames, providerFor, wireHost } from '../support/wire-host'

const AT = '1795150000'
const NAMES = ['accepted', 'sent', 'delivered', 'read', 'played', 'failed', 'uncertain', 'expired', 'canceled', 'queued', 'sending'] as const
/** Where a message stands, and to which words of the provider it moves from there; it stays where it is for all others. */
const MOVES: Record<Status, readonly Status[]> = {
  queued: ['sending', 'accepted', 'sent', 'delivered', 'read', 'played', 'failed'],
  sending: ['accepted', 'sent', 'delivered', 'read', 'played', 'failed'],
  accepted: ['sent', 'delivered', 'read', 'played', 'failed'],
  sent: ['delivered', 'read', 'played', 'failed'],
  delivered: ['read', 'played'],
  read: ['played'],
  played: [],
  failed: ['delivered', 'read', 'played'],
  uncertain: ['accepted', 'sent', 'delivered', 'read', 'played', 'failed'],
  expired: ['accepted', 'sent', 'delivered', 'read', 'played'],
  canceled: ['accepted', 'sent', 'delivered', 'read', 'played'],
}
for (const from of NAMES) {
  test(`${from} moves to ${MOVES[from].join(', ') || 'nothing'}`, () => {
    const words = ['queued', 'sending', 'accepted', 'sent', 'delivered', 'read', 'played', 'failed'] as const
    assert.deepEqual(
      words.filter((to) => climbs(from, to)),
      MOVES[from],
    )
  })
}

/** Statuses that arrive in any order, and where the message stands in the end. */
const SETS: [words: readonly string[], end: Status][] = [
  [['sent', 'delivered', 'read', 'played'], 'played'],
  [['sent', 'delivered', 'read', 'failed'], 'read'],
  [['sent', 'sent', 'failed', 'failed'], 'failed'],
  [['failed', 'delivered', 'delivered', 'sent'], 'delivered'],
]
for (const engine of engines()) {
  for (const [words, end] of SETS) {
    test(`${engine.name}: ${words.join(', ')} in all 24 orders, side by side, end as ${end}`, { skip: engine.skip }, async () => {
      const database = await engine.open()
      await using host = await wireHost('cloud-api', { database: database.url })
      const orders = permutations(words)
      const sent = await Promise.all(orders.map((_, index) => host.wa.send(`+9198000000${String(index).padStart(2, '0')}`, { text: String(index) })))
      await host.wa.idle()
      const idOf = new Map(host.fake.taken.map(({ id, content }) => [(content as { text: { body: string } }).text.body, id]))
      const status = (index: number, word: string) => ({
        id: idOf.get(String(index)) ?? '',
        status: word,
        timestamp: AT,
        recipient_id: `91980000${index}`,
        ...(word === 'failed' ? { errors: [{ code: 131026 }] } : {}),
      })

      // Every second message gets its statuses in one body, the others one after the other.
      await Promise.all(
        orders.map(async (order, index) => {
          if (index % 2 === 0) await host.post(statusBody(...order.map((word) => status(index, word)))).expect(200)
          else for (const word of order) await host.post(statusBody(status(index, word))).expect(200)
        }),
      )
      await host.wa.idle()

      const ends = await Promise.all(sent.map(async ({ id }) => (await host.wa.messages.get(id))?.status))
      assert.deepEqual(
        ends,
        orders.map(() => end),
      )
      const times = ((await host.knex('wa_message_history').select('message_id', 'status')) as { message_id: unknown; status: string }[]).map(
        (row) => `${row.message_id} ${row.status}`,
      )
      assert.equal(new Set(times).size, times.length, 'no state was entered twice')
    })
  }
}

const permutations = (words: readonly string[]): string[][] =>
  words.length === 0 ? [[]] : words.flatMap((word, index) => permutations(words.filter((_, other) => other !== index)).map((rest) => [word, ...rest]))

/** A provider whose status callbacks are faster than its answer. */
async function hasty(statusOf: (parcel: Parcel) => object) {
  let knock: ((knock: Knock) => Promise<unknown>) | undefined
  const meta = providerFor('cloud-api', 'http://127.0.0.1:9')
  const provider: Provider = {
    ...meta,
    verify: () => ({ ok: true }),
    start: (ground) => {
      knock = ground.knock
    },
    async send(parcel) {
      const body = Buffer.from(statusBody({ id: 'wamid.OUT1', status: 'delivered', timestamp: AT, recipient_id: '919800000001', ...statusOf(parcel) }))
      await knock?.({ method: 'POST', headers: {}, query: new URLSearchParams(), body })
      // Long enough for the inbox to look for the message, and not to find it.
      await new Promise((resolve) => setTimeout(resolve, 60))
      return { outcome: 'accepted', providerId: 'wamid.OUT1' }
    },
  }
  return wireHost('cloud-api', { provider })
}

for (const [says, statusOf] of [
  ['with our correlation word', ({ ref }: Parcel) => ({ biz_opaque_callback_data: ref })],
  ['without it', () => ({})],
  ['with the word of somebody else', () => ({ biz_opaque_callback_data: 'x'.repeat(22) })],
] as const) {
  test(`a status that comes before the answer to the send, ${says}, is applied once the id is known`, async () => {
    await using host = await hasty(statusOf)

    const sent = await host.wa.send('+919800000001', { text: 'hi' })
    await host.wa.idle()

    assert.equal((await host.wa.messages.get(sent.id))?.status, 'delivered')
    assert.deepEqual(await host.knex('wa_messages').pluck('provider_id'), ['wamid.OUT1'])
    assert.deepEqual(ownNames(host.heard), ['status'])
  })
}

test('a status whose message becomes known in the moment in which it is laid aside is applied all the same', async () => {
  await using host = await wireHost('cloud-api')
  const sent = await host.wa.send('+919800000001', { text: 'hi' })
  await host.wa.idle()
  await host.knex('wa_messages').update({ provider_id: null, provider_key: null })
  // After the inbox looked for the message and before it lays the status aside: what the outbox does when the answer comes now.
  host.wa.observe(
    'status',
    () =>
      void host.knex.transaction(async (trx) => {
        await trx('wa_messages').update({ provider_id: 'wamid.OUT1', provider_key: providerKey('default', 'wamid.OUT1') })
        await releaseParked(trx, Number(sent.id), providerKey('default', 'wamid.OUT1'), Date.now())
      }),
  )

  await host.comes(statusBody({ id: 'wamid.OUT1', status: 'read', timestamp: AT, recipient_id: '919800000001' }))
  await host.wa.idle()

  assert.equal((await host.wa.messages.get(sent.id))?.status, 'read')
})

test('statuses of messages that are not ours are kept, heard by nobody, and in nobody’s way', async () => {
  await using host = await wireHost('cloud-api')

  await host.comes(
    statusBody({ id: 'wamid.somebody-else', status: 'read', timestamp: AT, recipient_id: '919800000001' }, { id: 'wamid.x', status: 'deleted', timestamp: AT }),
  )

  assert.deepEqual(ownNames(host.heard), [])
  assert.deepEqual(await host.knex('wa_events').orderBy('id').pluck('state'), ['done', 'unrecognised'])
})

test('the correlation word of a message of one number says nothing at the door of another', async () => {
  const { provider: _one, ...rest } = { provider: null }
  await using host = await wireHost('cloud-api', {
    ...rest,
    provider: undefined,
    numbers: { shop: providerFor('cloud-api', 'http://127.0.0.1:9'), care: providerFor('exotel', 'http://127.0.0.1:9') },
  } as never)
  const sent = await host.wa.send('+919800000001', { text: 'hi' }, { from: 'shop' })
  const { ref } = (await host.knex('wa_messages').first('ref')) as { ref: string }

  await host
    .post(
      JSON.stringify({ whatsapp: { messages: [{ callback_type: 'dlr', sid: 'S1', exo_status_code: 30003, custom_data: ref }] } }),
      '/wa/webhook/care?token=a-long-webhook-token',
    )
    .expect(200)
  await engineOf(host.wa).settle()

  assert.notEqual((await host.wa.messages.get(sent.id))?.status, 'read')
})

test('a failure of the whole account is told to whoever reads the log; one of a customer is not', async () => {
  const lines: string[] = []
  const at = (level: string) => (o: object, msg: string) => void lines.push(`${level} ${msg} ${JSON.stringify(o)}`)
  await using host = await wireHost('cloud-api', { logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } })
  const failures = [131042, 131026, 131049]
  for (const code of failures) await host.wa.send(`+9198000${code}`, { text: `${code}` })
  await host.wa.idle()

  await host.comes(statusBody(...host.fake.taken.map(({ id }, index) => ({ id, status: 'failed', timestamp: AT, errors: [{ code: failures[index] }] }))))

  assert.deepEqual(
    lines.filter((line) => line.startsWith('error')),
    ['error the provider reports a failure of the whole account {"number":"default","message":1,"reason":"The payment of the account is not in order"}'],
  )
})

test('what is said of a first copy that failed fails no second one, which a person sent', async () => {
  await using host = await wireHost('cloud-api')
  const sent = await host.wa.send('+919800000001', { text: 'hi' })
  await host.wa.idle()
  const [first] = host.fake.taken
  const failure = (code: number) =>
    statusBody({
      id: first?.id ?? '',
      status: 'failed',
      timestamp: AT,
      recipient_id: `91980000000${code}`,
      biz_opaque_callback_data: first?.ref ?? '',
      errors: [{ code }],
    })
  await host.comes(failure(1))
  host.fake.next({ status: 503, body: { error: { code: 2 } } })
  await host.engine.decideMessage(sent.id, 'retry', { id: 'u1', name: 'Meera' })
  await host.engine.settle()

  await host.comes(failure(2))
  const waiting = (await host.wa.messages.get(sent.id))?.status
  await host.wa.idle()
  await host.comes(failure(3))

  assert.equal(waiting, 'queued')
  assert.equal((await host.wa.messages.get(sent.id))?.status, 'accepted')
  assert.equal(host.heard.filter(({ as }) => as === 'status').length, 1)
  await host.comes(
    statusBody({ id: first?.id ?? '', status: 'delivered', timestamp: AT, recipient_id: '919800000001', biz_opaque_callback_data: first?.ref ?? '' }),
  )
  assert.equal((await host.wa.messages.get(sent.id))?.status, 'delivered', 'good news of either copy is good news')
})

test('a failure after the answer fails the message with the words of a person; a delivery proves it wrong', async () => {
  await using host = await wireHost('cloud-api')
  const sent = await host.wa.send('+919800000001', { text: 'hi' }, { meta: { order: '41' } })
  await host.wa.idle()
  const id = host.fake.taken[0]?.id ?? ''

  await host.comes(
    statusBody({ id, status: 'failed', timestamp: AT, recipient_id: '919800000001', errors: [{ code: 131047, title: 'Re-engagement message' }] }),
  )
  const failed = host.heard.find(({ as }) => as === 'status')?.given.message as { error: { code: number; title: string; advice: string }; meta: object }
  const first = (await host.wa.messages.get(sent.id))?.status
  await host.comes(statusBody({ id, status: 'delivered', timestamp: AT, recipient_id: '919800000001' }))

  assert.equal(first, 'failed')
  assert.deepEqual([failed.error.code, failed.error.title, failed.meta], [131047, 'The 24-hour window is closed', { order: '41' }])
  assert.match(failed.error.advice, /approved template/)
  assert.equal((await host.wa.messages.get(sent.id))?.status, 'delivered')
  assert.deepEqual(await host.knex('wa_messages').pluck('error'), [null])
})
