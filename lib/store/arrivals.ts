import type { EventState, Who } from '../model/event'
import { ARRIVALS_POSTGRES } from './arrivals-postgres'
import { ARRIVALS_SQLITE, ARRIVALS_SQLITE_SEEN, type FIELDS } from './arrivals-sqlite'
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
  /** JSON; of what is `unrecognised` whatever came. */
  raw: string
  error: string | null
  at: number
  providerKey: string | null
  ref: string | null
  message: ArrivedMessage | null
}
export interface ArrivedMessage {
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

/** An arrival in the words of the statement that stores it, but for its conversation. */
export interface Written {
  dedupe: string
  /** JSON of its row from behind the conversation on. */
  rest: string
}
/** The same with the conversation where the customer's words go; null for what nobody said. */
export interface Placed extends Written {
  conversationId: number | null
}

/** Whether arrivals can be stored together here; MariaDB stores them one by one, within one transaction. */
export const storesTogether = (db: Db): boolean => db.dialect !== 'mysql'

/** Writes a row down as far as it is known before its conversation is: a batch then need only be joined. */
export function writeArrival(db: Db, arrival: Arrival): Written {
  const { dedupe, raw } = arrival
  const row = rowOf(arrival)
  if (db.dialect !== 'sqlite') {
    const texts = { raw: storable(raw), payload: toJson(row.payload), content: toJson(row.content) }
    return { dedupe, rest: JSON.stringify({ ...row, ...texts }).slice(1) }
  }
  // sqlite finds the eighth of a list faster than the field of a name, and gives back JSON within it as it was written: as text in it, it would be
  // escaped here and read again there. (PostgreSQL looks into it, and refuses a \u0000 in some stranger's form.)
  const original = arrival.state === 'unrecognised' ? JSON.stringify(storable(raw)) : raw
  return { dedupe, rest: `${original},${JSON.stringify(Object.values(row)).slice(1)}` }
}

/**
 * Stores a batch with one statement and one commit: events that are new, their messages, what their conversations show. Doubles change nothing.
 * All or nothing: throws when one of them cannot be stored, or when a conversation is no longer that of the customer it was looked up for
 * (merged, erased, a new number meanwhile). The caller then stores each with care. With `look` sqlite answers them as the inbox finds them, in the same look.
 */
export async function storeArrivals(db: Db, arrivals: readonly Placed[], now: number, look = false): Promise<HeadText[]> {
  const once = new Map(arrivals.map((arrival) => [arrival.dedupe, arrival]))
  const before = db.dialect === 'sqlite' ? '[' : '{"conversation_id":'
  const given = `[${Array.from(once.values(), ({ conversationId, rest }) => `${before}${conversationId},${rest}`).join(',')}]`
  if (db.dialect === 'sqlite') {
    const rows = await onConnection(db.write, (run) => run<{ head: HeadText }>(look ? ARRIVALS_SQLITE_SEEN : ARRIVALS_SQLITE, [given, now]))
    return look ? rows.map(({ head }) => head) : []
  }
  const refused = await onConnection(db.write, (run) => run<{ moved: number | string }>(ARRIVALS_POSTGRES, [given, now]))
  if (Number(refused[0]?.moved ?? 0) > 0) throw new Error('a customer moved while the batch was written')
  return []
}

type Row = Record<Exclude<(typeof FIELDS)[number], 'conversation_id' | 'raw'>, unknown>

/** Always all of the fields, in the order of FIELDS: rows of one shape are read and written faster. */
function rowOf(arrival: Arrival): Row {
  const { message } = arrival
  return {
    dedupe: arrival.dedupe,
    number: arrival.number,
    type: arrival.type,
    state: arrival.state,
    payload: arrival.payload,
    error: arrival.error,
    at: arrival.at,
    provider_key: arrival.providerKey,
    ref: arrival.ref,
    phone: message?.who.phone ?? null,
    bsuid: message?.who.bsuid ?? null,
    text: message?.text == null ? null : storable(message.text),
    content: message?.payload ?? null,
    provider_id: message?.providerId?.slice(0, 255) ?? null,
    reply_id: message?.replyId == null ? null : storable(message.replyId.slice(0, 256)),
    reply_key: message?.replyTo == null ? null : providerKey(arrival.number, message.replyTo),
    quoted: message?.quoted == null ? null : eventKey(arrival.number, message.quoted),
    words: message?.words ?? null,
    inbound_at: message?.isTurn ? arrival.at : null,
  }
}
