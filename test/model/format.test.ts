import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatted, plain, spoken } from '../../lib/model/format'

/** The segments in short: `b:words`, marks in the order b i s m, a link as `[…]`. */
const short = (text: string): string[] =>
  formatted(text).map((segment) => {
    const marks = `${segment.bold ? 'b' : ''}${segment.italic ? 'i' : ''}${segment.strike ? 's' : ''}${segment.mono ? 'm' : ''}`
    const words = segment.href ? `[${segment.text}]` : segment.text
    return marks ? `${marks}:${words}` : words
  })

const cases: readonly [says: string, text: string, expected: readonly string[]][] = [
  ['words without marks are one piece', 'Good morning', ['Good morning']],
  ['stars make bold', 'a *b* c', ['a ', 'b:b', ' c']],
  ['marks nest', '*_both_*', ['bi:both']],
  ['a mark inside a word is no mark', '2*3*4 snake_case_name', ['2*3*4 snake_case_name']],
  ['a mark that touches a blank is no mark', '* not * this', ['* not * this']],
  ['a mark does not reach over a line', '*one\ntwo*', ['*one\ntwo*']],
  ['three backticks reach over a line, and nothing inside is formatted', '```a *b*\nc```', ['m:a *b*\nc']],
  ['one backtick is code too', 'run `npm *x*`', ['run ', 'm:npm *x*']],
  ['tildes strike', '~old~ new', ['s:old', ' new']],
  ['two stars are two stars', '** and ***', ['** and ***']],
  ['an address is a link, without the full stop behind it', 'See https://example.com/a_b_c?x=1&y=2.', ['See ', '[https://example.com/a_b_c?x=1&y=2]', '.']],
  ['an address inside bold is a bold link', '*https://example.com*', ['b:[https://example.com]']],
  ['an address with a password is words', 'https://bank.example@evil.example/', ['https://bank.example@evil.example/']],
  ['other schemes are words', 'javascript:alert(1) data:text/html,x', ['javascript:alert(1) data:text/html,x']],
  ['words of any script are inside words', 'नमस्ते*जी*', ['नमस्ते*जी*']],
  ['nothing is nothing', '', []],
]
for (const [says, text, expected] of cases) test(says, () => assert.deepEqual(short(text), expected))

test('one to three emoji alone are large, and nothing else is', () => {
  for (const large of ['😍', '👍🏽', '👨‍👩‍👧', '❤️ 🎉', '🇮🇳🙏🙏 ']) assert.deepEqual(spoken(large), [{ text: large.trim(), large: true }])
  for (const text of ['😍😍😍😍', '👍 ok', '1', '©', '', ' ']) assert.deepEqual(spoken(text), formatted(text))
})

test('no character is lost or made up, whatever the text', () => {
  const parts = ['*', '_', '~', '`', '```', ' ', '\n', 'a', 'é', '🙂', 'https://a.example/', '<b>', '\u202e']
  let seed = 7
  const next = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return seed
  }
  for (let round = 0; round < 500; round++) {
    const text = Array.from({ length: 30 }, () => parts[next() % parts.length]).join('')
    const kept = formatted(text)
      .map((segment) => segment.text)
      .join('')
    const unmarked = (words: string): string => words.replaceAll(/[*_~`]/g, '')
    assert.equal(unmarked(kept), unmarked(text))
  }
})

test('a hundred thousand marks are read in one go', () => {
  for (const mark of ['*', '_ a', '`', '*a ', '```', 'https://', '*_~']) assert.ok(formatted(mark.repeat(100_000)).length > 0)
})

test('plain words stand in one line, without marks', () => {
  assert.equal(plain('*Hi*\n\n_there_'), 'Hi there')
})
