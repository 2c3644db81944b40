import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HEARD_AS } from '../../lib/model/event'
import { cloudApi } from '../../lib/providers/cloud-api'
import { exotel } from '../../lib/providers/exotel'
import { simulator } from '../../lib/providers/simulator'
import { bytesOf, type Case, casesOf } from './fixtures'

const NO_ENV = {}
const PROVIDERS = {
  exotel: exotel({}, NO_ENV),
  'cloud-api': cloudApi({ phoneNumberId: '100000000000001' }, NO_ENV),
} as const

for (const name of ['exotel', 'cloud-api'] as const) {
  for (const { file, cases } of casesOf(name)) {
    describe(`${name} ${file}`, () => {
      for (const one of cases) test(one.name, () => saysWhatIsExpected(one, PROVIDERS[name].parse(bytesOf(one))))
    })
  }
}

/** What a customer's message can be, and what becomes of ours. */
const EVERY = [...Object.keys(HEARD_AS), 'status']
for (const name of ['exotel', 'cloud-api'] as const) {
  test(`${name}: every kind of event has a file of its own, and no other kind stands in it`, () => {
    const files = new Map(casesOf(name).map(({ file, cases }) => [file.replace('.json', '').replace('-', '_'), cases]))
    for (const kind of EVERY) {
      const found = files.get(kind)?.flatMap(({ expect }) => expect.map((event) => (event.kind === 'message' ? event.type : event.kind))) ?? []
      assert.ok(found.includes(kind), `no case of ${kind}`)
      // A report that says nothing of its fate is none.
      assert.deepEqual(
        found.filter((one) => one !== kind && !(kind === 'status' && one === 'unrecognised')),
        [],
        kind,
      )
    }
  })
}

function saysWhatIsExpected({ expect }: Case, found: readonly object[]): void {
  const named = found.map((event, index) => only(Object.keys(expect[index] ?? {}), event))

  assert.equal(found.length, expect.length, JSON.stringify(found))
  assert.deepEqual(named, expect)
}

/** A field that is absent reads as null would in JSON. */
const only = (keys: readonly string[], event: object): object => Object.fromEntries(keys.map((key) => [key, (event as Record<string, unknown>)[key]]))

const item = (id: string, more: object = {}): object => ({ from: '919800000001', id, timestamp: '1795150000', type: 'text', text: { body: id }, ...more })
const metaBody = (messages: unknown[], phoneNumberId = '1'): Buffer =>
  Buffer.from(JSON.stringify({ entry: [{ changes: [{ field: 'messages', value: { metadata: { phone_number_id: phoneNumberId }, messages } }] }] }))

test('raw is the item as it came, with the fields we do not know', () => {
  const message = item('wamid.1', { novelty: { a: [1] } })

  const [event] = cloudApi({}, NO_ENV).parse(metaBody([message]))

  assert.deepEqual(JSON.parse(event?.raw ?? ''), message)
})

test('a body that is no JSON is kept as its text, without what a database refuses', () => {
  const [event] = exotel({}, NO_ENV).parse(Buffer.from('hello\u0000 \ufffd'))

  assert.equal(event?.raw, 'hello\ufffd \ufffd')
})

test('half a surrogate pair is replaced in every text of a message', () => {
  const body = '{"from":"+919800000001","type":"interactive","profile_name":"\\ud83d","interactive":{"button_reply":{"id":"a\\ud800","title":"\\udc00b"}}}'

  const [event] = exotel({}, NO_ENV).parse(Buffer.from(body))

  assert.ok(event?.kind === 'message')
  assert.deepEqual(event.reply, { id: 'a\ufffd', title: '\ufffdb', via: 'button' })
  assert.equal(event.who.name, '\ufffd')
})

test('without a configured number, messages to any number are taken', () => {
  const [event] = cloudApi({}, NO_ENV).parse(metaBody([item('wamid.1')], '999'))

  assert.equal(event?.kind, 'message')
})

