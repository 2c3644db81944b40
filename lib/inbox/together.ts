import type { Incoming, Who } from '../model/event'
import { type Arrival, storeArrivals, storesTogether } from '../store/arrivals'
import { type Caller, lookUp, welcome } from '../store/callers'
import type { Db } from '../store/database'
import { eventKey } from '../store/events'
import type { HeadText } from '../store/heads'
import { type Entry, entryOf } from './entry'
import type { Post } from './post'

/** Customers who were met lately, by how they call: their conversation. The store checks each again as it writes. */
export type Met = Map<string, number>
/** Of a few megabytes; the least lately met are looked up again. */
const REMEMBERED = 20_000

export interface Together {
  stored: Post[]
  others: Post[]
  touched: number[]
  /** What was stored, as the inbox finds it, where it was looked at. */
  heads: HeadText[]
}

/**
 * Stores those of the posts that hold nothing unusual with one statement, and answers the others, and the conversations where something was said.
 * Unusual: no id (the bytes decide), a customer who brings something new (a user id, a name) or moved.
 * Throws when the statement is refused: then nothing of it is there, and every post is stored with care.
 */
export async function storeTogether(db: Db, posts: readonly Post[], met: Met, now: number, look = false): Promise<Together> {
  if (!storesTogether(db)) return { stored: [], others: [...posts], touched: [], heads: [] }
  const entries = new Map(posts.map((post) => [post, post.items.every(isUsual) ? post.items.map((item) => usualOf(item, post.number, now)) : null]))
  await meet(
    db,
    [...entries.values()].flatMap((usual) => usual ?? []),
    met,
    now,
  )

  const stored: Post[] = []
  const arrivals: Arrival[] = []
  for (const [post, usual] of entries) {
    const found = usual?.map((one) => arrivalOf(one, met))
    if (!found?.every((arrival) => arrival !== null)) continue
    arrivals.push(...found)
    stored.push(post)
  }
  let heads: HeadText[] = []
  try {
    if (arrivals.length > 0) heads = await storeArrivals(db, arrivals, now, look)
  } catch (error) {
    met.clear()
    throw error
  }
  const touched = arrivals.flatMap(({ message }) => message?.conversationId ?? [])
  if (stored.length === posts.length) return { stored, others: [], touched, heads }
  const there = new Set(stored)
  return { stored, others: posts.filter((post) => !there.has(post)), touched, heads }
}

interface Usual {
  entry: Entry
  dedupe: string
  /** How the customer calls; empty when nobody says anything. */
  call: string
}
const usualOf = (item: Incoming, number: string, now: number): Usual => {
  const entry = entryOf(item, number, now)
  return { entry, dedupe: eventKey(number, item.dedupe ?? ''), call: entry.said === null ? '' : callOf(number, entry.said.who) }
}
const isUsual = (item: Incoming): boolean => item.dedupe !== null && !(item.kind === 'message' && item.moved !== undefined)

const callOf = (number: string, { phone, bsuid, username, name }: Who): string => JSON.stringify([number, phone, bsuid, username, name])

/** Finds the conversations of customers who were not met yet, and makes those of customers who are new. */
async function meet(db: Db, usual: readonly Usual[], met: Met, now: number): Promise<void> {
  const strangers = new Map<string, Caller>()
  for (const { entry, dedupe, call } of usual) {
    if (entry.said === null) continue
    if (!met.has(call)) strangers.set(call, { number: entry.event.number, who: entry.said.who, dedupe })
  }
  const newcomers = await find(db, strangers, met)
  if (newcomers.size === 0) return
  await welcome(db, [...newcomers.values()], now)
  await find(db, newcomers, met)
}

/** Those of them who are known are met; answers those who are new. */
async function find(db: Db, strangers: ReadonlyMap<string, Caller>, met: Met): Promise<Map<string, Caller>> {
  if (strangers.size === 0) return new Map()
  const found = await lookUp(db.write, [...strangers.values()])
  const newcomers = new Map<string, Caller>()
  for (const [index, [call, caller]] of [...strangers].entries()) {
    const conversation = found[index]
    if (conversation === 'new') newcomers.set(call, caller)
    else if (typeof conversation === 'number') met.set(call, conversation)
  }
  for (const call of met.keys()) {
    if (met.size <= REMEMBERED) break
    met.delete(call)
  }
  return newcomers
}

function arrivalOf({ entry, dedupe, call }: Usual, met: Met): Arrival | null {
  if (entry.said === null) return { ...entry.event, dedupe, message: null }
  const conversationId = met.get(call)
  return conversationId === undefined ? null : { ...entry.event, dedupe, message: { ...entry.said, conversationId } }
}
