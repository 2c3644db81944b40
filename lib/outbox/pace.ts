import { createPlaces, type Place, type Places } from './places'

/** How fast each business number may send, and which of them must hold: as far as this instance knows, which its `Allowance` sees to. */
export interface Pace {
  /** Numbers from which nothing may leave now. */
  held(now: number): string[]
  /** Nothing leaves from this number until then. */
  hold(number: string, until: number, reason: string): void
  /** Why a number holds, for people; null when it does not. */
  whyHeld(number: string, now: number): string | null
  /**
   * Resolves with a place when one message may leave, or with null when none may: the number holds, or the signal or the time came first.
   * At the start and after every hold one message goes ahead alone, so that a refused account is asked once and not by the whole queue.
   */
  turn(number: string, signal: AbortSignal, withinMs: number): Promise<Place | null>
  /** Turns of this number that were asked for and have not come yet. */
  waiting(number: string): number
  /** The one that went ahead met no refusal of the account: the others may follow. Called after every send that brought no hold. */
  proved(number: string): void
  /** The places of a number; undefined when nobody here sends from it. */
  readonly places: ReadonlyMap<string, Places>
}

/** The one that goes ahead is waited for so long; a provider that is merely slow does not stop the others. */
const TRIAL_MS = 2000

/** At most `perSecond` requests of a number within any second. Real time, because the provider counts in real time. */
export function createPace(perSecond: ReadonlyMap<string, number>, now: () => number): Pace {
  const holds = new Map<string, { until: number; reason: string }>()
  const places = new Map([...perSecond].map(([number, rate]) => [number, createPlaces(rate)]))
  const waiting = new Map<string, number>()
  const trials = new Map<string, { underway: boolean; ended: Promise<void>; end: () => void }>()
  const onTrial = (number: string): void => {
    trials.get(number)?.end()
    let end: () => void = () => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    trials.set(number, { underway: false, ended, end })
  }
  for (const number of perSecond.keys()) onTrial(number)
  const holding = (number: string): boolean => (holds.get(number)?.until ?? 0) > now()

  const turnOf = async (number: string, signal: AbortSignal, withinMs: number): Promise<Place | null> => {
    const trial = trials.get(number)
    if (trial?.underway) await before(trial.ended, TRIAL_MS, signal)
    if (signal.aborted || holding(number)) return null
    const ahead = trials.get(number)
    if (ahead) ahead.underway = true
    const place = (await places.get(number)?.take(withinMs, signal)) ?? null
    // Others may have been refused while this one waited for its turn.
    if (place !== null && !signal.aborted && !holding(number)) return place
    place?.unused()
    if (ahead && trials.get(number) === ahead) onTrial(number)
    return null
  }

  return {
    places,
    held: (now) => [...holds].filter(([, hold]) => hold.until > now).map(([number]) => number),
    hold(number, until, reason) {
      holds.set(number, { until, reason })
      onTrial(number)
    },
    proved(number) {
      trials.get(number)?.end()
      trials.delete(number)
    },
    whyHeld(number, now) {
      const hold = holds.get(number)
      return hold && hold.until > now ? hold.reason : null
    },
    waiting: (number) => waiting.get(number) ?? 0,
    async turn(number, signal, withinMs) {
      waiting.set(number, (waiting.get(number) ?? 0) + 1)
      try {
        return await turnOf(number, signal, withinMs)
      } finally {
        waiting.set(number, (waiting.get(number) as number) - 1)
      }
    },
  }
}

/** Resolves with whatever comes first: the end of `work`, the time, the signal. */
async function before(work: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  let stop: () => void = () => {}
  const over = new Promise<void>((resolve) => {
    stop = resolve
  })
  const timer = setTimeout(stop, ms)
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  await Promise.race([work, over])
  clearTimeout(timer)
  signal.removeEventListener('abort', stop)
}
