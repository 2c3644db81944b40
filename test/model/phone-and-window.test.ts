import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WaError } from '../../lib/errors'
import { maskPhone, phoneOf, showPhone, tryPhone } from '../../lib/model/phone'
import { windowOf } from '../../lib/model/window'

const PHONES: [typed: string, country: string | undefined, phone: string | null][] = [
  ['+919800000001', undefined, '+919800000001'],
  ['+91 98000-00001', undefined, '+919800000001'],
  ['+1 (415) 555.0100', undefined, '+14155550100'],
  ['00919800000001', undefined, '+919800000001'],
  ['+1234567', undefined, '+1234567'],
  ['+123456789012345', undefined, '+123456789012345'],
  ['9800000001', undefined, null],
  ['919800000001', undefined, null],
  ['9800000001', '91', '+919800000001'],
  ['09800000001', '+91', '+919800000001'],
  ['919800000001', '91', '+919800000001'],
  ['9198000001', '91', '+919198000001'],
  ['+14155550100', '91', '+14155550100'],
  ['4155550100', '1', '+14155550100'],
  ['+0123456789', undefined, null],
  ['+123456', undefined, null],
  ['+1234567890123456', undefined, null],
  ['+91 98000 ABCDE', undefined, null],
  ['call me', '91', null],
  ['', '91', null],
  ['+', undefined, null],
  ['IN.7Qx2Test', undefined, null],
]
for (const [typed, country, phone] of PHONES) {
  test(`"${typed}"${country ? ` in country ${country}` : ''} is ${phone ?? 'no phone number'}`, () => {
    assert.equal(tryPhone(typed, country), phone)
    if (phone === null) assert.throws(() => phoneOf(typed, country), { code: 'WA_PHONE_INVALID' })
    else assert.equal(phoneOf(typed, country), phone)
  })
}

test('what is no text is no phone number', () => {
  for (const value of [null, undefined, 919800000001, {}, ['+919800000001']]) {
    assert.equal(tryPhone(value), null)
    assert.throws(() => phoneOf(value as never), { code: 'WA_PHONE_INVALID' })
  }
})

test('an error never shows the whole number', () => {
  for (const typed of ['9876543210', '98765 43210', '+0919876543210', '+91 98765 43210 ext 5', '+9198765432109876543']) {
    assert.throws(
      () => phoneOf(typed),
      (error: WaError) => {
        const said = JSON.stringify([error.message, error.faults]).replaceAll(/[\s()-]/g, '')
        return !said.includes('98765') && !/\d{8}/.test(said.replaceAll('+919800000001', ''))
      },
    )
  }
})

test('a default country that is no calling code is an error of the options', () => {
  assert.throws(() => phoneOf('9800000001', 'IN'), { code: 'WA_OPTION_INVALID' })
})

test('a masked number keeps its first two and last four digits', () => {
  assert.equal(maskPhone('+919876543210'), '+91******3210')
  assert.equal(maskPhone('+14155550100'), '+14*****0100')
  assert.equal(maskPhone('+1234567'), '*****67')
})

test('a number for reading has its country apart', () => {
  assert.equal(showPhone('+919800000001'), '+91 98000 00001')
  assert.equal(showPhone('+14155550100'), '+1 415 555 0100')
  assert.equal(showPhone('+4915112345678'), '+49 1511 2345 678')
  assert.equal(showPhone('+971501234567'), '+971 5012 3456 7')
  assert.equal(showPhone(maskPhone('+919876543210')), '+91 ***** *3210')
  assert.equal(showPhone('IN.7Qx'), 'IN.7Qx')
})

const AT = Date.parse('2026-10-05T09:00:00Z')
const HOUR = 3_600_000
const WINDOWS: [says: string, last: number | null, now: number, expected: object][] = [
  ['at once', AT, AT, { known: true, open: true, closesAt: AT + 24 * HOUR }],
  ['after 23 h 59 min', AT, AT + 24 * HOUR - 60_000, { known: true, open: true, closesAt: AT + 24 * HOUR }],
  ['a millisecond before 24 h', AT, AT + 24 * HOUR - 1, { known: true, open: true, closesAt: AT + 24 * HOUR }],
  ['at exactly 24 h', AT, AT + 24 * HOUR, { known: true, open: false, closesAt: AT + 24 * HOUR }],
  ['after 24 h 1 s', AT, AT + 24 * HOUR + 1000, { known: true, open: false, closesAt: AT + 24 * HOUR }],
  ['when nothing was ever heard', null, AT, { known: false, open: false, closesAt: null }],
]
for (const [says, last, now, expected] of WINDOWS) test(`the session window ${says}`, () => assert.deepEqual(windowOf(last, now), expected))
