import type { Incoming, IncomingStatus, StatusError } from '../model/event'
import { errorOf } from './codes'
import { cloudApiRow } from './codes-cloud-api'
import { readContent } from './content'
import { clean, field, idOf, jsonOf, labelOf, listOf, numberOf, once, readItem, refOf, textOf, timeOf, unrecognised } from './reading'
import { bsuidOf, type Contacts, contactsOf, isNobody, whoOf } from './who'

/** Who reads, for the keys against doubles, and whose number it is: null takes messages to any. */
export interface Reader {
  provider: string
  phoneNumberId: string | null
}

/** Every entry, change, message and status of a webhook body. Source: Meta "Webhooks", messages. */
export function parseCloudApi(body: Buffer, reader: Reader): Incoming[] {
  const whole = clean(body.toString('utf8'))
  const json = jsonOf(whole)
  if (json === undefined) return [unrecognised('not JSON', whole)]
  const entries = listOf(field(json, 'entry'))
  const found = entries.flatMap((entry) => {
    const changes = listOf(field(entry, 'changes'))
    return changes.length > 0
      ? changes.flatMap((change) => fromChange(change, whole, reader))
      : [readItem(entry, whole, (_, raw) => unrecognised('an entry without changes', raw))]
  })
  return found.length > 0 ? once(found) : [readItem(json, whole, (_, raw) => unrecognised('no entry', raw))]
}

function fromChange(change: unknown, whole: string, reader: Reader): Incoming[] {
  const value = field(change, 'value')
  const topic = labelOf(field(change, 'field')) ?? 'messages'
  const keep = (what: string): Incoming[] => [readItem(change, whole, (_, raw) => unrecognised(what, raw))]
  if (topic !== 'messages') return keep(topic)

  const number = idOf(field(value, 'metadata', 'phone_number_id'))
  if (reader.phoneNumberId !== null && number !== null && number !== reader.phoneNumberId) {
    return keep(`for another number (phone_number_id …${number.slice(-4)}): each number has a webhook of its own`)
  }
  const contacts = contactsOf(listOf(field(value, 'contacts')))
  const found = [
    ...listOf(field(value, 'messages')).map((item) => readItem(item, whole, (message, raw) => readMessage(message, raw, contacts, reader))),
    ...listOf(field(value, 'statuses')).map((item) => readItem(item, whole, (status, raw) => readStatus(status, raw, contacts, reader))),
    ...listOf(field(value, 'errors')).map((item) =>
      readItem(item, whole, (error, raw) => unrecognised(`error: ${labelOf(field(error, 'title')) ?? 'no title'}`, raw)),
    ),
    ...listOf(field(value, 'user_actions')).map((item) => readItem(item, whole, (_, raw) => unrecognised('user_actions', raw))),
  ]
  return found.length > 0 ? found : keep(`${topic}: nothing in it`)
}

function readMessage(message: unknown, raw: string, contacts: Contacts, { provider }: Reader): Incoming {
  const providerId = idOf(field(message, 'id'))
  const dedupe = providerId === null ? null : `${provider}:message:${providerId}`
  // A change of user id comes without `from`: the old id says whose it was.
  const who = whoOf(field(message, 'from'), bsuidOf(field(message, 'from_user_id')) ?? field(message, 'system', 'previous_user_id'), contacts)
  if (isNobody(who)) return unrecognised('a message without a sender', raw, dedupe)
  // Said to a group, not to us: an answer would go to the sender alone, and no window opens.
  if (idOf(field(message, 'group_id')) !== null) return unrecognised('a message in a group', raw, dedupe)
  return {
    kind: 'message',
    dedupe,
    raw,
    at: timeOf(field(message, 'timestamp')),
    providerId,
    who,
    replyTo: idOf(field(message, 'context', 'id')),
    ...readContent(message),
  }
}

const STATUSES: ReadonlySet<string> = new Set<IncomingStatus['status']>(['sent', 'delivered', 'read', 'played', 'failed'])
const isStatus = (word: string | null): word is IncomingStatus['status'] => word !== null && STATUSES.has(word)

function readStatus(item: unknown, raw: string, contacts: Contacts, { provider }: Reader): Incoming {
  const providerId = idOf(field(item, 'id'))
  const status = labelOf(field(item, 'status'))
  const address = field(item, 'recipient_type') === 'group' ? field(item, 'recipient_participant_id') : field(item, 'recipient_id')
  const userId = field(item, 'recipient_user_id')
  if (providerId === null) return unrecognised('a status without an id', raw)
  const dedupe = `${provider}:status:${providerId}:${status}:${idOf(address) ?? idOf(userId) ?? ''}`
  if (!isStatus(status)) return unrecognised(`status ${status ?? 'without a word'}`, raw, dedupe)
  const given = listOf(field(item, 'errors'))[0]
  const error = status === 'failed' ? errorIn(given) : null
  return {
    kind: 'status',
    dedupe,
    raw,
    at: timeOf(field(item, 'timestamp')),
    providerId,
    ref: refOf(field(item, 'biz_opaque_callback_data')),
    status,
    error,
    alert: error !== null && field(given, 'code') !== undefined && cloudApiRow(error.code)?.alert === true,
    who: whoOf(address, userId, contacts),
  }
}

/** An `error` object, of a status or of an answer. Meta asks to build on `code` and `details`; titles may change. */
export function errorIn(error: unknown): StatusError {
  const code = numberOf(field(error, 'code')) ?? 0
  const row = field(error, 'code') === undefined ? undefined : cloudApiRow(code)
  return errorOf(code, row, detailsIn(error) ?? (row === undefined ? (textOf(field(error, 'title')) ?? textOf(field(error, 'message'))) : null))
}
export const detailsIn = (error: unknown): string | null => textOf(field(error, 'error_data', 'details'))