test('an item nested 100 levels deep is kept as the text of the body, and its neighbours are read', () => {
  const deep = `${'['.repeat(100)}${']'.repeat(100)}`
  const text = metaBody([item('wamid.1'), item('wamid.2', { x: 'HERE' }), item('wamid.3', { x: 'HERE' }), item('wamid.4')])
    .toString()
    .replaceAll('"HERE"', deep)

  const found = cloudApi({}, NO_ENV).parse(Buffer.from(text))

  assert.deepEqual(
    found.map((event) => event.kind),
    ['message', 'unrecognised', 'message'],
  )
  assert.equal(found[1]?.raw, text)
})

for (const provider of [exotel({}, NO_ENV), cloudApi({}, NO_ENV), simulator()]) {
  test(`${provider.name}: 5,000 opened brackets are unrecognised, not an overflow`, () => {
    const bodies = [
      `${'['.repeat(5000)}${']'.repeat(5000)}`,
      `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
      `{"entry":${'['.repeat(5000)}${']'.repeat(5000)}}`,
      `{"whatsapp":{"messages":[${'['.repeat(5000)}${']'.repeat(5000)}]}}`,
    ]
    for (const text of bodies) {
      const found = provider.parse(Buffer.from(text))

      assert.deepEqual(
        found.map((event) => [event.kind, event.raw]),
        [['unrecognised', text]],
      )
    }
  })
}

test('the answers of a form nested deeper than a form can be are left to raw', () => {
  const response_json = `{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`
  const form = item('wamid.1', { type: 'interactive', interactive: { type: 'nfm_reply', nfm_reply: { name: 'flow', response_json } } })

  const [event] = cloudApi({}, NO_ENV).parse(metaBody([form]))

  assert.ok(event?.kind === 'message')
  assert.deepEqual(event.form, { name: 'flow', response: null })
})

test('a body of 2.9 MB with 1,000 messages gives 1,000 events', () => {
  const messages = Array.from({ length: 1000 }, (_, index) => item(`wamid.${index}`, { filler: 'x'.repeat(2800) }))
  const body = metaBody(messages)
  assert.ok(body.length > 2_900_000)

  assert.equal(cloudApi({}, NO_ENV).parse(body).length, 1000)
})

test('an id longer than any real one is no id, and a reply id longer than WhatsApp allows is no reply', () => {
  const long = item('x'.repeat(2000))
  const reply = item('wamid.1', { type: 'interactive', interactive: { button_reply: { id: 'x'.repeat(257), title: 'A' } } })

  const [first, second] = cloudApi({}, NO_ENV).parse(metaBody([long, reply]))

  assert.ok(first?.kind === 'message' && second?.kind === 'message')
  assert.equal(first.providerId, null)
  assert.equal(second.type, 'unsupported')
})

test('a __proto__ in a body changes no object', () => {
  const body = '{"whatsapp":{"messages":[{"__proto__":{"content":{"type":"text"},"polluted":1},"constructor":{"prototype":{"polluted":1}}}]}}'

  const [event] = exotel({}, NO_ENV).parse(Buffer.from(body))

  assert.equal(event?.kind, 'unrecognised')
  assert.equal(({} as Record<string, unknown>).polluted, undefined)
})

test('the simulator reads both wires under its own name', () => {
  const flat = simulator().parse(
    Buffer.from('{"from":"+919876543210","type":"interactive","interactive":{"type":"button_reply","button_reply":{"id":"rating_great","title":"Great!"}}}'),
  )
  const report = simulator().parse(Buffer.from('{"whatsapp":{"messages":[{"callback_type":"dlr","sid":"S1","exo_status_code":30002}]}}'))
  const meta = simulator().parse(metaBody([item('wamid.1')]))

  assert.ok(flat[0]?.kind === 'message')
  assert.equal(flat[0].reply?.id, 'rating_great')
  assert.equal(report[0]?.dedupe, 'simulator:status:S1:30002')
  assert.equal(meta[0]?.dedupe, 'simulator:message:wamid.1')
})
