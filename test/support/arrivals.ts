/** The most of these times (ascending, ms) that fall into any window of this length, its end not included. */
export function mostWithin(times: readonly number[], ms: number): number {
  let most = 0
  let first = 0
  for (const [last, time] of times.entries()) {
    while (time - (times[first] as number) >= ms) first++
    most = Math.max(most, last - first + 1)
  }
  return most
}
