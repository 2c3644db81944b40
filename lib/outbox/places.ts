import { whenAborted } from '../providers/aborted'

/** One request may be on its way in it; after that it rests for a second. */
export interface Place {
  /** The request has ended, in whatever way. */
  answered(): void
  /** There was no request after all. */
  unused(): void
}
/** Of the places that the rate of a number has, those that this instance holds. */
export interface Places {
  /** How many the rate has, over all instances. */
  readonly most: number
  /** ms that a place rests: a second, or longer when the rate is below one a second. */
  readonly restMs: number
  readonly held: number
  /** Takes waiting for a place. */
  readonly waiting: number
  /** Places with a request on its way, and those that rest after one. */
  inUse(): number
  /** Places that may be taken at once. */
  idle(): number
  /** ms until all have rested; null while a request is on its way. */
  restsIn(): number | null
  /** Holds so many from now on, and begins nothing after `until` (as `performance.now()`). What is in use beyond them is not used again. */
  grant(count: number, until: number): void
  /** A place, as soon as one is there and in the order of asking; null when the signal or the time comes first. */
  take(withinMs: number, signal: AbortSignal): Promise<Place | null>
}

/** Beyond what is measured, so much does the way of a request vary unseen. */
const SPREAD_MS = 20
/** The shortest way known is believed less and less: by so much a second at full rate. */
const DOUBT_MS = 10

/**
 * The provider counts what arrives within a second by its own clock. So a place is free again not a second after its request left, but a second after
 * it can have arrived at the latest: what it took beyond the fastest of its kind (a new connection, a busy machine) may all have been the way there.
 */
export function createPlaces(perSecond: number, clock = () => performance.now()): Places {
  const most = Math.max(1, Math.floor(perSecond))
  const restMs = Math.max(1000, (most / perSecond) * 1000)
  /** Times at which those that rest are free, ascending. */
  const resting: number[] = []
  const waiting = new Set<(place: Place | null) => void>()
  let held = 0
  let until = Number.NEGATIVE_INFINITY
  let underway = 0
  let fastest = 0
  let timer: NodeJS.Timeout | undefined

  const inUse = (): number => {
    const now = clock()
    let rested = 0
    while (rested < resting.length && (resting[rested] as number) <= now) rested++
    if (rested > 0) resting.splice(0, rested)
    return underway + resting.length
  }
  const idle = (): number => (clock() < until ? Math.max(0, held - inUse()) : 0)

  const use = (): Place => {
    const from = clock()
    let open = true
    const once = (work: () => void) => (): void => {
      if (!open) return
      open = false
      underway--
      work()
      serve()
    }
    underway++
    return {
      answered: once(() => {
        const took = clock() - from
        fastest = Math.min(took, fastest + DOUBT_MS / most)
        rest(from + restMs + SPREAD_MS + took - fastest)
      }),
      unused: once(() => {}),
    }
  }
  const rest = (freeAt: number): void => {
    let at = resting.length
    while (at > 0 && (resting[at - 1] as number) > freeAt) at--
    resting.splice(at, 0, freeAt)
  }
  const serve = (): void => {
    clearTimeout(timer)
    for (const give of waiting) {
      if (idle() === 0) break
      give(use())
    }
    const next = resting[0]
    if (waiting.size > 0 && next !== undefined) timer = setTimeout(serve, next - clock())
  }

  return {
    most,
    restMs,
    get held() {
      return held
    },
    get waiting() {
      return waiting.size
    },
    inUse,
    idle,
    restsIn() {
      if (underway > 0) return null
      return inUse() === 0 ? 0 : (resting.at(-1) as number) - clock()
    },
    grant(count, time) {
      held = count
      until = time
      serve()
    },
    take(withinMs, signal) {
      if (signal.aborted) return Promise.resolve(null)
      if (waiting.size === 0 && idle() > 0) return Promise.resolve(use())
      return new Promise((resolve) => {
        const settle = (place: Place | null): void => {
          waiting.delete(settle)
          clearTimeout(late)
          forget()
          resolve(place)
        }
        const giveUp = (): void => settle(null)
        const late = setTimeout(giveUp, withinMs)
        const forget = whenAborted(signal, giveUp)
        waiting.add(settle)
        serve()
      })
    },
  }
}
