/** How fast each business number may send, and which of them must hold. State of one instance; nothing here needs to survive it. */
export interface Pace {
  /** Numbers from which nothing may leave now. */
  held(now: number): string[]
  /** Nothing leaves from this number until then. */
  hold(number: string, until: number, reason: string): void
  /** Why a number holds, for people; null when it does not. */
  whyHeld(number: string, now: number): string | null
  /** Resolves when one message may leave. */
  turn(number: string, signal: AbortSignal): Promise<void>
  /** How many could leave at once, over all numbers that do not hold. */
  room(now: number): number
}

/** A token bucket per number: `perSecond` a second, a burst of one second at most. Real time, because the provider counts in real time. */
export function createPace(perSecond: ReadonlyMap<string, number>): Pace {
  const holds = new Map<string, { until: number; reason: string }>()
  const nextFree = new Map<string, number>()

  const gap = (number: string): number => 1000 / (perSecond.get(number) ?? 1)
  /** Time at which the next message of a number may leave, when one left at `nextFree` at the latest; a second of silence allows a burst. */
  const earliest = (number: string): number => Math.max(nextFree.get(number) ?? 0, performance.now() - 1000 + gap(number))

  return {
    held: (now) => [...holds].filter(([, hold]) => hold.until > now).map(([number]) => number),
    hold(number, until, reason) {
      holds.set(number, { until, reason })
    },
    whyHeld(number, now) {
      const hold = holds.get(number)
      return hold && hold.until > now ? hold.reason : null
    },
    async turn(number, signal) {
      const at = earliest(number)
      nextFree.set(number, at + gap(number))
      const wait = at - performance.now()
      if (wait > 0)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, wait)
          signal.addEventListener(
            'abort',
            () => {
              clearTimeout(timer)
              resolve()
            },
            { once: true },
          )
        })
    },
    room(now) {
      const open = [...perSecond.keys()].filter((number) => (holds.get(number)?.until ?? 0) <= now)
      return open.reduce((sum, number) => sum + Math.max(0, Math.floor((performance.now() - earliest(number)) / gap(number)) + 1), 0)
    },
  }
}
