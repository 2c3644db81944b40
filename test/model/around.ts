import assert from 'node:assert/strict'
import fc from 'fast-check'
import { type Fault, WaError } from '../../lib/errors'
import { LIMITS } from '../../lib/model/limits'
import { seedOf } from '../reliability/rig/random'

export type Limit = keyof typeof LIMITS
export type Json = Record<string, unknown>
/** Texts of so many characters. */
export type Texts = (length: number) => fc.Arbitrary<string>

/** The seed of this run; WA_TEST_SEED repeats one. */
export const SEED = seedOf()
export const link = 'https://cdn.example/a.jpg'
export const START = 'https://shop.example/'

/** One character each, in 1 or 2 UTF-16 units; some are nothing without the one before them. */
const CHARACTERS = ['x', 'x', 'न', '्', '\u0301', '\u200d', '🙂', '👨', '𝒳', '🇮', '"', '\\', '-'] as const
/** Letters at both ends: neither blank nor with a space to trim. */
export const any = (length: number): fc.Arbitrary<string> =>
  length < 3
    ? fc.constant('x'.repeat(length))
    : fc.array(fc.constantFrom(...CHARACTERS), { minLength: length - 2, maxLength: length - 2 }).map((inner) => `a${inner.join('')}z`)
export const of = (letters: string) => (length: number) =>
  fc.array(fc.constantFrom(...letters), { minLength: length, maxLength: length }).map((all) => all.join(''))
export const address = (length: number) => any(length - START.length).map((path) => `${START}${path.replaceAll(/["\\]/g, 'x')}`)

export interface Judged {
  limit: Limit
  path: string
  /** The fault gives the number as it is, or a pattern that names it. */
  limitShown?: unknown
}
/** A limit, and the numbers of characters on both sides of it. */
export const around = (limit: Limit): fc.Arbitrary<number> => fc.constantFrom(LIMITS[limit] - 1, LIMITS[limit], LIMITS[limit] + 1)
export const FIT = { numRuns: 24, seed: SEED } as const

/** Nothing wrong up to the limit; beyond it this one fault and no other, with its numbers and a way out. */
export function judge(faults: readonly Fault[], { limit, path, limitShown = LIMITS[limit] }: Judged, length: number): void {
  if (length <= LIMITS[limit]) {
    assert.deepEqual(faults, [])
    return
  }
  // Eleven sections are eleven rows too: two sentences about one place.
  assert.deepEqual([...new Set(faults.map((fault) => `${fault.path} ${fault.limit}`))], [`${path} ${limitShown}`])
  const [fault] = faults
  if (typeof limitShown === 'number') assert.equal(fault?.actual, length)
  else assert.ok(fault?.actual !== undefined)
  assert.ok(fault?.fix && fault.message.endsWith(fault.fix) && fault.message.includes(String(LIMITS[limit])), fault?.message)
}

/** The faults of what was thrown; none when nothing was. */
export function thrownBy(work: () => unknown): readonly Fault[] {
  try {
    work()
    return []
  } catch (error) {
    assert.ok(error instanceof WaError, String(error))
    return error.faults
  }
}

/** Limits of messages without a menu alone. */
export const OF_MESSAGES: readonly Limit[] = ['caption', 'carouselCards', 'carouselCardsLeast']
