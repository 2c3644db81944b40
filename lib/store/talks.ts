import type { ContactRow } from './contacts'
import { beyond, type Condition, type ConversationFilter, type ConversationRow, conditionsOf } from './conversations'
import type { Cells, Question } from './question'
import type { Page, PageRequest } from './rows'

/** What somebody is called by. */
export type Named = Pick<ContactRow, 'id' | 'name' | 'username' | 'phone' | 'bsuid'>

/** A conversation as a list shows it. */
export interface Talk
  extends Pick<ConversationRow, 'id' | 'number' | 'mode' | 'assigned_to' | 'last_inbound_at' | 'last_text' | 'last_direction' | 'last_at' | 'unread'> {
  /** Null when the contact is gone. */
  contact: Named | null
  /** Who of the staff said the last words; null for code and customers. */
  last_sent_by: string | null
}

/** Of the conversation, of its contact, and of its last message. */
const TALK = ['id', 'number', 'mode', 'assigned_to', 'last_inbound_at', 'last_text', 'last_direction', 'last_at', 'unread'] as const
const CONTACT = ['contact_id', 'name', 'username', 'phone', 'bsuid'] as const
type Whole = number | string
type RawTalk = readonly [
  ...[id: Whole, number: string, mode: Talk['mode'], assigned_to: string | null, last_inbound_at: Whole | null],
  ...[last_text: string | null, last_direction: Talk['last_direction'], last_at: Whole, unread: Whole],
  ...[contact_id: Whole | null, name: string | null, username: string | null, phone: string | null, bsuid: string | null],
  last_sent_by: string | null,
]

/** Newest activity first, as `listConversations`, with all that a line shows. */
export function talksOf(request: PageRequest & ConversationFilter): Question<Page<Talk>> {
  const { limit } = request
  const conditions: Condition[] = [...conditionsOf(request), ...beyond(request.after)]
  const where = conditions.length === 0 ? '' : ` where ${conditions.map(([sql]) => sql).join(' and ')}`
  // The page is chosen before anything is looked up for it: what is joined cannot lead an engine away from the index that has its order.
  const page = `select ${TALK.join(', ')}, contact_id, last_message_id from wa_conversations${where} order by last_at desc, id desc limit ?`
  return {
    columns: [...TALK, ...CONTACT, 'sent_by'],
    sql: `select ${TALK.map((column) => `v.${column}`).join(', ')}, c.id as contact_id, c.name, c.username, c.phone, c.bsuid, m.sent_by from (${page}) v
      left join wa_contacts c on c.id = v.contact_id
      left join wa_messages m on m.id = v.last_message_id and v.last_direction = 'out'
      order by v.last_at desc, v.id desc`,
    values: [...conditions.flatMap(([, values]) => values), limit + 1],
    read(rows) {
      const items = rows.slice(0, limit).map(talkOf)
      const last = items.at(-1)
      return { items, next: rows.length > limit && last ? `${last.last_at}.${last.id}` : null }
    },
  }
}

function talkOf(cells: Cells): Talk {
  const [id, number, mode, assigned_to, last_inbound_at, last_text, last_direction, last_at, unread, contact_id, name, username, phone, bsuid, sent_by] =
    cells as RawTalk
  return {
    id: Number(id),
    number,
    mode,
    assigned_to,
    last_inbound_at: last_inbound_at === null ? null : Number(last_inbound_at),
    last_text,
    last_direction,
    last_at: Number(last_at),
    unread: Number(unread),
    contact: contact_id === null ? null : { id: Number(contact_id), name, username, phone, bsuid },
    last_sent_by: sent_by,
  }
}
