import { reasonOf, WaError } from '../errors'
import type { Logger } from '../log'
import { type Incoming, type IncomingMessage, TURNS } from '../model/event'
import type { Knock, Provider } from '../providers/provider'
import { ensureContact, moveContact } from '../store/contacts'
import { ensureConversation, touchConversation } from '../store/conversations'
import type { Db, Query } from '../store/database'
import { insertEvent, seenSince, tieEvent } from '../store/events'
import { insertInbound, messageByProviderId, providerKey } from '../store/messages'
import { isRefusal } from '../store/refusal'
import { hashOf } from '../store/rows'

/** Bodies without an id: the same bytes within this time are one event. */
const SAME_BYTES_MS = 120_000
/** A provider's clock that runs ahead opens no window in the future. */
const CLOCK_SKEW_MS = 300_000
/** A provider waits ten seconds for us. What is not stored by then is refused; should it be stored after all, it is known when it comes again. */
const ACK_MS = 7000
/** Items in one commit at most. */
const BATCH = 512

export interface DoorParts {
  db: () => Db
  providers: ReadonlyMap<string, Provider>
  now: () => number
  log: Logger
  /** New events stand in the inbox. */
  arrived: (conversationIds: readonly number[]) => void
  /** Something knocked that was not let in: counted, and told seldom. */
  refused: (number: string, status: number, reason: string) => void
  /** Something authentic came. */
  heard: (number: string) => void
}
export interface Answered {
  status: number
  headers: Record<string, string>
  body: string
}
interface Post {
  number: string
  items: Incoming[]
  body: Buffer
  resolve: () => void
  reject: (error: unknown) => void
}

/**
 * The webhook door. The 200 is a promise: it is given after the commit, and never waits for a listener.
 * Bodies that arrive together share one transaction, so that a burst costs one fsync and not hundreds.
 */
export function createDoor(parts: DoorParts): (number: string, knock: Knock) => Promise<Answered> {
  const queue: Post[] = []
  let flushing = false

  const flush = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = queue.splice(0, BATCH)
      try {
        const touched = await storeAll(parts, batch)
        parts.arrived(touched)
        for (const post of batch) post.resolve()
      } catch (error) {
        // One bad item must not fail its neighbours: each body once more, alone. A database that is away is no fault of theirs: the provider comes again.
        if (!isRefusal(error)) for (const post of batch) post.reject(error)
        else if (batch.length > 1) await Promise.all(batch.map((post) => storeAlone(parts, post)))
        else for (const post of batch) await storePieces(parts, post, error)
      }
    }
    flushing = false
  }

  const commit = (number: string, items: Incoming[], body: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      queue.push({ number, items, body, resolve, reject })
      if (flushing) return
      flushing = true
      setImmediate(() => void flush())
    })

  return async (number, knock) => {
    const provider = parts.providers.get(number)
    if (!provider) return answer(404, 'there is no such number here')
    const verdict = provider.verify(knock)
    if ('answer' in verdict) return { status: verdict.answer.status, headers: { 'Content-Type': verdict.answer.contentType }, body: verdict.answer.body }
    if (!verdict.ok) {
      parts.refused(number, verdict.status, verdict.reason)
      return answer(verdict.status, verdict.status === 503 ? 'not configured yet' : 'refused', verdict.status === 503 ? { 'Retry-After': '30' } : {})
    }
    if (knock.method === 'GET') return answer(200, 'ok')
    parts.heard(number)
    try {
      await inTime(commit(number, provider.parse(knock.body), knock.body))
      return answer(200, 'ok')
    } catch (error) {
      parts.log.error({ number, error: reasonOf(error) }, 'a webhook could not be stored; the provider is asked to come again')
      return answer(503, 'try again', { 'Retry-After': '30' })
    }
  }
}

async function inTime(stored: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new WaError('WA_DATABASE', `The database did not take it within ${ACK_MS / 1000} s.`)), ACK_MS)
  })
  try {
    await Promise.race([stored, late])
  } finally {
    clearTimeout(timer)
  }
}

const answer = (status: number, body: string, headers: Record<string, string> = {}): Answered => ({
  status,
  headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers },
  body,
})

async function storeAll(parts: DoorParts, batch: readonly Post[]): Promise<number[]> {
  if (batch.every((post) => post.items.length === 0)) return []
  const db = parts.db()
  return db.tx(async (trx) => {
    const touched: number[] = []
    for (const post of batch) {
      for (const [index, item] of post.items.entries()) {
        const conversation = await store(parts, trx, db, post, item, index)
        if (conversation !== null) touched.push(conversation)
      }
    }
    return touched
  })
}

async function storeAlone(parts: DoorParts, post: Post): Promise<void> {
  try {
    parts.arrived(await storeAll(parts, [post]))
    post.resolve()
  } catch (error) {
    if (!isRefusal(error)) post.reject(error)
    else await storePieces(parts, post, error)
  }
}

