import type { Incoming } from '../model/event'
import type { Usual } from './usual'

/** A body that waits for its commit. */
export interface Post {
  number: string
  body: Buffer
  /** What it holds, read once more: seldom wanted, and a batch that waits holds fewer objects. */
  items: () => readonly Incoming[]
  /** What it holds, ready to be stored beside others; null when some of it is out of the ordinary, or where each is stored by itself. */
  usual: readonly Usual[] | null
  /** When it came, by `performance.now()`. */
  since: number
  resolve: () => void
  reject: (error: unknown) => void
}
