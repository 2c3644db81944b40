import { plain } from '../../model/format'
import { contactsById } from '../../store/contacts'
import { type ConversationFilter, conversationsById } from '../../store/conversations'
import { tookTooLong } from '../../store/deadline'
import { searchMessages } from '../../store/search'
import type { Exchange } from '../exchange'
import { byWords, type Person, personOf } from './person'
import { type Moment, momentOf } from './when'

const MOST = 20
/** Characters before and after the first word that was found. */
const AROUND = 60

/** A message that holds the words that were looked for. */
export interface FoundLine {
  id: number
  conversationId: number
  /** Address below the mount of the thread, open at this message. */
  href: string
  person: Person
  /** Whose words they are, when they are ours. */
  by: string | null
  /** Words around what was found; what was found is marked. */
  words: readonly { text: string; hit: boolean }[]
  time: Moment
}
export interface Found {
  lines: readonly FoundLine[]
  more: boolean
  /** The search was given up because it took too long. */
  slow: boolean
}
export const NOTHING_FOUND: Found = { lines: [], more: false, slow: false }

/** What was said, newest first; only in conversations like these. */
export async function foundIn(x: Exchange, query: string, like: ConversationFilter | undefined): Promise<Found> {
  const { db } = x.engine
  const page = await searchMessages(db.read, db, { text: query, numbers: x.user.numbers, conversations: like, limit: MOST }).catch((error: unknown) => {
    if (tookTooLong(error)) return null
    throw error
  })
  if (page === null) return { ...NOTHING_FOUND, slow: true }
  const conversations = await conversationsById(
    db.read,
    page.items.map((message) => message.conversation_id),
  )
  const contacts = await contactsById(
    db.read,
    [...conversations.values()].map((conversation) => conversation.contact_id),
  )
  const lines = page.items.map(
    (message): FoundLine => ({
      id: message.id,
      conversationId: message.conversation_id,
      href: `/conversations/${message.conversation_id}?around=${message.id}#row-${message.id}`,
      person: personOf(contacts.get(conversations.get(message.conversation_id)?.contact_id ?? 0), x),
      by: message.direction === 'out' ? byWords(message.sent_by, x.t) : null,
      words: excerpt(plain(message.text ?? ''), query),
      time: momentOf(message.created_at, x),
    }),
  )
  return { lines, more: page.next !== null, slow: false }
}

/** The text around the first of the words, in pieces. Words are compared as they are: nothing that was typed becomes a pattern. */
function excerpt(text: string, query: string): { text: string; hit: boolean }[] {
  const low = text.toLowerCase()
  const words = query
    .toLowerCase()
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter((word) => word !== '')
  // Some letters change their length with their case: then nothing is marked.
  if (low.length !== text.length) return [{ text: text.slice(0, AROUND * 2), hit: false }]
  const hits = words.flatMap((word) => (low.includes(word) ? [{ at: low.indexOf(word), length: word.length }] : [])).sort((a, b) => a.at - b.at)
  const from = Math.max(0, (hits[0]?.at ?? 0) - AROUND)
  const to = Math.min(text.length, (hits[0]?.at ?? 0) + AROUND * 2)
  const pieces: { text: string; hit: boolean }[] = []
  let at = from
  for (const hit of hits) {
    if (hit.at < at || hit.at + hit.length > to) continue
    pieces.push({ text: text.slice(at, hit.at), hit: false }, { text: text.slice(hit.at, hit.at + hit.length), hit: true })
    at = hit.at + hit.length
  }
  pieces.push({ text: text.slice(at, to), hit: false })
  return [...(from > 0 ? [{ text: '…', hit: false }] : []), ...pieces, ...(to < text.length ? [{ text: '…', hit: false }] : [])].filter(
    (piece) => piece.text !== '',
  )
}
