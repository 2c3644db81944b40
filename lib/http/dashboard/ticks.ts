import type { StatusError } from '../../model/event'
import type { Status } from '../../model/message'

/** Where a message of ours stands, as a customer of WhatsApp knows it: a clock, one tick, two, two blue ones. */
export interface Ticks {
  kind: 'clock' | 'one' | 'two' | 'blue' | 'failed' | 'unsure' | 'off'
  /** For those who cannot see the symbol, and as its tooltip. */
  label: string
  /** What went wrong, in plain words, and what to do. */
  trouble: { title: string; advice: string } | null
}

const SHOWN: Record<Status, readonly [kind: Ticks['kind'], label: string]> = {
  queued: ['clock', 'Waiting to leave'],
  sending: ['clock', 'Leaving now'],
  accepted: ['one', 'Accepted by the provider'],
  sent: ['one', 'Sent'],
  delivered: ['two', 'Delivered'],
  read: ['blue', 'Read'],
  played: ['blue', 'Played'],
  failed: ['failed', 'Not delivered'],
  uncertain: ['unsure', 'Nobody knows whether it arrived'],
  expired: ['off', 'Given up: it could not leave in time'],
  canceled: ['off', 'Canceled'],
}

export function ticksOf(status: Status, error: StatusError | null): Ticks {
  const [kind, label] = SHOWN[status]
  return { kind, label, trouble: troubleOf(status, error) }
}

function troubleOf(status: Status, error: StatusError | null): Ticks['trouble'] {
  if (error && status !== 'delivered' && status !== 'read' && status !== 'played')
    return { title: error.code ? `${error.title} (${error.code})` : error.title, advice: error.advice }
  if (status === 'uncertain')
    return { title: 'No answer came from the provider.', advice: 'It may have arrived. Wait for a status, or ask the customer before you send it again.' }
  if (status === 'expired') return { title: 'It could not leave in time.', advice: 'Send it again if it still matters.' }
  if (status === 'failed') return { title: 'It was not delivered.', advice: 'The provider gave no reason.' }
  return null
}
