import type { Incoming, IncomingStatus, StatusError } from '../model/event'
import { errorOf } from './codes'
import { exotelRow, exotelStatus } from './codes-exotel'
import { readContent } from './content'
import { clean, field, idOf, isObject, jsonOf, labelOf, listOf, numberOf, once, readItem, refOf, textOf, timeOf, unrecognised } from './reading'
import { contactsOf, isNobody, whoOf } from './who'

/**
 * Every message and delivery report of a callback body. Exotel's pages and its running service differ; told apart are:
 *   the envelope `{ whatsapp: { messages: [...] } }` with messages and reports in one array (seen live),
 *   `{ event, message, contact }` and `{ type, data }` (portal pages),
 *   flat `{ sid, to, status | exo_status_code }` and flat `{ from, type, … }` (the "Interactive Messages" page, without any id).
 */
export function parseExotel(body: Buffer, provider = 'exotel'): Incoming[] {
  const whole = clean(body.toString('utf8'))
  const json = jsonOf(whole)
  if (json === undefined) return [unrecognised('not JSON', whole)]
  const found = itemsIn(json).map((item) => readItem(item, whole, (inner, raw) => fromItem(inner, raw, provider)))
  return found.length > 0 ? once(found) : [readItem(json, whole, (_, raw) => unrecognised('nothing in it', raw))]
}

function itemsIn(json: unknown): readonly unknown[] {
  const envelope = field(json, 'whatsapp')
  if (envelope === undefined) return Array.isArray(json) ? json : [json]
  // `statuses` was never seen; it costs nothing to look.
  return [...oneOrMany(field(envelope, 'messages')), ...oneOrMany(field(envelope, 'statuses'))]
}
const oneOrMany = (value: unknown): readonly unknown[] => (isObject(value) ? [value] : listOf(value))

function fromItem(item: unknown, raw: string, provider: string): Incoming {
  const kind = (labelOf(field(item, 'callback_type')) ?? labelOf(field(item, 'event')) ?? labelOf(field(item, 'type')))?.toLowerCase()
  const event = field(item, 'event') === undefined ? undefined : field(item, 'message')
  const data = field(item, 'data')
  if (isObject(event)) return kind === 'message_status' ? readReport(event, item, raw, provider) : readMessage(event, event, item, raw, provider)
  if (kind === 'message_status') return readReport(data, item, raw, provider)
  if (kind === 'inbound_message') return readMessage(data, field(data, 'message'), item, raw, provider)
  if (kind === 'dlr') return readReport(item, item, raw, provider)
  if (kind === 'icm' || kind === 'incoming_message' || isObject(field(item, 'content'))) return readMessage(item, field(item, 'content'), item, raw, provider)
  if (field(item, 'exo_status_code') !== undefined || field(item, 'exo_detailed_status') !== undefined) return readReport(item, item, raw, provider)
  if (field(item, 'from') !== undefined && field(item, 'type') !== undefined) return readMessage(item, item, item, raw, provider)
  if (field(item, 'status') !== undefined) return readReport(item, item, raw, provider)
  return unrecognised(kind ?? 'no kind', raw)
}

const sidOf = (item: unknown): string | null => idOf(field(item, 'sid')) ?? idOf(field(item, 'message_sid')) ?? idOf(field(item, 'id'))

/** `head` holds sender and id, `content` the words, `outer` what stands around them. */
function readMessage(head: unknown, content: unknown, outer: unknown, raw: string, provider: string): Incoming {
  const providerId = sidOf(head)
  const dedupe = providerId === null ? null : `${provider}:message:${providerId}`
  const contact = field(outer, 'contact') ?? field(head, 'contact')
  const known = whoOf(field(head, 'from'), undefined, contactsOf([contact]))
  // A portal page shows `contact` without the number it belongs to.
  const who = { ...known, name: labelOf(field(head, 'profile_name')) ?? known.name ?? labelOf(field(contact, 'profile', 'name')) }
  if (isNobody(who)) return unrecognised('a message without a sender', raw, dedupe)
  const context = field(content, 'context') ?? field(head, 'context')
  const replyTo = idOf(field(context, 'sid')) ?? idOf(field(context, 'id'))
  return { kind: 'message', dedupe, raw, at: timeOf(field(head, 'timestamp') ?? field(outer, 'timestamp')), providerId, who, replyTo, ...readContent(content) }
}

const WORDS: Readonly<Record<string, IncomingStatus['status']>> = {
  sent: 'sent',
  delivered: 'delivered',
  read: 'read',
  seen: 'read',
  played: 'played',
  failed: 'failed',
  undelivered: 'failed',
}

function readReport(report: unknown, outer: unknown, raw: string, provider: string): Incoming {
  const providerId = sidOf(report)
  const code = numberOf(field(report, 'exo_status_code'))
  const name = labelOf(field(report, 'exo_detailed_status'))
  const word = labelOf(field(report, 'status'))?.toLowerCase() ?? null
  if (providerId === null) return unrecognised('a report without an id', raw)
  const dedupe = `${provider}:status:${providerId}:${code ?? name ?? word}`
  const status = exotelStatus(code, name) ?? (word !== null && Object.hasOwn(WORDS, word) ? WORDS[word] : undefined)
  if (status === undefined) return unrecognised(`status ${name ?? code ?? word ?? 'without a word'}`, raw, dedupe)
  const error = status === 'failed' ? errorIn(report, code, name) : null
  return {
    kind: 'status',
    dedupe,
    raw,
    at: timeOf(field(report, 'timestamp') ?? field(outer, 'timestamp')),
    providerId,
    ref: refOf(field(report, 'custom_data') ?? field(outer, 'custom_data')),
    status,
    error,
    alert: error !== null && exotelRow(error.code, name)?.alert === true,
    who: whoOf(field(report, 'to') ?? field(report, 'recipient'), undefined),
  }
}

function errorIn(report: unknown, code: number | null, name: string | null): StatusError {
  const given = listOf(field(report, 'errors'))[0]
  const number = code ?? numberOf(field(given, 'code')) ?? 0
  const row = exotelRow(number, name)
  const details = textOf(field(report, 'description')) ?? textOf(field(given, 'detail')) ?? textOf(field(given, 'title'))
  return errorOf(number, row, details ?? (row === undefined ? name : null))
}
