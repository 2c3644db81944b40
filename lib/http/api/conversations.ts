import { windowOf } from '../../model/window'
import { type ContactRow, contactsById } from '../../store/contacts'
import { type ConversationRow, conversationNow, conversationsByArrival } from '../../store/conversations'
import { listMessages } from '../../store/messages'
import type { Exchange } from '../exchange'
import { sendJson } from '../problem'
import { idOf, notFound } from './asked'
import { logged } from './messages'
import type { ApiRoute, Asked } from './route'
import { Conversation } from './schemas/conversation'
import { LoggedMessage } from './schemas/message'
import { at, atOrNull, J, numberFilter, type Paging, pageOf, paging, shape } from './schemas/shape'

export const routes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/api/conversations',
    may: 'read',
    id: 'listConversations',
    summary: 'Conversations, the newest first',
    about: 'In the order in which they began: so no conversation is missed when one of them moves while you turn the pages.',
    query: shape({}, { mode: J.valid('bot', 'person').description('Only those where the bot, or a person, is in charge.'), ...numberFilter, ...paging }),
    answer: { status: 200, about: 'A page of conversations.', schema: pageOf(Conversation) },
    handle: list,
  },
  {
    method: 'GET',
    path: '/api/conversations/:id',
    may: 'read',
    id: 'getConversation',
    summary: 'One conversation',
    answer: { status: 200, about: 'The conversation.', schema: Conversation },
    refuses: ['WA_NOT_FOUND'],
    handle: show,
  },
  {
    method: 'GET',
    path: '/api/conversations/:id/messages',
    may: 'read',
    id: 'listConversationMessages',
    summary: 'What was said, in both directions',
    query: shape({}, paging),
    answer: { status: 200, about: 'A page of the log.', schema: pageOf(LoggedMessage) },
    refuses: ['WA_NOT_FOUND'],
    handle: messages,
  },
]

async function list(x: Exchange, { query }: Asked): Promise<void> {
  const { read } = x.engine.db
  const found = await conversationsByArrival(read, query as unknown as Paging & { number?: string; mode?: string })
  const contacts = await contactsById(
    read,
    found.items.map((conversation) => conversation.contact_id),
  )
  sendJson(x.res, 200, { items: found.items.map((one) => shownAs(one, contacts.get(one.contact_id), x.engine.now())), next: found.next })
}

async function show(x: Exchange): Promise<void> {
  const conversation = await conversationOf(x)
  const contacts = await contactsById(x.engine.db.read, [conversation.contact_id])
  sendJson(x.res, 200, shownAs(conversation, contacts.get(conversation.contact_id), x.engine.now()))
}

async function messages(x: Exchange, { query }: Asked): Promise<void> {
  const conversation = await conversationOf(x)
  const found = await listMessages(x.engine.db.read, conversation.id, query as unknown as Paging)
  sendJson(x.res, 200, { items: found.items.map(logged), next: found.next })
}

async function conversationOf(x: Exchange): Promise<ConversationRow> {
  const id = idOf(x, 'conversation')
  const conversation = await conversationNow(x.engine.db.read, id)
  if (conversation === null) throw notFound('conversation', String(id))
  return conversation
}

function shownAs(conversation: ConversationRow, contact: ContactRow | undefined, now: number) {
  const window = windowOf(conversation.last_inbound_at, now)
  const { step } = conversation
  return {
    id: String(conversation.id),
    number: conversation.number,
    contact: contact ? contactOf(contact) : null,
    mode: conversation.mode,
    assignedTo: conversation.assigned_to,
    window: { open: window.open, closesAt: atOrNull(window.closesAt) },
    step: step === null ? null : { flow: step.flow, name: step.name, since: at(step.since) },
    unread: conversation.unread,
    last:
      conversation.last_message_id === null || conversation.last_direction === null
        ? null
        : { id: String(conversation.last_message_id), direction: conversation.last_direction, text: conversation.last_text, at: at(conversation.last_at) },
    createdAt: at(conversation.created_at),
  }
}

const contactOf = (contact: ContactRow) => ({
  id: String(contact.id),
  phone: contact.phone,
  bsuid: contact.bsuid,
  externalId: contact.external_id,
  username: contact.username,
  name: contact.name,
  language: contact.language,
  optedOut: contact.opted_out === 1,
  attributes: contact.attributes,
})
