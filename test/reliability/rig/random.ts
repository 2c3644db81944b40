/** Numbers from 0 to 1 that one seed always gives in the same order (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The seed of this run: WA_TEST_SEED repeats one. It decides what the rig does; when the machine does it, nobody decides. */
export const seedOf = (): number => Number(process.env.WA_TEST_SEED) || Math.floor(Math.random() * 1_000_000_000)

export const pause = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms))
