import type { Db } from '../store/database'
import { acceptTogether, releaseLate, type Settled, type SettledAs, settleTogether } from '../store/settlements'

/** Messages whose end is written down with one commit at most. */
const BATCH = 256
/** So many are kept for another look while the database is away. */
const MOST_NAMED = 8 * BATCH

interface Waiting extends Settled {
  resolve: (as: SettledAs) => void
  reject: (error: unknown) => void
}

/**
 * Writes down what became of messages. Those that end while a commit is under way share the next one, so that a busy outbox pays for one fsync and not
 * for hundreds. Resolves when it is committed; rejects when it is not, and then it may be asked again. `released`: statuses that had been laid aside go
 * back to the inbox.
 */
export function createSettler(db: () => Db, now: () => number, released: () => void): (settled: Settled) => Promise<SettledAs> {
  const waiting: Waiting[] = []
  /** Written down, and not yet looked at once more. */
  let named: Settled[] = []
  let writing = false

  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH)
      const rest = await accept(batch)
      if (rest.length > 0) await settle(rest)
      await lookAgain(batch)
    }
    writing = false
  }
  /** Answers those of which more is to be written than that they were accepted. */
  const accept = async (batch: readonly Waiting[]): Promise<readonly Waiting[]> => {
    try {
      const taken = await acceptTogether(db(), batch, now())
      for (const { message, resolve } of batch) if (taken.has(message.id)) resolve({ mine: true, released: 0 })
      return taken.size === batch.length ? [] : batch.filter(({ message }) => !taken.has(message.id))
    } catch {
      // What is wrong is told where each is settled alone.
      return batch
    }
  }
  const settle = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const done = await settleTogether(db(), batch, now())
      for (const [index, { resolve }] of batch.entries()) resolve(done[index] as SettledAs)
    } catch (error) {
      // One that the database will not take must not keep its neighbours from being written down.
      if (batch.length > 1) for (const one of batch) await settle([one])
      else for (const { reject } of batch) reject(error)
    }
  }
  /** What a look that failed did not find is looked for with the next batch. */
  const lookAgain = async (batch: readonly Settled[]): Promise<void> => {
    named = [...named, ...batch].slice(-MOST_NAMED)
    try {
      if ((await releaseLate(db(), named, now())) > 0) released()
      named = []
    } catch {}
  }

  return (settled) =>
    new Promise((resolve, reject) => {
      waiting.push({ ...settled, resolve, reject })
      if (writing) return
      writing = true
      setImmediate(() => void write())
    })
}
