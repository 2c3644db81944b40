import type { ConversationRow } from '../../store/conversations'
import type { Query } from '../../store/database'
import { type EventRow, listEvents } from '../../store/events'
import { listMessages, type MessageRow, messageById, messagesById, offersBetween, tapsOn } from '../../store/messages'
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
const ACTIVITIES = ['handover', 'handback', 'opt_out', 'opt_in'] as const

/** One page of a conversation, with what was tapped on which menu and who was in charge when. */
export async function threadOf(query: Query, conversation: ConversationRow, after: string | undefined, now: number): Promise<Thread> {
  const page = await listMessages(query, conversation.id, { limit: PAGE, after })
  const messages = page.items.reverse()
  const [notes, activities] = await Promise.all([
    notesOn(query, conversation.id, messages),
    activitiesDuring(query, conversation.id, page.next === null ? 0 : (messages[0]?.created_at ?? 0), after),
  ])
  return { rows: inOrder(messages, activities, notes, now), older: page.next }
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

/** Who took over or gave back, from the page's first message to the first of the next newer page. */
async function activitiesDuring(query: Query, conversationId: number, from: number, after: string | undefined): Promise<EventRow[]> {
  const [events, newer] = await Promise.all([
    listEvents(query, { conversationId, types: ACTIVITIES }, { limit: 50 }),
    after === undefined ? null : messageById(query, Number(after)),
  ])
  const to = newer?.created_at ?? Number.POSITIVE_INFINITY
  return events.items.filter((event) => event.created_at >= from && event.created_at < to).reverse()
}

function inOrder(messages: readonly MessageRow[], activities: readonly EventRow[], notes: Notes, now: number): ThreadRow[] {
  const rows: ThreadRow[] = []
  let day = ''
  const dated = (at: number, row: ThreadRow): void => {
    const words = momentOf(at, now).day
    if (words !== day) rows.push({ kind: 'day', words })
    day = words
    rows.push(row)
  }
  let next = 0
  for (const message of messages) {
    for (; next < activities.length && (activities[next] as EventRow).created_at < message.created_at; next++)
      dated((activities[next] as EventRow).created_at, activityRow(activities[next] as EventRow, now))
    dated(message.created_at, messageRow(message, notes, now))
  }
  for (const event of activities.slice(next)) dated(event.created_at, activityRow(event, now))
  return rows
}

function messageRow(message: MessageRow, notes: Notes, now: number): ThreadRow {
  const out = message.direction === 'out'
  const bubble = drawn(message, message.reply_to === null ? undefined : notes.answered.get(message.reply_to), {
    element: `m${message.id}`,
    side: out ? 'mine' : 'theirs',
    tapped: notes.tapped.get(message.id) ?? new Set(),
    time: momentOf(message.created_at, now),
    ticks: out && message.status !== null ? ticksOf(message.status, message.error) : null,
  })
  const menu = message.menu_key !== null && message.menu_version !== null ? { key: message.menu_key, version: message.menu_version } : null
  return { kind: 'message', id: message.id, bubble, remarks: remarksOn(message, notes), menu }
}

function remarksOn(message: MessageRow, notes: Notes): string[] {
  if (message.direction === 'out') return message.sent_by === null ? [] : [`sent by ${message.sent_by}`]
  const remarks: string[] = []
  if (message.reply_id !== null) remarks.push(message.reply_id)
  if (notes.late.has(message.id)) remarks.push('on an older menu')
  if (notes.again.has(message.id)) remarks.push('tapped before')
  return remarks
}

function activityRow(event: EventRow, now: number): ThreadRow {
  return { kind: 'activity', words: activityWords(event), time: momentOf(event.created_at, now) }
}

function activityWords(event: EventRow): string {
  const { from, by, note } = (event.payload ?? {}) as { from?: string; by?: string | null; note?: string | null }
  const why = note ? `: ${note}` : ''
  if (event.type === 'opt_out') return 'Wants no more messages'
  if (event.type === 'opt_in') return 'Wants messages again'
  if (event.type === 'handover') return from === 'staff' ? `${by ?? 'Somebody'} took over${why}` : `Handed over to ${by ?? 'a person'}${why}`
  return from === 'staff' ? `${by ?? 'Somebody'} gave back to the bot${why}` : `Given back to the bot${why}`
}
