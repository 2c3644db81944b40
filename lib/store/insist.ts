import { WaError } from '../errors'

const FIRST_WAIT_MS = 50
const LONGEST_WAIT_MS = 2000

/**
 * Records what has happened although the database hiccups: asks again with growing patience, for `forMs` in all, then throws the last error.
 * `mayPass` says which errors pass by themselves; all of them unless told. What `work` does must bear being done twice: an answer that was lost on the way back may hide a success.
 */
export async function insist<T>(work: () => Promise<T>, forMs: number, mayPass: (error: unknown) => boolean = () => true): Promise<T> {
  const until = performance.now() + forMs
  for (let tries = 0; ; tries++) {
    try {
      return await work()
    } catch (error) {
      // An error of ours (closed, aborted) will not pass by itself.
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries) * (0.5 + Math.random() / 2)
      if (error instanceof WaError || !mayPass(error) || performance.now() + wait > until) throw error
      await new Promise((wake) => setTimeout(wake, wait))
    }
  }
}
