import { type Placed, storeArrivals } from '../store/arrivals'
import { type Caller, lookUp, welcome } from '../store/callers'
import type { Db } from '../store/database'
import type { HeadText } from '../store/heads'
import type { Post } from './post'
import type { Usual } from './usual'

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
  await meet(db, posts, met, now)
  const stored: Post[] = []
  const arrivals: Placed[] = []
  for (const post of posts) {
    const found = post.usual?.map((one) => placed(one, met))
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
  const touched = arrivals.flatMap(({ conversationId }) => conversationId ?? [])
  if (stored.length === posts.length) return { stored, others: [], touched, heads }
  const there = new Set(stored)
  return { stored, others: posts.filter((post) => !there.has(post)), touched, heads }
}

/** Finds the conversations of customers who were not met yet, and makes those of customers who are new. */
async function meet(db: Db, posts: readonly Post[], met: Met, now: number): Promise<void> {
  const strangers = new Map<string, Caller>()
  for (const { number, usual } of posts)
    for (const { who, dedupe, call } of usual ?? []) if (who !== null && !met.has(call)) strangers.set(call, { number, who, dedupe })
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

function placed({ dedupe, rest, who, call }: Usual, met: Met): Placed | null {
  if (who === null) return { dedupe, rest, conversationId: null }
  const conversationId = met.get(call)
  return conversationId === undefined ? null : { dedupe, rest, conversationId }
}
