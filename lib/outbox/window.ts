/** Places in time, for what may happen so often and no oftener. */
export interface Window {
  /** Takes the next place; answers the time at which it may be used. */
  take(now: number): number
  /** Places that may be used now. */
  free(now: number): number
}

/** As many places as fit into a second, or one that is slower; a place is free again when its last use is a whole window ago. */
export function slidingWindow(perSecond: number): Window {
  const places = Math.max(1, Math.floor(perSecond))
  const length = Math.max(1000, (places / perSecond) * 1000)
  const used = new Array<number>(places).fill(Number.NEGATIVE_INFINITY)
  let next = 0
  return {
    take(now) {
      const at = Math.max(now, (used[next] ?? 0) + length)
      used[next] = at
      next = (next + 1) % places
      return at
    },
    // From the next place on, their times never fall: the free ones come first, and are counted without looking at each.
    free(now) {
      let free = 0
      let least = places
      while (free < least) {
        const middle = (free + least) >> 1
        if ((used[(next + middle) % places] ?? 0) + length <= now) free = middle + 1
        else least = middle
      }
      return free
    },
  }
}
