/** mulberry32: small, seeded, good enough to break things. Answers a whole number below its argument. */
export type Random = (below: number) => number
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const NASTY: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '🙂'.repeat(300),
  'x'.repeat(5000),
  [],
  {},
  [[]],
  [null],
  '__proto__',
  'constructor',
  '2026-13-45T99:99:99Z',
  '99999999999999999999',
  { __proto__: null, length: 3 },
]
const KEYS = ['__proto__', 'constructor', 'toString', 'length', 'type', 'from', 'id', 'sid', 'status', 'content', 'entry', 'whatsapp']

/** One in so many values is replaced: some bodies are broken everywhere, others in one place, where what is read is nearly whole. */
const RATES = [12, 60, 300] as const

/** The value with some of what is in it replaced, removed, doubled or renamed. */
export function mutated(value: unknown, random: Random): unknown {
  return mutate(value, random, RATES[random(RATES.length)] ?? RATES[0])
}

function mutate(value: unknown, random: Random, rate: number): unknown {
  if (random(rate) === 0) return NASTY[random(NASTY.length)]
  if (Array.isArray(value)) {
    const items = value.map((item) => mutate(item, random, rate))
    return random(8) === 0 ? [...items, ...items] : items
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).flatMap(([key, inner]): [string, unknown][] => {
    const fate = random(3 * rate)
    if (fate === 0) return []
    return [[fate === 1 ? (KEYS[random(KEYS.length)] ?? key) : key, mutate(inner, random, rate)]]
  })
  return Object.fromEntries(entries)
}

/** The bytes with some of them changed, or the end missing. */
export function damaged(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes)
  for (let times = random(4); times > 0 && copy.length > 0; times -= 1) copy[random(copy.length)] = random(256)
  return random(5) === 0 ? copy.subarray(0, random(copy.length + 1)) : copy
}
