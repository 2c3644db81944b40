import { reasonOf } from '../errors'
import type { Incoming } from '../model/event'
import { ensureContact, moveContact } from '../store/contacts'
import { ensureConversation, touchConversation } from '../store/conversations'
import type { Db, Query } from '../store/database'
import { eventKey, insertEvent, messageOfEvent, seenSince, tieEvent } from '../store/events'
import { insertInbound, type MessageRow, messageById, messageByProviderId } from '../store/messages'
import { isRefusal } from '../store/refusal'
import { hashOf } from '../store/rows'
import { entryOf } from './entry'
import type { Post } from './post'

/** Bodies without an id: the same bytes within this time are one event. */
const SAME_BYTES_MS = 120_000

/**
 * Stores posts item by item within one commit: whoever is new is made, whoever proves to be another one is merged. When the database refuses the
 * batch, each post is stored alone, and when it refuses that, each item: one bad row must not fail its neighbours.
 * `stored` is told of every post that is there, `failed` of every post that is not.
 */
export async function storeWithCare(
  db: Db,
  posts: readonly Post[],
  now: number,
  stored: (posts: readonly Post[], touched: readonly number[]) => void,
  failed: (posts: readonly Post[], error: unknown) => void,
): Promise<void> {
  try {
    const touched = await db.tx(async (trx) => {
      const found: (number | null)[] = []
      for (const post of posts) for (const [index, item] of post.items().entries()) found.push(await store(trx, db, post, item, index, now))
      return found
    })
    stored(
      posts,
      touched.filter((id) => id !== null),
    )
  } catch (error) {
    // A database that is away, full or busy is not asked once more for every post: the provider comes again, and no word is kept as unrecognised for it.
    if (!isRefusal(error)) return failed(posts, error)
    if (posts.length > 1) for (const post of posts) await storeWithCare(db, [post], now, stored, failed)
    else for (const post of posts) await storePieces(db, post, now, stored, failed)
  }
}

/** The database refuses this body as a whole: every item alone, and what it will not take as that is kept as unrecognised. */
async function storePieces(
  db: Db,
  post: Post,
  now: number,
  stored: (posts: readonly Post[], touched: readonly number[]) => void,
  failed: (posts: readonly Post[], error: unknown) => void,
): Promise<void> {
  const touched: number[] = []
  try {
    for (const [index, item] of post.items().entries()) {
      try {
        const conversation = await db.tx((trx) => store(trx, db, post, item, index, now))
        if (conversation !== null) touched.push(conversation)
      } catch (error) {
        // Trouble of a moment: the provider comes again, and a tap is not kept as something that nobody can handle.
        if (!isRefusal(error)) throw error
        const what = `not storable: ${reasonOf(error)}`.slice(0, 200)
        await db.tx((trx) => store(trx, db, post, { kind: 'unrecognised', what, dedupe: item.dedupe, raw: item.raw, at: item.at }, index, now))
      }
    }
    stored([post], touched)
  } catch (error) {
    failed([post], error)
  }
}

/** One item: the event, and for a message who said it, where, and the words. Answers the conversation, or null for a duplicate or a status. */
async function store(trx: Query, db: Db, post: Post, item: Incoming, index: number, now: number): Promise<number | null> {
  const key = await keyOf(trx, post, item, index, now)
  if (key === null) return null
  const { event, said } = entryOf(item, post.number, now)
  const eventId = await insertEvent(trx, db, { ...event, dedupe: key, now })
  if (eventId === null || said === null) return null
  const known = await ensureContact(trx, db, said.who, now)
  const contact = item.kind === 'message' && item.moved ? await moveContact(trx, db, known, item.moved, now) : known
  const conversation = await ensureConversation(trx, db, post.number, contact.id, now)
  const answered = said.replyTo === null ? null : await answeredBy(trx, post.number, said.replyTo, said.quoted)
  const { type, at } = event
  const messageId = await insertInbound(trx, db, {
    ...said,
    number: post.number,
    conversationId: conversation.id,
    type,
    replyTo: answered?.id ?? null,
    menu: answered?.menu_key && answered.menu_version !== null ? { key: answered.menu_key, version: answered.menu_version } : null,
    at,
    now,
  })
  await tieEvent(trx, eventId, { conversation_id: conversation.id, message_id: messageId })
  await touchConversation(trx, conversation, { id: messageId, direction: 'in', text: said.words, at: now }, said.isTurn ? at : null, now)
  return conversation.id
}

/** A message of ours, or the customer's own that they quote. */
async function answeredBy(trx: Query, number: string, providerId: string, quoted: string | null): Promise<MessageRow | null> {
  const ours = await messageByProviderId(trx, number, providerId)
  if (ours !== null || quoted === null) return ours
  const own = await messageOfEvent(trx, eventKey(number, quoted))
  return own === null ? null : messageById(trx, own)
}

/** The unique key of an item; null when the same bytes came within two minutes and carried no id. */
async function keyOf(trx: Query, post: Post, item: Incoming, index: number, now: number): Promise<string | null> {
  if (item.dedupe !== null) return eventKey(post.number, item.dedupe)
  const keyAt = (slot: number): string => hashOf(`${post.number}\nbytes\n${slot}\n${index}\n${hashOf(post.body.toString('latin1'))}`)
  const slot = Math.floor(now / SAME_BYTES_MS)
  return (await seenSince(trx, [keyAt(slot), keyAt(slot - 1)], now - SAME_BYTES_MS)) ? null : keyAt(slot)
}
