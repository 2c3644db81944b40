import type { Status } from '../model/message'
import type { Actor } from '../store/audit'
import type { ContactRef } from '../store/contacts'
import type { ConversationRow, Step } from '../store/conversations'
import type { Query } from '../store/database'
import type { Attempted } from '../store/queue'
import type { Ready } from './ready'
import type { Drawn } from './resolve'
import type { Seat } from './seats'

/** A decision to send, complete but for its row. */
export interface Decision {
  to: ContactRef
  number: string
  drawn: Drawn
  replyTo?: number | null
  meta?: Record<string, string> | null
  by?: Actor | null
  /** The same key and fingerprint is the same message; the same key with another fingerprint is refused. Hashes. */
  idempotency?: { key: string; fingerprint: string } | null
  /** Where the customer stands from now on, whether the row is new or was there. */
  step?: Omit<Step, 'messageId'> | null
  /** First in the transaction: throws when whoever decides may no longer decide. */
  guard?: (trx: Query) => Promise<void>
  /** The attempt that decides: throws WA_ABORTED when it is no longer the one. */
  attempt?: Attempted
  /** The conversation of that attempt, when it is there that this is said. */
  conversation?: Pick<ConversationRow, 'id' | 'contact_id' | 'number'> | null
  /** An answer to the customer's own words goes out also to somebody who wants no messages. */
  answering?: boolean
}
export interface EnqueueOptions {
  numbers: ReadonlySet<string>
  /** Milliseconds after which a message that could not leave is given up. */
  expireAfterMs: number
  /** Messages an hour to one recipient; a loop between two robots stops here. */
  perRecipientHour: number
  /** Is handed what leaves, as the wire will have it. */
  ready: Ready
  /** A seat for a message of this number that may leave at once; null when there is none. */
  seat: (number: string) => Promise<Seat | null>
}
export interface Queued {
  id: number
  status: Status
  conversationId: number
  /** It is on its way already: nobody need look for it. */
  leaves: boolean
}

/** Within it `perRecipientHour` counts. */
export const HOUR_MS = 3_600_000
