import { plain } from '../../model/format'
import { contactsById } from '../../store/contacts'
import type { ConversationRow } from '../../store/conversations'
import { listConversations } from '../../store/conversations'
import type { Exchange, Role, Route } from '../exchange'
import { addressWith, afterOf, isPartial } from './asked'
import { fragment, page } from './page'
import { type Person, personOf } from './person'
import { type Moment, momentOf, type WindowView, windowView } from './when'

export const routes: Route<Role>[] = [{ method: 'GET', path: '/conversations', may: 'viewer', handle: list }]

const PAGE = 50
const MODES = ['bot', 'person'] as const

/** A line of the list. */
export interface TalkLine {
  id: number
  person: Person
  words: string
  /** Ours begin with "You:". */
  ours: boolean
  time: Moment
  unread: number
  window: WindowView
  mode: ConversationRow['mode']
  assigned: string | null
  number: string
}

async function list(x: Exchange): Promise<void> {
  const mode = MODES.find((one) => one === x.query.get('mode'))
  const number = x.query.get('number') ?? undefined
  const found = await listConversations(x.engine.db.read, { limit: PAGE, after: afterOf(x), mode, number, numbers: x.user.numbers })
  const contacts = await contactsById(
    x.engine.db.read,
    found.items.map((conversation) => conversation.contact_id),
  )
  const now = x.engine.now()
  const locals = {
    lines: found.items.map((conversation) => lineOf(conversation, personOf(contacts.get(conversation.contact_id), x.user), now)),
    here: addressWith(x, {}),
    filters: [
      { words: 'All', href: addressWith(x, { mode: null, after: null }), on: mode === undefined },
      { words: 'Bot in charge', href: addressWith(x, { mode: 'bot', after: null }), on: mode === 'bot' },
      { words: 'A person in charge', href: addressWith(x, { mode: 'person', after: null }), on: mode === 'person' },
    ],
    isFirst: afterOf(x) === undefined,
    first: addressWith(x, { after: null }),
    next: found.next === null ? null : addressWith(x, { after: found.next }),
    filtered: mode !== undefined || number !== undefined,
    several: x.engine.lines.size > 1,
    simulated: [...x.engine.lines.values()].some((line) => line.provider.name === 'simulator'),
  }
  if (isPartial(x)) return fragment(x, 'conversations/_conversations', locals)
  return page(x, 'conversations/index', { title: 'Conversations', ...locals })
}

export function lineOf(conversation: ConversationRow, person: Person, now: number): TalkLine {
  return {
    id: conversation.id,
    person,
    words: plain(conversation.last_text ?? ''),
    ours: conversation.last_direction === 'out',
    time: momentOf(conversation.last_at, now),
    unread: conversation.unread,
    window: windowView(conversation.last_inbound_at, now),
    mode: conversation.mode,
    assigned: conversation.assigned_to,
    number: conversation.number,
  }
}
