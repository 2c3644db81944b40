import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineReply } from '../../lib/model/reply-id'

const rate = defineReply('rate', { order: 'string', stars: 'int', how: ['app', 'web shop'] })

test('an id is the prefix and the fields in their order, percent-encoded', () => {
  assert.equal(rate.id({ stars: 5, order: 'ORD:1/2', how: 'web shop' }), 'rate:ORD%3A1%2F2:5:web%20shop')
  assert.deepEqual(rate.parse('rate:ORD%3A1%2F2:5:web%20shop'), { order: 'ORD:1/2', stars: 5, how: 'web shop' })
})

test('a row keeps its variables to be filled in later', () => {
  assert.equal(rate.row({ order: '{{ order }}', stars: '{{n}}', how: 'app' }), 'rate:{{order}}:{{n}}:app')
  assert.equal(rate.row({ order: 'a {{b}}', stars: 1, how: 'app' }), 'rate:a%20%7B%7Bb%7D%7D:1:app', 'a text with braces in it is no variable')
})

for (const id of [
  'rate',
  'rate:',
  'rate:1:5',
  'rate:1:5:app:x',
  'rate:1:five:app',
  'rate:1:5.5:app',
  'rate:1::app',
  'rate:1:99999999999999999:app',
  'rate:1:5:fax',
  'rate:%E0%A4%A:5:app',
  'other:1:5:app',
  'xrate:1:5:app',
  '',
]) {
  test(`"${id}" is none of these ids`, () => assert.equal(rate.parse(id), null))
}

test('wrong data is refused with the field and what it should be', () => {
  const wrong: [object, RegExp][] = [
    [{ order: '1', stars: '5', how: 'app' }, /stars is "5"; it must be a whole number/],
    [{ order: '1', stars: 1.5, how: 'app' }, /stars is 1\.5; it must be a whole number/],
    [{ order: 1, stars: 5, how: 'app' }, /order is 1; it must be a text/],
    [{ order: '1', stars: 5, how: 'fax' }, /how is "fax"; it must be one of app, web shop/],
    [{ order: '1', stars: 5 }, /how is undefined/],
    [{ order: 'x'.repeat(300), stars: 5, how: 'app' }, /309 characters|characters; WhatsApp takes at most 256/],
  ]
  for (const [data, message] of wrong) assert.throws(() => rate.id(data as never), { code: 'WA_OPTION_INVALID', message })
})

test('what could not be parsed back cannot be defined', () => {
  for (const define of [
    () => defineReply('a:b', { x: 'int' }),
    () => defineReply('', { x: 'int' }),
    () => defineReply('a', {}),
    () => defineReply('a', { 'x y': 'int' }),
    () => defineReply('a', { x: [] }),
    () => defineReply('a', { x: 'float' as never }),
  ]) {
    assert.throws(define, { code: 'WA_OPTION_INVALID' })
  }
})
