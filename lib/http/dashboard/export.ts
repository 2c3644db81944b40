import type { ServerResponse } from 'node:http'
import { WaError } from '../../errors'
import { writeAudit } from '../../store/audit'
import { type ContactRow, contactsById } from '../../store/contacts'
import { conversationsById } from '../../store/conversations'
import { type MessageRow, messagesAfter } from '../../store/messages'
import { readForm } from '../body'
import type { Exchange, Role, Route } from '../exchange'
import { conversationOf, fieldOf } from './asked'

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
const FORMATS = {
  csv: {
    type: 'text/csv; charset=utf-8',
    head: `\uFEFF${COLUMNS.join(',')}\r\n`,
    line: (line: Line) => `${COLUMNS.map((column) => cell(line[column])).join(',')}\r\n`,
    between: '',
    foot: '',
  },
  json: { type: 'application/json; charset=utf-8', head: '[\n', line: (line: Line) => JSON.stringify(line), between: ',\n', foot: '\n]\n' },
} as const

/** Every message as it was said, oldest first, written out while it is read: a log of any size passes through. */
async function send(x: Exchange, conversationId: number | null): Promise<void> {
  const form = await readForm(x.req)
  const name = fieldOf(form, 'format')
  if (name !== 'csv' && name !== 'json') throw new WaError('WA_REQUEST_INVALID', `The format is csv or json, not "${name.slice(0, 20)}".`)
  const format = FORMATS[name]
  await writeAudit(
    x.engine.db.write,
    x.user,
    'messages.exported',
    conversationId === null ? 'log' : `conversation:${conversationId}`,
    null,
    { format: name },
    x.engine.now(),
  )
  const file = `${conversationId === null ? 'messages' : `conversation-${conversationId}`}-${new Date(x.engine.now()).toISOString().slice(0, 10)}.${name}`
  x.res.writeHead(200, {
    'Content-Type': format.type,
    'Content-Disposition': `attachment; filename="${file}"`,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  })
  await write(x.res, format.head)
  let first = true
  for (let after = 0; ; ) {
    const messages = await messagesAfter(x.engine.db.read, after, BATCH, { conversationId, numbers: x.user.numbers })
    if (messages.length === 0 || x.res.destroyed) break
    const lines = await linesOf(x, messages)
    await write(x.res, lines.map((line, index) => (first && index === 0 ? '' : format.between) + format.line(line)).join(''))
    first = false
    after = messages.at(-1)?.id ?? 0
  }
  x.res.end(format.foot)
}

/** Waits while the reader is slow: nothing piles up here. */
function write(res: ServerResponse, text: string): Promise<void> {
  if (res.write(text) || res.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const go = (): void => {
      res.off('drain', go).off('close', go)
      resolve()
    }
    res.on('drain', go).on('close', go)
  })
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

/** A field of CSV. What a spreadsheet would run as a formula is disarmed by an apostrophe; a phone number is none. */
function cell(value: string | number | null): string {
  if (value === null) return ''
  const text = typeof value === 'number' ? String(value) : value.replace(/^(?!\+\d{7,15}$)(?=[=+\-@\t\r])/, "'")
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
