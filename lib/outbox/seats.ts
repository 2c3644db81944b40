import { leaseToken } from '../store/lease'
import type { Outgoing } from '../store/outgoing'
import type { Worker } from '../worker'
import type { OutboxWork } from './drain'

/** Room for one message that its maker writes down as `sending`, under this lease: it needs no claim, and leaves once that is committed. */
export interface Seat {
  token: string
  leaseMs: number
  /** It is written down: it leaves. */
  go(outgoing: Outgoing): void
  /** It was not written down, or waits in the queue. */
  leave(): void
  /** Nobody knows whether it was written down: if it was, it goes back to the queue. */
  lost(): void
}

/** A seat for a message of this number; null when its rate has no place at this moment, or all are taken. */
export async function seatFor(number: string, work: OutboxWork, worker: Pick<Worker<Outgoing>, 'reserve'>, holder: string): Promise<Seat | null> {
  const place = (await work.mayLeave(number)) ? worker.reserve() : null
  if (place === null) return null
  const token = leaseToken(holder)
  return {
    token,
    leaseMs: work.leaseMs,
    go: place.start,
    leave: place.leave,
    lost() {
      work.disown(token)
      place.leave()
    },
  }
}
