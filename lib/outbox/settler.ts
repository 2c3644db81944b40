import type { Db } from '../store/database'
import type { Settlement } from '../store/departures'
import type { MessageRow } from '../store/messages'
import { type SettledAs, settleTogether } from '../store/settlements'

/** Messages whose end is written down with one commit at most. */
const BATCH = 256

interface Waiting {
  message: MessageRow
  settlement: Settlement
  resolve: (as: SettledAs) => void
  reject: (error: unknown) => void
}

/**
 * Writes down what became of messages. Those that end while a commit is under way share the next one, so that a busy outbox pays for one fsync and not
 * for hundreds. Resolves when it is committed; rejects when it is not, and then it may be asked again.
 */
export function createSettler(db: () => Db, now: () => number): (message: MessageRow, settlement: Settlement) => Promise<SettledAs> {
  const waiting: Waiting[] = []
  let writing = false

  const write = async (): Promise<void> => {
    while (waiting.length > 0) await settle(waiting.splice(0, BATCH))
    writing = false
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

  return (message, settlement) =>
    new Promise((resolve, reject) => {
      waiting.push({ message, settlement, resolve, reject })
      if (writing) return
      writing = true
      setImmediate(() => void write())
    })
}
