import type { ConversationRow } from '../../store/conversations'
import type { Query } from '../../store/database'
import { listMessages, type MessageRow, messagesById, messagesFrom, offersBetween, tapsOn } from '../../store/messages'
import type { Answer } from '../../store/runs'
import type { Exchange } from '../exchange'
import type { Say } from '../words/say'
import { type Activity, answerWords, type Happened, happenedDuring } from './activities'
import type { Bubble } from './bubble'
import { drawn } from './heard'
import { ticksOf } from './ticks'
import { momentOf } from './when'

/** A row of a thread, oldest first. */
export type ThreadRow =
  | { kind: 'day'; words: string }
  | { kind: 'activity'; words: string; time: { iso: string; short: string } }
  | { kind: 'message'; id: number; bubble: Bubble; remarks: readonly string[]; menu: { key: string; version: number } | null }

export interface Thread {
  rows: ThreadRow[]
  /** Continues with older messages; null at the beginning. */
  older: string | null
}

const PAGE = 40
/** Somebody who reads further up keeps what they see: so many messages may come below it before the page begins anew. */
const HELD = 200

/** Which page of a thread: `after` in older messages; else the newest, that begins at the message `from` for somebody who reads there. */
export interface Place {
  after: string | undefined
  from: number | null
}

/** One page of a conversation, with what was tapped on which menu and who was in charge when. */
export async function threadOf(x: Exchange, conversation: ConversationRow, { after, from }: Place): Promise<Thread> {
  const query = x.engine.db.read
  const held = from === null ? null : await messagesFrom(query, conversation.id, from, HELD)
  const page = held ? { items: held, next: from === 0 ? null : String(from) } : await listMessages(query, conversation.id, { limit: PAGE, after })
  const messages = page.items.reverse()
  const [notes, happened] = await Promise.all([
    notesOn(query, conversation.id, messages),
    happenedDuring(x, conversation, { messages, isFirst: page.next === null, newer: after === undefined ? null : Number(after) }),
  ])
  return { rows: inOrder(messages, happened, notes, x), older: page.next }
}

interface Notes {
  answered: ReadonlyMap<number, MessageRow>
  /** Options that were tapped, by the message that offered them. */
  tapped: ReadonlyMap<number, ReadonlySet<string>>
  /** Taps on a menu that a later one had replaced, and taps on what was tapped before. */
  late: ReadonlySet<number>
  again: ReadonlySet<number>
}

async function notesOn(query: Query, conversationId: number, messages: readonly MessageRow[]): Promise<Notes> {
  const replies = messages.filter((message) => message.direction === 'in' && message.reply_to !== null)
  const answeredIds = replies.map((message) => message.reply_to as number)
  const offers = messages.filter((message) => message.direction === 'out').map((message) => message.id)
  const [answered, taps, later] = await Promise.all([
    messagesById(query, answeredIds),
    tapsOn(query, conversationId, [...new Set([...offers, ...answeredIds])]),
    answeredIds.length === 0 ? [] : offersBetween(query, conversationId, Math.min(...answeredIds), Math.max(...replies.map((message) => message.id))),
  ])
  const tapped = new Map<number, Set<string>>()
  const again = new Set<number>()
  for (const tap of taps) {
    const ids = tapped.get(tap.reply_to) ?? new Set<string>()
    if (ids.has(tap.reply_id)) again.add(tap.id)
    tapped.set(tap.reply_to, ids.add(tap.reply_id))
  }
  const late = replies.filter((tap) => tap.reply_id !== null && later.some((id) => id > (tap.reply_to as number) && id < tap.id)).map((tap) => tap.id)
  return { answered, tapped, late: new Set(late), again }
}

function inOrder(messages: readonly MessageRow[], { activities, answers }: Happened, notes: Notes, x: Exchange): ThreadRow[] {
  const rows: ThreadRow[] = []
  let day = ''
  const dated = (at: number, row: ThreadRow): void => {
    const words = momentOf(at, x).day
    if (words !== day) rows.push({ kind: 'day', words })
    day = words
    rows.push(row)
  }
  const tell = ({ at, words }: Activity): void => dated(at, { kind: 'activity', words, time: momentOf(at, x) })
  const between = activities.filter((activity) => activity.before === null)
  for (const message of messages) {
    while (between[0] && between[0].at < message.created_at) tell(between.shift() as Activity)
    for (const activity of activities) if (activity.before === message.id) tell(activity)
    dated(message.created_at, messageRow(message, notes, answers.get(message.id), x))
  }
  for (const activity of between) tell(activity)
  return rows
}

function messageRow(message: MessageRow, notes: Notes, answer: Answer | undefined, x: Exchange): ThreadRow {
  const out = message.direction === 'out'
  const bubble = drawn(message, message.reply_to === null ? undefined : notes.answered.get(message.reply_to), x.t, {
    element: `m${message.id}`,
    side: out ? 'mine' : 'theirs',
    tapped: notes.tapped.get(message.id) ?? new Set(),
    time: momentOf(message.created_at, x),
    ticks: out && message.status !== null ? ticksOf(message.status, message.error, x.t) : null,
  })
  const menu = message.menu_key !== null && message.menu_version !== null ? { key: message.menu_key, version: message.menu_version } : null
  return { kind: 'message', id: message.id, bubble, remarks: remarksOn(message, notes, answer, x.t), menu }
}

function remarksOn(message: MessageRow, notes: Notes, answer: Answer | undefined, t: Say): string[] {
  if (message.direction === 'out') return message.sent_by === null ? [] : [t('sent by {name}', { name: message.sent_by })]
  const remarks: string[] = []
  if (message.reply_id !== null) remarks.push(message.reply_id)
  if (answer) remarks.push(answerWords(answer, t))
  if (notes.late.has(message.id)) remarks.push(t('on an older menu'))
  if (notes.again.has(message.id)) remarks.push(t('tapped before'))
  return remarks
}
