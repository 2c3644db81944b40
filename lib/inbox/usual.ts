import type { Incoming, Who } from '../model/event'
import { storesTogether, type Written, writeArrival } from '../store/arrivals'
import type { Db } from '../store/database'
import { eventKey } from '../store/events'
import { entryOf } from './entry'

/** An item that can be stored beside others, written down but for its conversation. */
export interface Usual extends Written {
  /** Who says it; null when nobody says anything. */
  who: Who | null
  /** How the customer calls, as one text; empty when nobody says anything. */
  call: string
}

/**
 * The items of a body, ready to be stored beside others: made when the body is read, which is while other bodies wait for their commit.
 * Null when one of them is out of the ordinary (no id, so that the bytes decide; a customer who moved), and where each is stored by itself.
 */
export function usualOf(db: Db, number: string, items: readonly Incoming[], now: number): Usual[] | null {
  return storesTogether(db) && items.every(isUsual) ? items.map((item) => written(db, number, item, now)) : null
}

const isUsual = (item: Incoming): boolean => item.dedupe !== null && !(item.kind === 'message' && item.moved !== undefined)

function written(db: Db, number: string, item: Incoming, now: number): Usual {
  const { event, said } = entryOf(item, number, now)
  const { dedupe, rest } = writeArrival(db, { ...event, dedupe: eventKey(number, item.dedupe ?? ''), message: said })
  return said === null ? { dedupe, rest, who: null, call: '' } : { dedupe, rest, who: said.who, call: callOf(number, said.who) }
}

const callOf = (number: string, { phone, bsuid, username, name }: Who): string => JSON.stringify([number, phone, bsuid, username, name])
