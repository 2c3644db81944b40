import type { Incoming } from '../model/event'

/** A body that waits for its commit. */
export interface Post {
  number: string
  items: Incoming[]
  body: Buffer
  /** When it came, by `performance.now()`. */
  since: number
  resolve: () => void
  reject: (error: unknown) => void
}
