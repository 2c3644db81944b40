import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Fault } from '../../lib/errors'
import { faultsOf } from '../../lib/model/check'
import { codePoints, LIMITS } from '../../lib/model/limits'
import type { MenuSpec } from '../../lib/model/menu'
import { windowOf } from '../../lib/model/window'
import { prepareMenu } from '../../lib/outbox/prepared-menu'
import { address, any, around, FIT, type Json, type Judged, judge, type Limit, link, OF_MESSAGES, of, SEED, START, type Texts, thrownBy } from './around'
import { button, ctaPhone, ctaUrl, list, options, rows } from './samples'

const template = { name: 'ours', language: 'en' }
const text = (changes: Json = {}): Json => ({ key: 'm', type: 'text', body: 'Hello', ...changes })

// ------------------------------------------------------------------------------------------------ texts

const phone = (length: number) =>
  fc.shuffledSubarray(Array.from({ length: 19 }, (_, at) => at + 1).slice(0, length - 1), { minLength: length - 12, maxLength: length - 12 }).map((at) => {
    const dashes = new Set(at)
    let digit = 0
    return Array.from({ length }, (_, nth) => (nth === 0 ? '+' : dashes.has(nth) ? '-' : '91114000000'.charAt(digit++))).join('')
  })

interface Place extends Judged {
  make: (text: string) => Json
  /** Any characters by default. */
  texts?: Texts
}
const framed = (menu: (changes: Json) => Json, of: string): [string, Place][] => [
  [`body of ${of}`, { limit: 'body', make: (body) => menu({ body }), path: 'body' }],
  [`header of ${of}`, { limit: 'headerText', make: (words) => menu({ header: { type: 'text', text: words } }), path: 'header.text' }],
  [`footer of ${of}`, { limit: 'footer', make: (footer) => menu({ footer }), path: 'footer' }],
]
const media = (menu: (changes: Json) => Json, of: string): [string, Place][] => [
  ...(['image', 'video', 'document'] as const).flatMap((type): [string, Place][] => [
    [`media id in a header of ${of}: ${type}`, { limit: 'mediaId', make: (id) => menu({ header: { type, id } }), path: 'header.id' }],
    [`address in a header of ${of}: ${type}`, { limit: 'url', make: (url) => menu({ header: { type, link: url } }), path: 'header.link', texts: address }],
  ]),
  [
    `file name in a header of ${of}`,
    { limit: 'filename', make: (filename) => menu({ header: { type: 'document', link, filename } }), path: 'header.filename' },
  ],
]
const row = (changes: Json) => list({ sections: [{ rows: [{ id: 'a', title: 'A', ...changes }] }] })
const kinds: [(changes: Json) => Json, string][] = [
  [button, 'buttons'],
  [ctaUrl, 'a URL button'],
  [ctaPhone, 'a phone button'],
]

/** Every text of a menu that has a limit and may hold a variable. */
const TEXTS: [what: string, place: Place][] = [
  ...framed(list, 'a list'),
  ...kinds.flatMap(([menu, of]) => [...framed(menu, of), ...media(menu, of)]),
  ['text', { limit: 'text', make: (body) => text({ body }), path: 'body' }],
  ['text with a template', { limit: 'text', make: (body) => text({ body, template }), path: 'body' }],
  ['button title', { limit: 'buttonTitle', make: (title) => button({ buttons: [{ id: 'a', title }] }), path: 'buttons[0].title' }],
  ['third button title', { limit: 'buttonTitle', make: (title) => button({ buttons: [...options(2), { id: 'a', title }] }), path: 'buttons[2].title' }],
  ['button id', { limit: 'buttonId', make: (id) => button({ buttons: [{ id, title: 'A' }] }), path: 'buttons[0].id' }],
  ['button of a list', { limit: 'listButton', make: (words) => list({ button: words }), path: 'button' }],
  ['section title', { limit: 'sectionTitle', make: (title) => list({ sections: [{ title, rows: rows(1) }] }), path: 'sections[0].title' }],
  ['row title', { limit: 'rowTitle', make: (title) => row({ title }), path: 'sections[0].rows[0].title' }],
  ['row description', { limit: 'rowDescription', make: (description) => row({ description }), path: 'sections[0].rows[0].description' }],
  ['row id', { limit: 'rowId', make: (id) => row({ id }), path: 'sections[0].rows[0].id' }],
  ['label of a URL button', { limit: 'urlButtonTitle', make: (title) => ctaUrl({ buttons: [{ title, url: link }] }), path: 'buttons[0].title' }],
  [
    'label of a URL button that may leave as a template',
    { limit: 'urlButtonTitle', make: (title) => ctaUrl({ template, buttons: [{ title, url: link }] }), path: 'buttons[0].title' },
  ],
  [
    'label of one of two URL buttons',
    {
      limit: 'templateButtonTitle',
      make: (title) =>
        ctaUrl({
          template,
          buttons: [
            { title: 'A', url: link },
            { title, url: link },
          ],
        }),
      path: 'buttons[1].title',
    },
  ],
  [
    'label of a phone button',
    { limit: 'templateButtonTitle', make: (title) => ctaPhone({ buttons: [{ title, phone: '+911140000000' }] }), path: 'buttons[0].title' },
  ],
  ['address of a URL button', { limit: 'url', make: (url) => ctaUrl({ buttons: [{ title: 'A', url }] }), path: 'buttons[0].url', texts: address }],
  [
    'phone of a phone button',
    { limit: 'phone', make: (number) => ctaPhone({ buttons: [{ title: 'A', phone: number }] }), path: 'buttons[0].phone', texts: phone },
  ],
]
/** Texts that hold no variable. */
const FIXED: [what: string, place: Place][] = [
  ['tag', { limit: 'tag', make: (tag) => text({ tags: [tag] }), path: 'tags', texts: of('abcनि🙂') }],
  ['key', { limit: 'key', make: (key) => text({ key }), path: 'key', texts: of('abc019'), limitShown: '[a-z0-9][a-z0-9-]{0,63}' }],
  ...(['button', 'list', 'cta_url', 'cta_phone', 'text', 'template'] as const).map((type): [string, Place] => [
    `template of a ${type} menu`,
    {
      limit: 'templateName',
      make: (name) => ({ ...menuOf(type), template: { name, language: 'en' } }),
      path: 'template.name',
      texts: of('abc_09'),
    },
  ]),
]
function menuOf(type: MenuSpec['type']): Json {
  if (type === 'template') return { key: 'm', type }
  return { button, list, cta_url: ctaUrl, cta_phone: ctaPhone, text }[type]()
}

