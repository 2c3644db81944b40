/** How fast each business number may send, and which of them must hold. State of one instance; nothing here needs to survive it. */
export interface Pace {
  /** Numbers from which nothing may leave now. */
  held(now: number): string[]
  /** Nothing leaves from this number until then. */
  hold(number: string, until: number, reason: string): void
  /** Why a number holds, for people; null when it does not. */
  whyHeld(number: string, now: number): string | null
  /**
   * Resolves when one message may leave (`go`), or when none may: the number holds, or the signal or the time came first (`stay`).
   * At the start and after every hold one message goes ahead alone, so that a refused account is asked once and not by the whole queue.
   */
  turn(number: string, signal: AbortSignal, withinMs: number): Promise<'go' | 'stay'>
  /** The one that went ahead met no refusal of the account: the others may follow. Called after every send that brought no hold. */
  proved(number: string): void
  /** How many could leave at once, over all numbers that do not hold. */
  room(now: number): number
}

/** The one that goes ahead is waited for so long; a provider that is merely slow does not stop the others. */
const TRIAL_MS = 2000

/** A token bucket per number: `perSecond` a second, a burst of one second at most. Real time, because the provider counts in real time. */
export function createPace(perSecond: ReadonlyMap<string, number>, now: () => number): Pace {
  const holds = new Map<string, { until: number; reason: string }>()
  const nextFree = new Map<string, number>()
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

  const gap = (number: string): number => 1000 / (perSecond.get(number) ?? 1)
  /** Time at which the next message of a number may leave, when one left at `nextFree` at the latest; a second of silence allows a burst. */
  const earliest = (number: string): number => Math.max(nextFree.get(number) ?? 0, performance.now() - 1000 + gap(number))

  return {
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
    async turn(number, signal, withinMs) {
      const trial = trials.get(number)
      if (trial?.underway) await before(trial.ended, TRIAL_MS, signal)
      if (signal.aborted || (holds.get(number)?.until ?? 0) > now()) return 'stay'
      const ahead = trials.get(number)
      if (ahead) ahead.underway = true
      const at = earliest(number)
      nextFree.set(number, at + gap(number))
      const wait = at - performance.now()
      if (wait > 0) await before(new Promise(() => {}), Math.min(wait, withinMs), signal)
      if (!signal.aborted && wait <= withinMs) return 'go'
      if (ahead) onTrial(number)
      return 'stay'
    },
    room(now) {
      const open = [...perSecond.keys()].filter((number) => (holds.get(number)?.until ?? 0) <= now)
      return open.reduce((sum, number) => sum + Math.max(0, Math.floor((performance.now() - earliest(number)) / gap(number)) + 1), 0)
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
