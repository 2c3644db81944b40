import type { TestContext } from 'node:test'

/** Runs when the test ends, the last one first: pages close before the host that serves them. */
export function later(t: TestContext, work: () => unknown): void {
  const known = ending.get(t)
  if (known) return void known.push(work)
  const works = [work]
  ending.set(t, works)
  t.after(async () => {
    const failures: unknown[] = []
    for (const one of works.reverse()) {
      try {
        await one()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  })
}
const ending = new WeakMap<TestContext, (() => unknown)[]>()
