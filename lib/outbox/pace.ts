import { slidingWindow, type Window } from './window'

/** How fast each business number may send, and which of them must hold. State of one instance; nothing here needs to survive it. */
export interface Pace {
  /** Numbers from which nothing may leave now. */
  held(now: number): string[]
  /** Nothing leaves from this number until then. */
  hold(number: string, until: number, reason: string): void
  /** Why a number holds, for people; null when it does not. */
  whyHeld(number: string, now: number): string | null
  /**
   * Sends when its turn has come. `send` calls `hold` when the provider refuses the account; whoever still waits then gets `Held` and calls nobody.
   * So does whose turn has not come when the signal ends the wait. Until a number has sent once, after the start and after every hold, one goes ahead of the others.
   */
  send<T>(number: string, signal: AbortSignal, now: () => number, send: () => Promise<T>): Promise<T | Held>
  /** How many could leave at once, over all numbers that do not hold. */
  room(now: number): number
}
export class Held {
  constructor(
    readonly until: number,
    readonly reason: string,
  ) {}
}

/** At most `perSecond` requests of a number within any second. Real time, because the provider counts in real time. */
export function createPace(perSecond: ReadonlyMap<string, number>): Pace {
  const holds = new Map<string, { until: number; reason: string }>()
  const windows = new Map([...perSecond].map(([number, rate]) => [number, slidingWindow(rate)]))
  const proven = new Set<string>()
  const ahead = new Map<string, Promise<unknown>>()

  const windowOf = (number: string): Window => windows.get(number) ?? slidingWindow(1)
  const holdOf = (number: string, now: number): { until: number; reason: string } | null => {
    const hold = holds.get(number)
    return hold && hold.until > now ? hold : null
  }

  return {
    held: (now) => [...holds.keys()].filter((number) => holdOf(number, now)),
    hold(number, until, reason) {
      proven.delete(number)
      holds.set(number, { until, reason })
    },
    whyHeld: (number, now) => holdOf(number, now)?.reason ?? null,
    async send(number, signal, now, send) {
      while (!proven.has(number) && ahead.has(number)) await ahead.get(number)
      const held = (): Held | null => {
        const hold = holdOf(number, now())
        return hold && new Held(hold.until, hold.reason)
      }
      const inTurn = async () => {
        const wait = windowOf(number).take(performance.now()) - performance.now()
        if (wait > 0) await sleep(wait, signal)
        if (signal.aborted) return new Held(now() + 1000, 'Its turn did not come in time.')
        return held() ?? send()
      }
      const sending = held() ?? inTurn()
      if (sending instanceof Held || proven.has(number)) return sending
      const tried = sending.then(
        // Also without success: who waits has a lease that runs out, and was told of no hold.
        () => holdOf(number, now()) === null && proven.add(number),
        () => proven.add(number),
      )
      ahead.set(number, tried)
      await tried
      ahead.delete(number)
      return sending
    },
    room(now) {
      const open = [...perSecond.keys()].filter((number) => holdOf(number, now) === null)
      return open.reduce((sum, number) => sum + windowOf(number).free(performance.now()), 0)
    },
  }
}

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    const wake = (): void => {
      clearTimeout(timer)
      resolve()
    }
    signal.addEventListener('abort', wake, { once: true })
  })
