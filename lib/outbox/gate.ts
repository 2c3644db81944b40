import { whenAborted } from '../providers/aborted'

/** So many may be on their way at the same time; the others wait in turn. */
export interface Gate {
  /** Resolves with true once there is room; with false when the signal comes first. */
  enter(signal: AbortSignal): Promise<boolean>
  leave(): void
}

export function createGate(room: number): Gate {
  let free = room
  const waiting = new Set<(open: boolean) => void>()
  return {
    enter(signal) {
      if (signal.aborted) return Promise.resolve(false)
      if (free > 0) {
        free--
        return Promise.resolve(true)
      }
      return new Promise((resolve) => {
        const settle = (open: boolean): void => {
          waiting.delete(settle)
          forget()
          resolve(open)
        }
        const forget = whenAborted(signal, () => settle(false))
        waiting.add(settle)
      })
    },
    leave() {
      const [next] = waiting
      if (next) next(true)
      else free++
    },
  }
}
