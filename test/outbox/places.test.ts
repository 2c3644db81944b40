import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPlaces, type Place } from '../../lib/outbox/places'
import { randomFrom, seedOf } from '../reliability/rig/random'
import { mostWithin } from '../support/arrivals'

const NEVER = new AbortController().signal

/** Twenty seconds of a queue that never ends, by a clock of its own; `wayOf` says how long the n-th request takes to arrive, and its answer to come back. */
async function arrivals(perSecond: number, wayOf: (nth: number) => number): Promise<number[]> {
  let now = 0
  const places = createPlaces(perSecond, () => now)
  places.grant(places.most, Number.POSITIVE_INFINITY)
  const arrived: number[] = []
  const underway: { place: Place; until: number }[] = []
  for (; now < 20_000; now++) {
    for (const one of underway.filter(({ until }) => until <= now)) {
      one.place.answered()
      underway.splice(underway.indexOf(one), 1)
    }
    while (places.idle() > 0) {
      const place = (await places.take(0, NEVER)) as Place
      const way = wayOf(arrived.length)
      arrived.push(now + way)
      underway.push({ place, until: now + 2 * way })
    }
  }
  return arrived.sort((a, b) => a - b)
}

const EVENLY = (): number => 10
test('requests that take equally long leave at the whole rate, and never more within a second', async () => {
  for (const [perSecond, within, least] of [
    [5, 1000, 90],
    [80, 1000, 1450],
    [0.5, 2000, 9],
    [2.5, 1000, 36],
  ] as const) {
    const arrived = await arrivals(perSecond, EVENLY)
    assert.ok(mostWithin(arrived, within) <= Math.max(1, Math.floor(perSecond)), `${mostWithin(arrived, within)} of ${perSecond}`)
    assert.ok(arrived.length >= least, `${arrived.length} of ${perSecond}`)
  }
})

test('a request that is late on its way is counted when it arrives, not when it left', async () => {
  const seed = seedOf()
  const random = randomFrom(seed)
  // The first ones make their connections; later one of five is held up.
  const wayOf = (nth: number): number => (nth < 5 ? 150 : random() < 0.2 ? 10 + Math.floor(random() * 300) : 10)
  for (const perSecond of [1, 5, 40]) {
    const arrived = await arrivals(perSecond, wayOf)
    assert.ok(mostWithin(arrived, 1000) <= perSecond, `${mostWithin(arrived, 1000)} of ${perSecond}, seed ${seed}`)
  }
})

test('places that are no longer held are not used again once their requests have ended', async () => {
  let now = 0
  const places = createPlaces(4, () => now)
  places.grant(4, 100_000)
  const taken = (await Promise.all([1, 2, 3].map(() => places.take(0, NEVER)))) as Place[]

  places.grant(2, 100_000)
  assert.deepEqual([places.idle(), places.inUse(), places.restsIn()], [0, 3, null])
  for (const place of taken) place.answered()
  now = 5000
  assert.deepEqual([places.idle(), places.inUse(), places.restsIn()], [2, 0, 0])
})

test('after the end of what was granted nothing begins', async () => {
  let now = 0
  const places = createPlaces(4, () => now)
  places.grant(4, 1000)
  now = 1000
  assert.equal(places.idle(), 0)
  assert.equal(await places.take(1, NEVER), null)

  const waiting = places.take(10_000, NEVER)
  places.grant(4, 2000)
  assert.notEqual(await waiting, null)
})

test('a place that was given back unused is free at once; one answer is counted once', async () => {
  const places = createPlaces(1, () => 0)
  places.grant(1, 1)
  const first = await places.take(0, NEVER)
  first?.unused()
  first?.answered()
  assert.deepEqual([places.idle(), places.inUse()], [1, 0])
})
