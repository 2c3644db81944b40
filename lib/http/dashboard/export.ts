import { writeAudit } from '../../store/audit'
import { type ContactRow, contactsById } from '../../store/contacts'
import { conversationsById } from '../../store/conversations'
import { type MessageRow, messagesAfter } from '../../store/messages'
import type { Exchange, Role, Route } from '../exchange'
import { conversationOf } from './asked'
import { download, formatIn } from './download'

/** By POST, because an export is written into the audit: whoever takes customers' words away leaves their name. */
export const routes: Route<Role>[] = [
  { method: 'POST', path: '/export', may: 'admin', handle: (x) => send(x, null) },
  { method: 'POST', path: '/conversations/:id/export', may: 'admin', handle: async (x) => send(x, (await conversationOf(x)).id) },
]

const BATCH = 500
const COLUMNS = [
  'id',
  'at',
  'direction',
  'type',
  'text',
  'reply',
  'menu',
  'version',
  'status',
  'error',
  'number',
  'conversation',
  'customer',
  'phone',
  'userId',
  'sentBy',
  'providerId',
] as const
type Line = Record<(typeof COLUMNS)[number], string | number | null>

/** Every message as it was said, oldest first. */
async function send(x: Exchange, conversationId: number | null): Promise<void> {
  const format = await formatIn(x)
  const subject = conversationId === null ? 'log' : `conversation:${conversationId}`
  await writeAudit(x.engine.db.write, x.user, 'messages.exported', subject, null, { format }, x.engine.now())
  return download(x, conversationId === null ? 'messages' : `conversation-${conversationId}`, format, COLUMNS, batches(x, conversationId))
}

async function* batches(x: Exchange, conversationId: number | null): AsyncGenerator<Line[]> {
  for (let after = 0; ; ) {
    const messages = await messagesAfter(x.engine.db.read, after, BATCH, { conversationId, numbers: x.user.numbers })
    if (messages.length === 0) return
    yield await linesOf(x, messages)
    after = messages.at(-1)?.id ?? 0
  }
}

async function linesOf(x: Exchange, messages: readonly MessageRow[]): Promise<Line[]> {
  const conversations = await conversationsById(
    x.engine.db.read,
    messages.map((message) => message.conversation_id),
  )
  const contacts = await contactsById(
    x.engine.db.read,
    [...conversations.values()].map((conversation) => conversation.contact_id),
  )
  return messages.map((message) => lineOf(message, contacts.get(conversations.get(message.conversation_id)?.contact_id ?? 0)))
}

const lineOf = (message: MessageRow, contact: ContactRow | undefined): Line => ({
  id: message.id,
  at: new Date(message.at).toISOString(),
  direction: message.direction,
  type: message.type,
  text: message.text,
  reply: message.reply_id,
  menu: message.menu_key,
  version: message.menu_version,
  status: message.status,
  error: message.error ? `${message.error.code} ${message.error.title}` : null,
  number: message.number,
  conversation: message.conversation_id,
  customer: contact?.name ?? null,
  phone: contact?.phone ?? null,
  userId: contact?.bsuid ?? null,
  sentBy: message.sent_by,
  providerId: message.provider_id,
})