/** What sending a published menu with these values says is wrong: the same judge that decides about every message. */
function faultsWith(menu: Json, values: Json): readonly Fault[] {
  assert.deepEqual(faultsOf(menu), [], 'it can be published')
  return thrownBy(() => prepareMenu(menu as unknown as MenuSpec, [])(values).message.json)
}
test('every limit has a place where it is tried', () => {
  const tried = new Set([...TEXTS, ...FIXED].map(([, { limit }]) => limit))
  for (const { limit } of COUNTS) tried.add(limit)
  assert.deepEqual([...tried, ...OF_MESSAGES, 'windowHours'].sort(), Object.keys(LIMITS).sort())
})

for (const [what, place] of [...TEXTS, ...FIXED]) {
  test(`${what}: ${LIMITS[place.limit]} characters may be published, one more may not (seed ${SEED})`, () => {
    fc.assert(
      fc.property(
        around(place.limit).chain((length) => fc.tuple(fc.constant(length), (place.texts ?? any)(length))),
        ([length, words]) => {
          assert.equal(codePoints(words), length)
          judge(faultsOf(place.make(words)), place, length)
        },
      ),
      FIT,
    )
  })
}

/** In an address a value is percent-encoded, and counts as that. */
const plainAddress = (length: number) => of('xyz0-_')(length - START.length).map((path) => `${START}${path}`)
const part = fc.double({ min: 0, max: 1, noNaN: true })

for (const [what, place] of TEXTS) {
  test(`${what}: the same when a variable brings some of it, or all (seed ${SEED})`, () => {
    const texts = place.limit === 'url' ? plainAddress : (place.texts ?? any)
    const first = place.limit === 'url' ? START.length : 0
    fc.assert(
      fc.property(
        around(place.limit).chain((length) => texts(length)),
        part,
        part,
        (words, from, to) => {
          const characters = [...words]
          const [start, end] = [from, to].map((one) => first + Math.round(one * (characters.length - first))).sort((a, b) => a - b) as [number, number]
          const [before, value, behind] = [characters.slice(0, start), characters.slice(start, end), characters.slice(end)].map((all) => all.join(''))
          const menu = place.make(`${before}{{v}}${behind}`)
          const own = characters.length - (end - start)
          // What is too long without any value is said before it is published.
          if (own > LIMITS[place.limit]) judge(faultsOf(menu), place, own)
          else judge(faultsWith(menu, { v: value }), place, characters.length)
          judge(faultsOf({ ...menu, variables: { v: { sample: value } } }), place, characters.length)
          judge(faultsOf({ ...menu, variables: { v: { default: value } } }), place, characters.length)
        },
      ),
      FIT,
    )
  })
}

