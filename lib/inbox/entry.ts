import { type Incoming, type IncomingMessage, TURNS } from '../model/event'
import type { Arrival, ArrivedMessage } from '../store/arrivals'
import { providerKey } from '../store/messages'
import { storable } from '../store/rows'

/** What an item becomes in the inbox: its event, and for a customer's words the message, whose conversation is still to be found. */
export interface Entry {
  event: Omit<Arrival, 'dedupe' | 'message'>
  said: ArrivedMessage | null
}

/** A provider's clock that runs ahead opens no window in the future. */
const CLOCK_SKEW_MS = 300_000

/** Both ways into the store, together and one by one, begin here. */
export function entryOf(item: Incoming, number: string, now: number): Entry {
  const base = { number, payload: null, raw: item.raw, error: null, at: timeOf(item, now), providerKey: null, ref: null }
  if (item.kind === 'unrecognised') {
    return { event: { ...base, type: 'unrecognised', payload: { what: item.what }, state: 'unrecognised', error: item.what }, said: null }
  }
  if (item.kind === 'status') {
    const { raw: _raw, dedupe: _dedupe, at: _at, kind: _kind, ...payload } = item
    const keys = { providerKey: providerKey(number, item.providerId), ref: item.ref?.slice(0, 64) ?? null }
    return { event: { ...base, ...keys, type: 'status', payload, state: 'waiting' }, said: null }
  }
  if (item.who.phone === null && item.who.bsuid === null) {
    const error = 'The message names no sender: neither a phone number nor a user id.'
    return { event: { ...base, type: item.type, payload: { what: 'no sender' }, state: 'unrecognised', error }, said: null }
  }
  return { event: { ...base, type: item.type, state: 'waiting' }, said: saidIn(item) }
}

function saidIn(item: IncomingMessage): Entry['said'] {
  return {
    who: item.who,
    text: item.text,
    payload: payloadOf(item),
    providerId: item.providerId,
    replyId: item.reply?.id ?? null,
    replyTo: item.replyTo,
    quoted: quotedBy(item),
    words: storable((item.text ?? `[${item.type}]`).slice(0, 200)),
    isTurn: TURNS.has(item.type),
  }
}

/**
 * Key of the customer's own words, when it is those that they quote. Of what came in the key of its event is the only one that is kept: it is made of
 * the id in the same way as this item's. A tap answers something of ours.
 */
function quotedBy({ dedupe, providerId, replyTo, reply }: IncomingMessage): string | null {
  if (reply !== undefined || replyTo === null || providerId === null || !dedupe?.endsWith(providerId)) return null
  return `${dedupe.slice(0, -providerId.length)}${replyTo}`
}

const KEPT = ['reply', 'media', 'location', 'form', 'reaction', 'original', 'moved', 'reason'] as const

/** The structured part that its row keeps. What it answers stands in a column of its own, and as it came in the event. */
function payloadOf(item: IncomingMessage): Record<string, unknown> {
  const payload: Record<string, unknown> = {}
  for (const name of KEPT) if (item[name] !== undefined && item[name] !== null) payload[name] = item[name]
  // The provider gave no time that could be read: its arrival stands in the row.
  if (item.at === null) payload.untimed = true
  return payload
}

/** The provider's time; the arrival when it gave none. A time in the future counts as now. */
const timeOf = (item: Incoming, now: number): number => (item.at === null || item.at > now + CLOCK_SKEW_MS ? now : item.at)
