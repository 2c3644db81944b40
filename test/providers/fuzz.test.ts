import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Incoming } from '../../lib/model/event'
import { cloudApi } from '../../lib/providers/cloud-api'
import { exotel } from '../../lib/providers/exotel'
import { simulator } from '../../lib/providers/simulator'
import { bytesOf, casesOf } from './fixtures'

const BODIES = 2000
/** Set WA_TEST_SEED to repeat a run. */
const SEED = Number(process.env.WA_TEST_SEED ?? 20261124)

/** mulberry32: small, seeded, good enough to break things. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
type Random = ReturnType<typeof randomFrom>

const NASTY: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '🙂'.repeat(300),
  'x'.repeat(5000),
  [],
  {},
  [[]],
  [null],
  '__proto__',
  'constructor',
  '2026-13-45T99:99:99Z',
  '99999999999999999999',
  { __proto__: null, length: 3 },
]
const KEYS = ['__proto__', 'constructor', 'toString', 'length', 'type', 'from', 'id', 'sid', 'status', 'content', 'entry', 'whatsapp']

/** The body with some of its values replaced, removed, doubled or renamed. */
function mutated(value: unknown, random: Random): unknown {
  if (random(12) === 0) return NASTY[random(NASTY.length)]
  if (Array.isArray(value)) {
    const items = value.map((item) => mutated(item, random))
    return random(8) === 0 ? [...items, ...items] : items
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    const fate = random(40)
    if (fate === 0) return []
    return [[fate === 1 ? (KEYS[random(KEYS.length)] ?? key) : key, mutated(inner, random)]]
  })
  return Object.fromEntries(entries)
}

/** The bytes with some of them changed, or the end missing. */
function damaged(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes)
  for (let times = random(4); times > 0 && copy.length > 0; times -= 1) copy[random(copy.length)] = random(256)
  return random(5) === 0 ? copy.subarray(0, random(copy.length + 1)) : copy
}

const CASES = [...casesOf('exotel'), ...casesOf('cloud-api')].flatMap(({ cases }) => cases)

for (const provider of [exotel({}, {}), cloudApi({ phoneNumberId: '100000000000001' }, {}), simulator()]) {
  test(`${provider.name}: ${BODIES} broken bodies each come back as events, none throws (seed ${SEED})`, () => {
    const random = randomFrom(SEED)
    for (let turn = 0; turn < BODIES; turn += 1) {
      const original = CASES[random(CASES.length)]
      assert.ok(original)
      const bytes = original.text === undefined ? Buffer.from(JSON.stringify(mutated(original.body, random)) ?? '') : bytesOf(original)
      const body = random(3) === 0 ? damaged(bytes, random) : bytes

      const found = provider.parse(body)

      assert.ok(found.length > 0, `nothing came back of ${body.toString()}`)
      for (const event of found) assert.doesNotThrow(() => isWhole(event), body.toString())
    }
  })
}

/** What the rest of the system may rely on. */
function isWhole(event: Incoming): void {
  assert.equal(typeof event.raw, 'string')
  assert.ok(event.at === null || Number.isSafeInteger(event.at))
  if (event.kind === 'unrecognised') {
    assert.ok(event.what !== '' && [...event.what].length <= 190)
    return
  }
  assert.match(event.who.phone ?? '+91', /^\+[1-9]\d{1,14}$/)
  assert.match(event.who.bsuid ?? 'IN.1', /^[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]+$/)
  if (event.kind === 'status') {
    assert.ok(event.providerId !== '' && (event.status === 'failed') === (event.error !== null))
    return
  }
  assert.ok(event.who.phone !== null || event.who.bsuid !== null)
  assert.ok(event.reply === undefined || (event.reply.id !== '' && event.reply.id.length <= 256))
  const texts = JSON.stringify({ ...event, raw: '' })
  assert.ok(!texts.includes('\\u0000') && !/\\ud[89a-f]/i.test(texts), 'text that a database refuses')
}
