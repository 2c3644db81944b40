import assert from 'node:assert/strict'
import { test } from 'node:test'
import { suggest } from '../../lib/model/suggest'

const CASES: [word: string, known: string[], meant: string | null][] = [
  ['footr', ['header', 'footer', 'body'], 'footer'],
  ['exotl', ['exotel', 'cloud-api', 'simulator'], 'exotel'],
  ['cloudApi', ['exotel', 'cloud-api', 'simulator'], 'cloud-api'],
  ['ordre', ['order', 'status'], 'order'],
  ['help_center', ['help', 'help-center'], 'help-center'],
  ['x', ['footer'], null],
  ['whatever', ['footer', 'header'], null],
  ['', ['a-long-word'], null],
  ['footer'.repeat(100), ['footer'], null],
  ['footer', [], null],
]
for (const [word, known, meant] of CASES)
  test(`"${word.slice(0, 20)}" probably means ${meant ?? 'none of the known words'}`, () => assert.equal(suggest(word, known), meant))
