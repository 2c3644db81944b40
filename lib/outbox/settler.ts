import type { Db } from '../store/database'
import { gather } from '../store/gather'
import { acceptTogether, releaseLate, type Settled, type SettledAs, settleTogether } from '../store/settlements'

/** Messages whose end is written down with one commit at most. */
const BATCH = 256

/**
 * Writes down what became of messages. Those that end while a commit is under way share the next one, so that a busy outbox pays for one fsync and not
 * for hundreds. Resolves when it is committed, and statuses that had been laid aside went back to the inbox; rejects when one of the two was not to be
 * had, and then it may be asked again.
 */
export function createSettler(db: () => Db, now: () => number): (settled: Settled) => Promise<SettledAs> {
  // What is wrong is told where it is settled with care.
  const accept = gather(async (batch: readonly Settled[]) => {
    const taken = await acceptTogether(db(), batch, now()).catch(() => new Set<number>())
    return batch.map(({ message }) => taken.has(message.id))
  }, BATCH)
  const settle = gather((batch: readonly Settled[]) => settleTogether(db(), batch, now()), BATCH)
  const look = gather((batch: readonly Settled[]) => releaseLate(db(), batch, now()), BATCH)

  return async (settled) => {
    const as = (await accept(settled)) ? { mine: true, released: 0 } : await settle(settled)
    // Sqlite has one writer: nothing is laid aside while it commits.
    return db().dialect === 'sqlite' ? as : { ...as, released: as.released + (await look(settled)) }
  }
}
