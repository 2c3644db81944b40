import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { faultsOf as apiFaultsOf } from '../../lib/http/api/faults'
import { Send } from '../../lib/http/api/schemas/message'
import { LIMITS } from '../../lib/model/limits'
import { messageOf } from '../../lib/model/send-check'
import { address, any, around, FIT, type Json, judge, type Limit, link, OF_MESSAGES, SEED, type Texts, thrownBy } from './around'

const captioned = { image: {}, video: {}, document: { filename: 'a.pdf' } }
const MESSAGES: { limit: Limit; path: string; make: (words: string) => Json; texts?: Texts }[] = [
  { limit: 'text', path: 'text', make: (words) => ({ text: words }) },
  ...Object.entries(captioned).map(([kind, more]) => ({
    limit: 'caption' as const,
    path: 'caption',
    make: (caption: string): Json => ({ [kind]: { link }, ...more, caption }),
  })),
  ...Object.entries({ ...captioned, audio: {} }).flatMap(([kind, more]) => [
    { limit: 'mediaId' as const, path: `${kind}.id`, make: (id: string): Json => ({ [kind]: { id }, ...more }) },
    { limit: 'url' as const, path: `${kind}.link`, make: (url: string): Json => ({ [kind]: { link: url }, ...more }), texts: address },
  ]),
  { limit: 'filename', path: 'filename', make: (filename) => ({ document: { link }, filename }) },
  { limit: 'mediaId', path: 'to', make: (to) => ({ reaction: '👍', to }) },
  { limit: 'body', path: 'location.name', make: (name) => ({ location: { latitude: 1, longitude: 1, name } }) },
  { limit: 'body', path: 'location.address', make: (where) => ({ location: { latitude: 1, longitude: 1, address: where } }) },
]
for (const { limit, path, make, texts = any } of MESSAGES) {
  test(`${Object.keys(make('x'))[0]}, ${path}: ${LIMITS[limit]} characters can be sent, one more cannot, from code and over HTTP (seed ${SEED})`, () => {
    fc.assert(
      fc.property(
        around(limit).chain((length) => fc.tuple(fc.constant(length), texts(length))),
        ([length, words]) => {
          const message = make(words)
          judge(
            thrownBy(() => messageOf(message)),
            { limit, path },
            length,
          )
          const overHttp = apiFaultsOf(Send, { to: '+919800000001', message })
          assert.equal(overHttp.length > 0, length > LIMITS[limit], JSON.stringify(overHttp))
        },
      ),
      FIT,
    )
  })
}

test('every limit that messages alone have is tried here', () => {
  const tried = new Set<Limit>([...MESSAGES.map(({ limit }) => limit), 'carouselCards', 'carouselCardsLeast'])
  assert.deepEqual(
    OF_MESSAGES.filter((limit) => !tried.has(limit)),
    [],
  )
})

const carousel = (count: number) => ({ raw: { type: 'interactive', interactive: { type: 'carousel', action: { cards: Array(count).fill({}) } } } })
test('a carousel has 2 to 10 cards', () => {
  const { carouselCardsLeast: least, carouselCards: most } = LIMITS
  for (const count of [least - 1, least, least + 1, most - 1, most, most + 1]) {
    const faults = thrownBy(() => messageOf(carousel(count)))
    const right = count >= least && count <= most
    assert.deepEqual(
      faults.map(({ path, actual, limit }) => ({ path, actual, limit })),
      right ? [] : [{ path: 'raw.interactive.action.cards', actual: count, limit: '2…10' }],
    )
  }
})
