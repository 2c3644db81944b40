import type { Incoming } from '../model/event'
import { type Arrival, conversationsOf, storeArrivals, storesTogether } from '../store/arrivals'
import type { Db } from '../store/database'
import { hashOf } from '../store/rows'
import { type Entry, entryOf } from './entry'
import type { Post } from './post'

/** Customers who were met lately, by how they call: their conversation. The store checks each again as it writes. */
export type Met = Map<string, number>
/** Of a few megabytes; the least lately met are looked up again. */
const REMEMBERED = 20_000

/**
 * Stores those of the posts that hold nothing unusual with one statement, and answers the others, and the conversations where something was said.
 * Unusual: no id (the bytes decide), a customer who is new or brings something new, a customer who moved.
 * Throws when the statement is refused: then nothing of it is there, and every post is stored with care.
 */
export async function storeTogether(db: Db, posts: readonly Post[], met: Met, now: number): Promise<{ stored: Post[]; others: Post[]; touched: number[] }> {
  if (!storesTogether(db)) return { stored: [], others: [...posts], touched: [] }
  const entries = new Map(
    posts.map((post) => [post, post.items.every(isUsual) ? post.items.map((item) => ({ item, entry: entryOf(item, post.number, now) })) : null]),
  )
  await meet(
    db,
    [...entries.values()].flatMap((usual) => (usual ?? []).map(({ entry }) => entry)),
    met,
  )

  const stored: Post[] = []
  const arrivals: Arrival[] = []
  for (const [post, usual] of entries) {
    const found = usual?.map(({ item, entry }) => arrivalOf(item, entry, met))
    if (!found?.every((arrival) => arrival !== null)) continue
    arrivals.push(...found)
    stored.push(post)
  }
  try {
    if (arrivals.length > 0) await storeArrivals(db, arrivals, now)
  } catch (error) {
    met.clear()
    throw error
  }
  const touched = arrivals.flatMap(({ message }) => message?.conversationId ?? [])
  return { stored, others: posts.filter((post) => !stored.includes(post)), touched }
}

const isUsual = (item: Incoming): boolean => item.dedupe !== null && !(item.kind === 'message' && item.moved !== undefined)

const callOf = ({ event, said }: Entry): string => JSON.stringify([event.number, said?.who.phone, said?.who.bsuid, said?.who.username, said?.who.name])

/** Looks up the customers who were not met yet. */
async function meet(db: Db, entries: readonly Entry[], met: Met): Promise<void> {
  const strangers = new Map<string, { number: string; who: NonNullable<Entry['said']>['who'] }>()
  for (const entry of entries) {
    if (entry.said === null) continue
    const call = callOf(entry)
    if (!met.has(call)) strangers.set(call, { number: entry.event.number, who: entry.said.who })
  }
  if (strangers.size === 0) return
  const conversations = await conversationsOf(db.write, [...strangers.values()])
  for (const [index, call] of [...strangers.keys()].entries()) {
    const conversation = conversations[index]
    if (conversation !== null && conversation !== undefined) met.set(call, conversation)
  }
  for (const call of met.keys()) {
    if (met.size <= REMEMBERED) break
    met.delete(call)
  }
}

function arrivalOf(item: Incoming, entry: Entry, met: Met): Arrival | null {
  const dedupe = dedupeOf(entry.event.number, item.dedupe ?? '')
  if (entry.said === null) return { ...entry.event, dedupe, message: null }
  const conversationId = met.get(callOf(entry))
  return conversationId === undefined ? null : { ...entry.event, dedupe, message: { ...entry.said, conversationId } }
}

/** The unique key of an item that carries an id. */
export const dedupeOf = (number: string, dedupe: string): string => hashOf(`${number}\n${dedupe}`)
