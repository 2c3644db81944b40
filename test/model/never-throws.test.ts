import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WaError } from '../../lib/errors'
import { checkMenu, faultsOf, shapeFaultsOf } from '../../lib/model/check'
import { menuFromWire } from '../../lib/model/import'
import { lint } from '../../lib/model/lint'
import type { MenuSpec } from '../../lib/model/menu'
import { optionsOf, wordsOf } from '../../lib/model/message'
import { preview, render } from '../../lib/model/render'
import { messageOf } from '../../lib/model/send-check'
import { seedOf } from '../reliability/rig/random'
import { button, ctaPhone, ctaUrl, list, rows } from './samples'

/** The seed of this run; WA_TEST_SEED repeats one. */
const SEED = seedOf()
const ROUNDS = 2000

/** mulberry32: small, seeded, good enough to shake with. */
function generator(seed: number): { below(limit: number): number; one<T>(from: readonly T[]): T } {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return { below, one: (from) => from[below(from.length)] as (typeof from)[number] }
}

const WORDS = [
  '',
  ' ',
  'x',
  'x'.repeat(1025),
  '{{a}}',
  '{{ b }}',
  '{{',
  '}}',
  '{{{a}}}',
  '{{__proto__}}',
  '\u0000',
  '\ud800',
  '🙂'.repeat(30),
  'a:{{a}}',
  'https://x.example/{{a}}',
  'javascript:1',
  '+919800000001',
  '\u202e',
  'constructor',
  'image',
  'list',
  'slots',
]
const values = (): readonly unknown[] => [
  ...WORDS,
  null,
  undefined,
  true,
  0,
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1n,
  [],
  [[]],
  {},
  { a: 1 },
  [null],
  () => 1,
  Symbol('s'),
  new Date(0),
  new Map(),
  Object.create(null),
  Array(3),
]
const NAMES = [
  'key',
  'type',
  'body',
  'header',
  'footer',
  'buttons',
  'sections',
  'rows',
  'row',
  'each',
  'empty',
  'id',
  'title',
  'description',
  'url',
  'phone',
  'link',
  'template',
  'components',
  'variables',
  'sample',
  'default',
  'text',
  '__proto__',
  'constructor',
  'toString',
  'nonsense',
]
const BASES = (): unknown[] => [
  button({ header: { type: 'text', text: '{{a}}' }, footer: 'f', variables: { a: { sample: 'x', default: 1 } } }),
  button({ header: { type: 'document', link: 'https://x.example/a', filename: '{{b}}' } }),
  list({
    sections: [
      { title: 'A', rows: rows(3) },
      { title: 'B', each: 'slots', row: { id: 's:{{a}}', title: '{{b}}', description: '{{a}}' }, empty: 'None', rows: rows(1, 5) },
    ],
  }),
  ctaUrl({ buttons: [{ title: 'A', url: 'https://x.example/{{a}}' }] }),
  ctaPhone({ template: { name: 'a', language: 'en', components: [{ type: 'body', parameters: [{ type: 'text', text: '{{a}}' }] }] } }),
  { key: 't', type: 'text', body: '{{a}} {{b}}' },
  { key: 't', type: 'template', template: { name: 'a', language: 'en' } },
  { text: 'x', image: { link: 'https://x.example/a.jpg' }, location: { latitude: 1, longitude: 1 }, raw: { type: 'a' } },
  { content: { type: 'interactive', interactive: { type: 'list', body: { text: 'x' }, action: { button: 'x', sections: [{ rows: rows(2) }] } } } },
]

/** Changes a few places of a value: another value, another name, one more, one less. */
function shake(base: unknown, dice: ReturnType<typeof generator>): unknown {
  for (let times = 1 + dice.below(3); times > 0; times--) {
    const places: Record<string, unknown>[] = []
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      places.push(value as Record<string, unknown>)
      for (const inner of Object.values(value)) walk(inner)
    }
    walk(base)
    if (places.length === 0) return base
    const place = dice.one(places)
    const names = Object.keys(place)
    const name = names.length === 0 || dice.below(4) === 0 ? dice.one(NAMES) : dice.one(names)
    if (dice.below(6) === 0) delete place[name]
    else Object.defineProperty(place, name, { value: dice.one(values()), enumerable: true, configurable: true, writable: true })
  }
  return base
}

/** Nothing but WaError comes out, and every fault says something that can be sent as JSON. */
function calm(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    assert.ok(error instanceof WaError, error instanceof Error ? error.stack : String(error))
    assert.ok(error.message.length > 0 && error.message.length < 20_000)
    JSON.stringify(error.faults)
    return undefined
  }
}

test(`${ROUNDS} shaken menus: what checks never throws, what renders throws only WaError (seed ${SEED})`, () => {
  const dice = generator(SEED)
  let right = 0
  for (let round = 0; round < ROUNDS; round++) {
    const value = shake(dice.one(BASES()), dice)
    const menu = value as MenuSpec
    const variables = shake({ a: 'x', b: 5, slots: [{ a: 1, b: 2 }] }, dice) as Record<string, unknown>

    const faults = faultsOf(value)
    JSON.stringify([faults, shapeFaultsOf(value), lint(menu)])
    const drawn = preview(menu)
    assert.deepEqual(drawn.faults, faults)
    if (drawn.message) JSON.stringify([optionsOf(drawn.message), wordsOf(drawn.message)])
    const sent = calm(() => render(menu, variables))
    calm(() => menuFromWire(value, 'm'))
    calm(() => messageOf(value))

    if (faults.length > 0) continue
    right++
    // What has no faults is a menu, stays one when it is checked again, and can be drawn.
    const checked = checkMenu(value)
    assert.deepEqual(checkMenu(checked), checked)
    assert.ok(drawn.message)
    if (sent !== undefined && !JSON.stringify(variables).includes('{{')) assert.doesNotMatch(JSON.stringify(sent), /\{\{\s*[a-z_]+\s*\}\}/)
  }
  assert.ok(right > 100, `only ${right} of the shaken menus were right: the shaking is too hard to test anything`)
})
