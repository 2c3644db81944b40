import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Logger } from '../../lib/log'
import { buttons } from '../../lib/model/builders'
import { createPace } from '../../lib/outbox/pace'
import { messageById } from '../../lib/store/messages'
import { accepted, failed, fakeCloudApi } from '../fakes/fake-cloud-api'
import { acceptedWithFailedItem, refused, tooManyRequests } from '../fakes/fake-exotel'
import type { Act } from '../fakes/fake-server'
import { providerFor, type Wire, wireHost } from '../support/wire-host'

const ASHA = '+919800000001'
const RAVI = '+919800000002'

/** A host whose clock can be moved on. */
async function clocked<W extends Wire>(wire: W, options: object = {}) {
  let ahead = 0
  const host = await wireHost(wire, { now: () => new Date(Date.now() + ahead), ...options })
  return Object.assign(host, {
    async later(ms: number): Promise<void> {
      ahead += ms
      await host.engine.settle()
    },
    async status(id: string): Promise<string | undefined> {
      return (await host.wa.messages.get(id))?.status
    },
    /** Milliseconds until the message is tried again. */
    async waits(id: string): Promise<number> {
      const row = (await host.knex('wa_messages').where({ id }).first('next_at')) as { next_at: number }
      return Number(row.next_at) - (Date.now() + ahead)
    },
  })
}
const HOUR = 3_600_000

/** An answer, how often it is tried when it stays like this for a day, and how the message ends. */
const STAYS: [says: string, wire: Wire, act: Act, calls: number | 'many', end: string][] = [
  ['1, an unknown fault: once more', 'cloud-api', failed(400, 1), 2, 'failed'],
  ['131000, something went wrong: three times more', 'cloud-api', failed(500, 131000), 4, 'failed'],
  ['30011, an unknown fault: once more', 'exotel', acceptedWithFailedItem(30011), 2, 'failed'],
  ['2, overloaded: until the message expires', 'cloud-api', failed(503, 2), 'many', 'expired'],
  ['130429, throughput: until it expires', 'cloud-api', failed(400, 130429), 'many', 'expired'],
  ['131056, the pair: until it expires', 'cloud-api', failed(400, 131056), 'many', 'expired'],
  ['190, the token: until it expires', 'cloud-api', failed(401, 190), 'many', 'expired'],
  ['30007, throughput: until it expires', 'exotel', acceptedWithFailedItem(30007), 'many', 'expired'],
  ['429: until it expires', 'exotel', tooManyRequests(), 'many', 'expired'],
  ['131009, a value: never', 'cloud-api', failed(400, 131009), 1, 'failed'],
  ['131047, the window: never', 'cloud-api', failed(400, 131047), 1, 'failed'],
  ['1002, a value: never', 'exotel', refused(400, 1002), 1, 'failed'],
  ['500 without a word: never, it may have arrived', 'exotel', { status: 500, body: 'oops' }, 1, 'uncertain'],
  ['a connection that breaks: never, it may have arrived', 'cloud-api', 'drop', 1, 'uncertain'],
  ['200 without an id: never, it may have arrived', 'cloud-api', { status: 200, body: {} }, 1, 'uncertain'],
]
for (const [says, wire, act, calls, end] of STAYS) {
  test(`${wire}: ${says}`, async () => {
    await using host = await clocked(wire)
    host.fake.usual(act)

    const sent = await host.wa.send(ASHA, { text: 'hi' })
    await host.engine.settle()
    for (let hour = 0; hour < 26; hour += 2) await host.later(2 * HOUR)

    assert.equal(await host.status(sent.id), end)
    if (calls === 'many') assert.ok(host.fake.requests.length > 5, `${host.fake.requests.length} calls`)
    else assert.equal(host.fake.requests.length, calls)
  })
}

test('"retry once" counts the answers that say so: refused connections before it are no tries', async () => {
  await using host = await clocked('cloud-api')
  host.fake.next(failed(503, 2), failed(503, 2), failed(503, 2), failed(400, 1))

  const sent = await host.wa.send(ASHA, { text: 'hi' })
  await host.engine.settle()
  for (let minute = 0; minute < 4; minute++) await host.later(300_000)

  assert.equal(await host.status(sent.id), 'accepted')
  assert.equal(host.fake.requests.length, 5)
})

