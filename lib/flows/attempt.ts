import { AsyncLocalStorage } from 'node:async_hooks'
import type { EventRow } from '../store/events'

/** The listener within which code runs now, however deep in the host's own functions. */
export interface Running {
  event: EventRow
  listener: string
  signal: AbortSignal
  /** How often `wa.send` was called within it so far. */
  sends: number
  /** What goes on behind the listener's back when it has ended is nobody's attempt. */
  ended: boolean
}
const running = new AsyncLocalStorage<Running>()

/** Runs a listener so that what it calls can know of it. */
export function asAttempt<T>(attempt: Pick<Running, 'event' | 'listener' | 'signal'>, work: () => Promise<T>): Promise<T> {
  const store: Running = { ...attempt, sends: 0, ended: false }
  return running.run(store, work).finally(() => {
    store.ended = true
  })
}

/** The attempt that runs here; null outside a listener, and when it has ended. */
export function attemptHere(): Running | null {
  const here = running.getStore()
  return here && !here.ended ? here : null
}
