import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Incoming } from '../../lib/model/event'
import { cloudApi } from '../../lib/providers/cloud-api'
import { exotel } from '../../lib/providers/exotel'
import { simulator } from '../../lib/providers/simulator'
import { damaged, mutated, randomFrom } from '../support/mutate'
import { bytesOf, casesOf } from './fixtures'

const BODIES = 2000
/** Set WA_TEST_SEED to repeat a run. */
const SEED = Number(process.env.WA_TEST_SEED ?? 20261124)

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