test('the pair limit holds this customer for 1, 4, 16 … seconds; others are sent to meanwhile, and the order of the talk stays', async () => {
  await using host = await clocked('cloud-api')
  host.fake.next(failed(400, 131056))
  const first = await host.wa.send(ASHA, { text: 'one' })
  await host.engine.settle()
  const waits = [await host.waits(first.id)]

  const second = await host.wa.send(ASHA, { text: 'two' })
  const other = await host.wa.send(RAVI, { text: 'hi' })
  await host.engine.settle()
  const meanwhile = [await host.status(first.id), await host.status(second.id), await host.status(other.id)]
  for (const _ of [0, 1]) {
    host.fake.next(failed(400, 131056))
    await host.later(waits.at(-1) ?? 0)
    waits.push(await host.waits(first.id))
  }
  await host.later(17_000)
  await host.engine.settle()

  assert.deepEqual(meanwhile, ['queued', 'queued', 'accepted'])
  assert.deepEqual(
    waits.map((ms) => Math.round(ms / 1000)),
    [1, 4, 16],
  )
  assert.deepEqual([await host.status(first.id), await host.status(second.id)], ['accepted', 'accepted'])
  const texts = host.fake.taken.map(({ content }) => (content.text as { body: string }).body)
  assert.deepEqual(texts, ['hi', 'one', 'two'])
})

test('credentials that are refused: of a hundred messages one asks, all stay queued, somebody is told, and they leave once it is put right', async () => {
  const told: { level: string; o: Record<string, unknown>; msg: string }[] = []
  const at = (level: string) => (o: object, msg: string) => void told.push({ level, o: o as Record<string, unknown>, msg })
  const logger: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  await using host = await clocked('cloud-api', { logger })
  host.fake.usual(failed(401, 190))
  const sent = await Promise.all(Array.from({ length: 100 }, (_, index) => host.wa.send(`+9198000000${String(index).padStart(2, '0')}`, { text: 'hi' })))

  await host.engine.settle()
  const asked = host.fake.requests.length
  const why = await host.engine.whyHeld('default')
  const states = await Promise.all(sent.map(({ id }) => host.status(id)))
  host.fake.usual(null)
  for (let turn = 0; turn < 8; turn++) await host.later(300_000)

  assert.ok(asked <= 3, `${asked} calls`)
  assert.match(why ?? '', /^Sending is paused\. Ask a developer for a new access token\.$/)
  assert.deepEqual(new Set(states), new Set(['queued']))
  assert.ok(told.some(({ level, msg }) => level === 'error' && /refuses this account/.test(msg)))
  assert.deepEqual(new Set(await Promise.all(sent.map(({ id }) => host.status(id)))), new Set(['accepted']))
  assert.equal(host.fake.taken.length, 100)
})

test('a hold of one number leaves the other free', async () => {
  const [support, sales] = [await fakeCloudApi(), await fakeCloudApi()]
  const numbers = { support: providerFor('cloud-api', support.url), sales: providerFor('cloud-api', sales.url) }
  await using host = await clocked('cloud-api', { provider: undefined, numbers })
  support.usual(failed(400, 80007))
  const refused = await host.engine.send({ to: { phone: ASHA }, what: { message: { type: 'text', text: 'hi' } }, number: 'support' })
  await host.engine.settle()

  const held = await host.engine.send({ to: { phone: RAVI }, what: { message: { type: 'text', text: 'hi' } }, number: 'support' })
  const free = await host.engine.send({ to: { phone: RAVI }, what: { message: { type: 'text', text: 'hi' } }, number: 'sales' })
  await host.engine.settle()

  assert.deepEqual([await host.status(refused.id), await host.status(held.id), await host.status(free.id)], ['queued', 'queued', 'accepted'])
  assert.deepEqual([support.requests.length, sales.requests.length], [1, 1])
  assert.notEqual(await host.engine.whyHeld('support'), null)
  assert.equal(await host.engine.whyHeld('sales'), null)
  await support.close()
  await sales.close()
})

test('429 waits as long as it is told to', async () => {
  await using host = await clocked('exotel')
  host.fake.next(tooManyRequests('90'))
  const sent = await host.wa.send(ASHA, { text: 'hi' })
  await host.engine.settle()

  assert.equal(Math.round((await host.waits(sent.id)) / 1000), 90)
  await host.later(89_000)
  assert.equal(host.fake.requests.length, 1)
  await host.later(1500)
  assert.equal(await host.status(sent.id), 'accepted')
})