const fromData = (row: Json) => list({ sections: [{ title: 'Free', each: 'slots', row: { id: '{{id}}', title: 'A', ...row } }] })
/** Texts of a row that is made from an item of an array. */
const ITEMS: [what: string, place: Place][] = [
  ['title', { limit: 'rowTitle', make: (title) => fromData({ title }), path: 'sections[0].rows[1].title' }],
  ['description', { limit: 'rowDescription', make: (description) => fromData({ description }), path: 'sections[0].rows[1].description' }],
  ['id', { limit: 'rowId', make: (id) => fromData({ id }), path: 'sections[0].rows[1].id' }],
]
for (const [what, place] of ITEMS) {
  test(`${what} of a row from data: counted for each item (seed ${SEED})`, () => {
    fc.assert(
      fc.property(
        around(place.limit).chain((length) => fc.tuple(fc.constant(length), any(length))),
        ([length, v]) =>
          judge(
            faultsWith(place.make('{{v}}'), {
              slots: [
                { id: 1, v: 'x' },
                { id: 2, v },
              ],
            }),
            place,
            length,
          ),
      ),
      FIT,
    )
  })
}
test(`row in place of no data: as long as the title of any row (seed ${SEED})`, () => {
  const empty = (words: string) => list({ sections: [{ each: 'slots', row: { id: '{{id}}', title: 'A' }, empty: words }] })
  fc.assert(
    fc.property(
      around('rowTitle').chain((length) => fc.tuple(fc.constant(length), any(length))),
      ([length, words]) => {
        judge(faultsOf(empty(words)), { limit: 'rowTitle', path: 'sections[0].empty' }, length)
        judge(faultsWith(empty('{{v}}'), { v: words, slots: [] }), { limit: 'rowTitle', path: 'sections[0].rows[0].title' }, length)
      },
    ),
    FIT,
  )
})

// ------------------------------------------------------------------------------------------------ counts

interface Count {
  limit: Limit
  path: string
  make: (count: number) => fc.Arbitrary<Json>
}
const always = (make: (count: number) => Json) => (count: number) => fc.constant(make(count))
const links = (count: number) => options(count).map(({ title }) => ({ title, url: link }))
/** So many rows, in sections of any size. */
const split = (count: number) =>
  fc
    .subarray(
      Array.from({ length: count - 1 }, (_, at) => at + 1),
      { maxLength: Math.min(count, LIMITS.sections) - 1 },
    )
    .map((cuts) => {
      const ends = [...cuts, count]
      return list({ sections: ends.map((end, nth) => ({ title: `S${nth}`, rows: rows(end - (ends[nth - 1] ?? 0), ends[nth - 1] ?? 0) })) })
    })
const COUNTS: Count[] = [
  { limit: 'buttons', path: 'buttons', make: always((count) => button({ buttons: options(count) })) },
  { limit: 'sections', path: 'sections', make: always((count) => list({ sections: rows(count).map((one, nth) => ({ title: `S${nth}`, rows: [one] })) })) },
  { limit: 'rows', path: 'sections', make: split },
  { limit: 'urlButtons', path: 'buttons', make: always((count) => ctaUrl({ buttons: links(count) })) },
  { limit: 'templateUrlButtons', path: 'buttons', make: always((count) => ctaUrl({ template, buttons: links(count) })) },
  {
    limit: 'templatePhoneButtons',
    path: 'buttons',
    make: always((count) => ctaPhone({ buttons: options(count).map(({ title }) => ({ title, phone: '+911140000000' })) })),
  },
  { limit: 'tags', path: 'tags', make: always((count) => text({ tags: options(count).map(({ id }) => id) })) },
]
const counts = (limit: Limit): fc.Arbitrary<number> => around(limit).filter((count) => count > 0)

for (const { limit, path, make } of COUNTS) {
  test(`${limit}: ${LIMITS[limit]} and no more (seed ${SEED})`, () => {
    fc.assert(
      fc.property(
        counts(limit).chain((count) => fc.tuple(fc.constant(count), make(count))),
        ([count, menu]) => judge(faultsOf(menu), { limit, path }, count),
      ),
      FIT,
    )
  })
}

test(`rows: those from data are counted with those that are written, when they are known (seed ${SEED})`, () => {
  fc.assert(
    fc.property(counts('rows'), fc.nat(LIMITS.rows - 1), (count, fixed) => {
      const menu = list({ sections: [{ title: 'Free', each: 'slots', row: { id: 's:{{id}}', title: '{{id}}' }, ...(fixed > 0 ? { rows: rows(fixed) } : {}) }] })
      const slots = Array.from({ length: count - fixed }, (_, id) => ({ id }))
      const room = LIMITS.rows - fixed
      const faults = faultsWith(menu, { slots: slots.length > 0 ? slots : [{ id: 1 }] })

      assert.deepEqual(
        faults.map((fault) => [fault.path, fault.actual, fault.limit]),
        slots.length > room ? [['variables.slots', slots.length, room]] : [],
      )
    }),
    { ...FIT, numRuns: 60 },
  )
})

test(`the session window is open for ${LIMITS.windowHours} hours, to the millisecond (seed ${SEED})`, () => {
  const hours = LIMITS.windowHours * 3_600_000
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (at) => {
      assert.deepEqual(
        [at + hours - 1, at + hours, at + hours + 1].map((now) => windowOf(at, now).open),
        [true, false, false],
      )
    }),
    FIT,
  )
})
