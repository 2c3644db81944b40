import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Incoming } from '../../lib/model/event'
import { cloudApi } from '../../lib/providers/cloud-api'
import { exotel } from '../../lib/providers/exotel'
import { simulator } from '../../lib/providers/simulator'
import { seedOf } from '../reliability/rig/random'
import { damaged, mutated, randomFrom } from '../support/mutate'
import { bytesOf, casesOf } from './fixtures'

const BODIES = 2000
/** The seed of this run; WA_TEST_SEED repeats one. */
const SEED = seedOf()

const casesFrom = (wire: 'exotel' | 'cloud-api') => casesOf(wire).flatMap(({ cases }) => cases)
const [EXOTEL, META] = [casesFrom('exotel'), casesFrom('cloud-api')]

for (const [provider, ours, theirs] of [
  [exotel({}, {}), EXOTEL, META],
  [cloudApi({ phoneNumberId: '100000000000001' }, {}), META, EXOTEL],
  [simulator(), EXOTEL, META],
] as const) {
  test(`${provider.name}: ${BODIES} broken bodies each come back as events, none throws (seed ${SEED})`, (t) => {
    const random = randomFrom(SEED)
    let read = 0
    for (let turn = 0; turn < BODIES; turn += 1) {
      const from = random(10) === 0 ? theirs : ours
      const original = from[random(from.length)]
      assert.ok(original)
      const bytes = original.text === undefined ? Buffer.from(JSON.stringify(mutated(original.body, random)) ?? '') : bytesOf(original)
      const body = random(3) === 0 ? damaged(bytes, random) : bytes

      const found = provider.parse(body)

      assert.ok(found.length > 0, `nothing came back of ${body.toString()}`)
      if (found.some(({ kind }) => kind !== 'unrecognised')) read += 1
      for (const event of found) assert.doesNotThrow(() => isWhole(event), body.toString())
    }
    t.diagnostic(`WA_TEST_SEED=${SEED}: ${read} of ${BODIES} were read`)
    assert.ok(read > BODIES / 5, `only ${read} of ${BODIES} bodies were read as something: the breaking is too hard to test what reads them`)
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