test('waits grow and are drawn at random, and none is longer than five minutes', async () => {
  await using host = await clocked('cloud-api')
  host.fake.usual(failed(503, 2))
  const sent = await Promise.all(Array.from({ length: 20 }, (_, index) => host.wa.send(`+9198000000${String(index).padStart(2, '0')}`, { text: 'hi' })))
  await host.engine.settle()
  const early = await Promise.all(sent.map(({ id }) => host.waits(id)))
  for (let turn = 0; turn < 12; turn++) await host.later(300_000)
  const late = await Promise.all(sent.map(({ id }) => host.waits(id)))

  assert.ok(Math.max(...early) <= 8000, String(early))
  assert.ok(Math.max(...late) <= 300_000 && Math.max(...late) > 60_000, String(late))
  assert.ok(new Set(late.map(Math.round)).size > 10, 'not all at the same moment')
})

test('requests of a number are never more within any second than it may send', async () => {
  const windows = await Promise.all(
    [5, 0.5, 2.5, 80].map(async (perSecond) => {
      const pace = createPace(new Map([['default', perSecond]]), Date.now)
      pace.proved('default')
      const places = pace.places.get('default')
      places?.grant(places.most, Number.POSITIVE_INFINITY)
      const left: number[] = []
      const signal = AbortSignal.timeout(1500)
      // What has to wait longer than the test is told so, and does not leave.
      await Promise.all(
        Array.from({ length: 200 }, async () => {
          const place = await pace.turn('default', signal, 60_000)
          if (place) left.push(performance.now())
          place?.answered()
        }),
      )
      // A tenth of a second is left to the clock of a busy machine.
      return [perSecond, Math.max(...left.map((from) => left.filter((at) => at >= from && at < from + 900).length)), left.length] as const
    }),
  )

  for (const [perSecond, most, left] of windows) {
    assert.ok(most <= Math.max(1, perSecond), `${most} in a second of ${perSecond}`)
    assert.ok(left >= Math.floor(perSecond), `${left} left of ${perSecond} a second`)
  }
})

test('who waits for the first answer of an account is told of its hold and asks nobody', async () => {
  const pace = createPace(new Map([['default', 1000]]), Date.now)
  pace.places.get('default')?.grant(1000, Number.POSITIVE_INFINITY)
  let calls = 0
  const ask = async () => {
    const place = await pace.turn('default', AbortSignal.timeout(1000), 60_000)
    if (place === null) return 'stay'
    calls++
    await new Promise((resolve) => setTimeout(resolve, 10))
    pace.hold('default', Date.now() + 60_000, 'no credit')
    return 'refused'
  }

  const results = await Promise.all(Array.from({ length: 30 }, ask))

  assert.equal(calls, 1)
  assert.equal(results.filter((result) => result === 'stay').length, 29)
  assert.equal(pace.whyHeld('default', Date.now()), 'no credit')
})

test('after the window has closed a menu leaves as the template that it names, with the words of this customer', async () => {
  const components = [{ type: 'body', parameters: [{ type: 'text', text: '{{name}}' }] }]
  const template = { name: 'come_back', language: 'en', components }
  const back = buttons('back', { body: 'Hi {{name}}', buttons: [{ id: 'yes', title: 'Yes' }], template })
  await using host = await clocked('cloud-api', { menus: [back] })
  const timestamp = String(Math.floor(Date.now() / 1000))
  const messages = [{ from: ASHA.slice(1), id: 'wamid.1', timestamp, type: 'text', text: { body: 'hello' } }]
  await host.comes({ entry: [{ changes: [{ field: 'messages', value: { messages } }] }] })
  await host.later(25 * HOUR)

  const { id } = await host.wa.send(ASHA, 'back', { name: 'Asha' })
  await host.engine.settle()

  assert.equal(await host.status(id), 'accepted')
  assert.deepEqual(
    host.fake.taken.map(({ content }) => (content as { template?: unknown }).template),
    [{ name: 'come_back', language: { code: 'en', policy: 'deterministic' }, components: [{ type: 'body', parameters: [{ type: 'text', text: 'Asha' }] }] }],
  )
})