/** The database refuses this body as a whole: every item alone, and what it will not take as that is kept as unrecognised. */
async function storePieces(parts: DoorParts, post: Post, cause: unknown): Promise<void> {
  try {
    const db = parts.db()
    for (const [index, item] of post.items.entries()) {
      try {
        const conversation = await db.tx((trx) => store(parts, trx, db, post, item, index))
        if (conversation !== null) parts.arrived([conversation])
      } catch (error) {
        // Trouble of a moment: the provider comes again, and a tap is not kept as something that nobody can handle.
        if (!isRefusal(error)) throw error
        await db.tx((trx) =>
          store(
            parts,
            trx,
            db,
            post,
            { kind: 'unrecognised', what: `not storable: ${reasonOf(error)}`.slice(0, 200), dedupe: item.dedupe, raw: item.raw, at: item.at },
            index,
          ),
        )
      }
    }
    parts.arrived([])
    post.resolve()
  } catch {
    post.reject(cause)
  }
}

/** One item: the event, and for a message who said it, where, and the words. Answers the conversation, or null for a duplicate or a status. */
async function store(parts: DoorParts, trx: Query, db: Db, post: Post, item: Incoming, index: number): Promise<number | null> {
  const now = parts.now()
  const key = await dedupeOf(trx, post, item, index, now)
  if (key === null) return null
  const base = { dedupe: key, number: post.number, raw: item.raw, at: timeOf(item, now), now }
  if (item.kind === 'unrecognised') {
    await insertEvent(trx, db, { ...base, type: 'unrecognised', payload: { what: item.what }, state: 'unrecognised', error: item.what })
    return null
  }
  if (item.kind === 'status') {
    const { raw: _raw, dedupe: _dedupe, at: _at, kind: _kind, ...payload } = item
    await insertEvent(trx, db, {
      ...base,
      type: 'status',
      payload,
      state: 'waiting',
      providerKey: providerKey(post.number, item.providerId),
      ref: item.ref?.slice(0, 64) ?? null,
    })
    return null
  }
  return storeMessage(trx, db, post.number, item, base, now)
}

async function storeMessage(
  trx: Query,
  db: Db,
  number: string,
  item: IncomingMessage,
  base: { dedupe: string; number: string; raw: string; at: number; now: number },
  now: number,
): Promise<number | null> {
  if (item.who.phone === null && item.who.bsuid === null) {
    await insertEvent(trx, db, {
      ...base,
      type: item.type,
      payload: { what: 'no sender' },
      state: 'unrecognised',
      error: 'The message names no sender: neither a phone number nor a user id.',
    })
    return null
  }
  const eventId = await insertEvent(trx, db, { ...base, type: item.type, payload: null, state: 'waiting' })
  if (eventId === null) return null
  const known = await ensureContact(trx, db, item.who, now)
  const contact = item.moved ? await moveContact(trx, db, known, item.moved, now) : known
  const conversation = await ensureConversation(trx, db, number, contact.id, now)
  const answered = item.replyTo === null ? null : await messageByProviderId(trx, number, item.replyTo)
  const messageId = await insertInbound(trx, db, {
    number,
    conversationId: conversation.id,
    type: item.type,
    text: item.text,
    payload: payloadOf(item),
    providerId: item.providerId,
    replyId: item.reply?.id ?? null,
    replyTo: answered?.id ?? null,
    menu: answered?.menu_key && answered.menu_version !== null ? { key: answered.menu_key, version: answered.menu_version } : null,
    at: base.at,
    now,
  })
  await tieEvent(trx, eventId, { conversation_id: conversation.id, message_id: messageId })
  const isTurn = TURNS.has(item.type)
  await touchConversation(trx, conversation, { id: messageId, direction: 'in', text: item.text ?? `[${item.type}]`, at: now }, isTurn ? base.at : null, now)
  return conversation.id
}

/** The structured part that its row keeps. */
function payloadOf(item: IncomingMessage): Record<string, unknown> {
  const { reply, media, location, form, reaction, original, moved, reason, replyTo } = item
  // The provider gave no time that could be read: its arrival stands in the row.
  const untimed = item.at === null ? true : undefined
  return Object.fromEntries(
    Object.entries({ reply, media, location, form, reaction, original, moved, reason, replyTo, untimed }).filter(
      ([, value]) => value !== undefined && value !== null,
    ),
  )
}

/** The provider's time; the arrival when it gave none. A time in the future counts as now. */
const timeOf = (item: Incoming, now: number): number => (item.at === null || item.at > now + CLOCK_SKEW_MS ? now : item.at)

/** The unique key of an item; null when the same bytes came within two minutes and carried no id. */
async function dedupeOf(trx: Query, post: Post, item: Incoming, index: number, now: number): Promise<string | null> {
  if (item.dedupe !== null) return hashOf(`${post.number}\n${item.dedupe}`)
  const keyAt = (slot: number): string => hashOf(`${post.number}\nbytes\n${slot}\n${index}\n${hashOf(post.body.toString('latin1'))}`)
  const slot = Math.floor(now / SAME_BYTES_MS)
  return (await seenSince(trx, [keyAt(slot), keyAt(slot - 1)], now - SAME_BYTES_MS)) ? null : keyAt(slot)
}
