import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { idOf, labelOf, numberOf, once, timeOf, unrecognised } from '../../lib/providers/reading'
import { bsuidOf, contactsOf, phoneOf, whoOf } from '../../lib/providers/who'

describe('times of the wire', () => {
  const cases: [given: unknown, at: number | null][] = [
    ['1795150000', 1_795_150_000_000],
    [1_795_150_000, 1_795_150_000_000],
    [1_795_150_000_123, 1_795_150_000_123],
    ['2026-11-20T10:15:30+05:30', Date.UTC(2026, 10, 20, 4, 45, 30)],
    ['2026-11-20T10:15:30.250+05:30', Date.UTC(2026, 10, 20, 4, 45, 30, 250)],
    ['2026-11-20T10:15:30+0530', Date.UTC(2026, 10, 20, 4, 45, 30)],
    ['2026-11-20T10:15:30Z', Date.UTC(2026, 10, 20, 10, 15, 30)],
    ['2026-11-20T10:15:30', null],
    ['2026-11-20', null],
    ['2026-13-45T99:99:99Z', null],
    ['yesterday', null],
    ['', null],
    [null, null],
    [{}, null],
    [Number.NaN, null],
    ['-1795150000', null],
    ['99999999999999999999', null],
  ]
  for (const [given, at] of cases) test(`${JSON.stringify(given)} is ${at}`, () => assert.equal(timeOf(given), at))
})

describe('phone numbers of the wire', () => {
  const cases: [given: unknown, phone: string | null][] = [
    ['919800000001', '+919800000001'],
    ['+91 98000-00001', '+919800000001'],
    ['00919800000001', '+919800000001'],
    ['(91) 98000.00001', '+919800000001'],
    [919_800_000_001, '+919800000001'],
    ['09800000001', null],
    ['1234567890123456', null],
    ['IN.7Qx2Test', null],
    ['', null],
    [null, null],
    [['919800000001'], null],
  ]
  for (const [given, phone] of cases) test(`${JSON.stringify(given)} is ${phone}`, () => assert.equal(phoneOf(given), phone))
})

test('a user id has a country, a dot and letters or digits, and is not longer than 160 characters', () => {
  for (const id of ['IN.7Qx2Test', 'IN.ENT.9Test', 'IN.1', `IN.${'a'.repeat(157)}`]) assert.equal(bsuidOf(id), id)
  for (const id of ['919800000001', 'in.7Qx', 'IN.', 'IN.a b', `IN.${'a'.repeat(158)}`, 7, null]) assert.equal(bsuidOf(id), null)
})

test('the user id finds its contact before the number does', () => {
  const contacts = contactsOf([
    { wa_id: '919800000001', profile: { name: 'Number' } },
    { user_id: 'IN.1', profile: { name: 'User id' } },
  ])

  assert.equal(whoOf('919800000001', 'IN.1', contacts).name, 'User id')
  assert.equal(whoOf('919800000001', undefined, contacts).name, 'Number')
})

test('labels are cut by characters, never through one', () => {
  assert.equal(labelOf('🙂'.repeat(5), 3), '🙂🙂🙂')
  assert.equal(labelOf('  Asha  '), 'Asha')
  for (const nothing of ['', '  ', null, 7, {}]) assert.equal(labelOf(nothing), null)
})

test('ids are text or numbers, and never cut', () => {
  assert.deepEqual([idOf('a'), idOf(7), idOf(''), idOf('abc', 2), idOf({}), idOf(Number.NaN)], ['a', '7', null, null, null, null])
})

test('numbers may stand in quotes', () => {
  assert.deepEqual([numberOf('30002'), numberOf(' 12.97 '), numberOf(0), numberOf('0x10'), numberOf(''), numberOf(null)], [30002, 12.97, 0, null, null, null])
})

test('the same event twice in one body is one, two unreadable ones of other text are two', () => {
  const found = once([unrecognised('a', '1'), unrecognised('a', '1'), unrecognised('a', '2'), unrecognised('b', '3', 'key'), unrecognised('b', '4', 'key')])

  assert.deepEqual(
    found.map((event) => event.raw),
    ['1', '2', '3'],
  )
})