test('a menu whose window closes while it waits leaves as its template, and the log says so; one without a template fails', async () => {
  const template = { name: 'come_back', language: 'en', components: [{ type: 'body', parameters: [{ type: 'text', text: '{{name}}' }] }] }
  const button = [{ id: 'yes', title: 'Yes' }]
  const menus = [buttons('back', { body: 'Hi {{name}}', buttons: button, template }), buttons('bare', { body: 'Hi', buttons: button })]
  await using host = await clocked('cloud-api', { menus, expireAfterMs: 48 * HOUR })
  const timestamp = String(Math.floor(Date.now() / 1000))
  const messages = [{ from: ASHA.slice(1), id: 'wamid.1', timestamp, type: 'text', text: { body: 'hello' } }]
  await host.comes({ entry: [{ changes: [{ field: 'messages', value: { messages } }] }] })
  host.fake.next(failed(400, 131056))
  const first = await host.wa.send(ASHA, 'back', { name: 'Asha' })
  const second = await host.wa.send(ASHA, 'bare')
  await host.engine.settle()
  assert.equal(await host.status(first.id), 'queued')

  await host.later(25 * HOUR)
  await host.engine.settle()

  assert.deepEqual(
    host.fake.taken.map(({ content }) => (content as { template?: { name: string } }).template?.name),
    ['come_back'],
  )
  assert.equal(await host.status(first.id), 'accepted')
  assert.equal(await host.status(second.id), 'failed')
  const shown = await messageById(host.engine.db.write, Number(first.id))
  assert.equal(shown?.type, 'template')
  assert.match(JSON.stringify(shown?.payload), /come_back.*Asha/)
})

test('two hundred messages an hour go to one customer, one more is refused, and the next hour begins anew', async () => {
  await using host = await clocked('cloud-api')
  for (let sent = 0; sent < 200; sent++) await host.wa.send(ASHA, { text: `${sent}` })

  await assert.rejects(
    host.wa.send(ASHA, { text: 'one more' }),
    (error: { code: string; status: number }) => error.code === 'WA_RECIPIENT_LIMIT' && error.status === 429,
  )
  await host.wa.send(RAVI, { text: 'hi' })
  await host.later(HOUR + 1000)
  await host.wa.send(ASHA, { text: 'an hour later' })

  assert.equal((await host.knex('wa_messages')).length, 202)
})

test('a message that waits beside the answer of another keeps the number that WhatsApp gave', async () => {
  await using host = await clocked('cloud-api')
  host.fake.next(accepted('wamid.1'), accepted('wamid.2'))
  const one = await host.wa.send(ASHA, { text: 'one' })
  const two = await host.wa.send(ASHA, { text: 'two' })
  await host.engine.settle()

  assert.deepEqual([await host.status(one.id), await host.status(two.id)], ['accepted', 'accepted'])
  assert.deepEqual(await host.knex('wa_messages').orderBy('id').pluck('provider_id'), ['wamid.1', 'wamid.2'])
})

test('the window: a message leaves 23 h 59 min after the customer’s words, and not a second after 24 h, at the call and when it leaves', async () => {
  await using host = await clocked('cloud-api')
  const words = { text: 'hi' }
  const heardAt = Math.floor(Date.now() / 1000)
  const body = {
    entry: [
      {
        changes: [
          {
            field: 'messages',
            value: { messages: [{ from: ASHA.slice(1), id: 'wamid.1', timestamp: String(heardAt), type: 'text', text: { body: 'hello' } }] },
          },
        ],
      },
    ],
  }
  await host.comes(body)

  await host.later(24 * HOUR - 60_000 - (Date.now() - heardAt * 1000))
  const inTime = await host.wa.send(ASHA, words)
  await host.engine.settle()
  // Held back now, so that it meets the closed window when it leaves.
  host.fake.next(failed(503, 2))
  const late = await host.wa.send(ASHA, words)
  await host.engine.settle()
  await host.later(61_000)

  assert.equal(await host.status(inTime.id), 'accepted')
  assert.equal(await host.status(late.id), 'failed')
  await assert.rejects(host.wa.send(ASHA, words), { code: 'WA_WINDOW_CLOSED' })
  assert.equal(host.fake.taken.length, 1)
})
