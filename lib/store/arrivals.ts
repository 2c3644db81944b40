import type { EventState, Who } from '../model/event'
import { ARRIVALS_POSTGRES } from './arrivals-postgres'
import { ARRIVALS_SQLITE, ARRIVALS_SQLITE_SEEN, FIELDS } from './arrivals-sqlite'
import type { Db } from './database'
import { eventKey } from './events'
import type { HeadText } from './heads'
import { providerKey } from './messages'
import { onConnection } from './prepared'
import { storable, toJson } from './rows'

/** One event that came through the door, and for a customer's words the message that it is. */
export interface Arrival {
  dedupe: string
  number: string
  type: string
  state: EventState
  payload: unknown
  raw: string
  error: string | null
  at: number
  providerKey: string | null
  ref: string | null
  message: ArrivedMessage | null
}
export interface ArrivedMessage {
  conversationId: number
  who: Who
  text: string | null
  payload: unknown
  providerId: string | null
  replyId: string | null
  /** Provider id of the message that is answered. */
  replyTo: string | null
  /** What makes the customer's own message one event, when it may be that which is quoted. */
  quoted: string | null
  /** What the list of conversations shows: storable, at most 200 characters. */
  words: string
  /** Opens the session window. */
  isTurn: boolean
}

/** Whether arrivals can be stored together here; MariaDB stores them one by one, within one transaction. */
export const storesTogether = (db: Db): boolean => db.dialect !== 'mysql'

/**
 * Stores a batch with one statement and one commit: events that are new, their messages, what their conversations show. Doubles change nothing.
 * All or nothing: throws when one of them cannot be stored, or when a conversation is no longer that of the customer it was looked up for
 * (merged, erased, a new number meanwhile). The caller then stores each with care. With `look` sqlite answers them as the inbox finds them, in the same look.
 */
export async function storeArrivals(db: Db, arrivals: readonly Arrival[], now: number, look = false): Promise<HeadText[]> {
  const once = new Map(arrivals.map((arrival) => [arrival.dedupe, arrival]))
  const rows = Array.from(once.values(), rowOf)
  // sqlite finds the eighth of a list faster than the field of a name.
  const given = JSON.stringify(db.dialect === 'sqlite' ? rows.map((row) => FIELDS.map((field) => row[field])) : rows)
  if (db.dialect === 'sqlite') {
    const rows = await onConnection(db.write, (run) => run<{ head: HeadText }>(look ? ARRIVALS_SQLITE_SEEN : ARRIVALS_SQLITE, [given, now]))
    return look ? rows.map(({ head }) => head) : []
  }
  const refused = await onConnection(db.write, (run) => run<{ moved: number | string }>(ARRIVALS_POSTGRES, [given, now]))
  if (Number(refused[0]?.moved ?? 0) > 0) throw new Error('a customer moved while the batch was written')
  return []
}

type Row = Record<(typeof FIELDS)[number], string | number | null>

/** Always all of the fields: rows of one shape are read and written faster. */
function rowOf(arrival: Arrival): Row {
  const { message } = arrival
  return {
    dedupe: arrival.dedupe,
    number: arrival.number,
    type: arrival.type,
    state: arrival.state,
    payload: arrival.payload === null ? null : storable(toJson(arrival.payload) ?? ''),
    raw: storable(arrival.raw),
    error: arrival.error,
    at: arrival.at,
    provider_key: arrival.providerKey,
    ref: arrival.ref,
    conversation_id: message?.conversationId ?? null,
    phone: message?.who.phone ?? null,
    bsuid: message?.who.bsuid ?? null,
    text: message?.text == null ? null : storable(message.text),
    content: toJson(message?.payload),
    provider_id: message?.providerId?.slice(0, 255) ?? null,
    reply_id: message?.replyId == null ? null : storable(message.replyId.slice(0, 256)),
    reply_key: message?.replyTo == null ? null : providerKey(arrival.number, message.replyTo),
    quoted: message?.quoted == null ? null : eventKey(arrival.number, message.quoted),
    words: message?.words ?? null,
    inbound_at: message?.isTurn ? arrival.at : null,
  }
}
