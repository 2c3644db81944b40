import type { IncomingStatus } from '../model/event'
import { type CodeRow, HOUR, PASSES } from './codes'
import { cloudApiRow } from './codes-cloud-api'

const DEVELOPER = 'The message is built wrongly. Show this to a developer; sending it again changes nothing.'
const TEMPLATE = 'Correct the template, or the values it is given; then send the message again.'
const MEDIA = 'Check that the address of the file is public and that its type and size are allowed; then send the message again.'
const CATALOGUE = 'Check the catalogue that is linked to the WhatsApp account.'

interface ExotelRow extends CodeRow {
  /** `exo_detailed_status`, without the `EX_` that some have and some have not. */
  name: string
}
const bug = (name: string, title: string): ExotelRow => ({ name, class: 'permanent', title, advice: DEVELOPER })
const template = (name: string, title: string): ExotelRow => ({ name, class: 'permanent', title, advice: TEMPLATE })
const catalogue = (name: string, title: string): ExotelRow => ({ name, class: 'permanent', title, advice: CATALOGUE })

/** Codes of a delivery report that are good news. Source: Exotel "Error codes", several seen live. */
export const EXOTEL_GOOD: Readonly<Record<number, { name: string; status: IncomingStatus['status'] }>> = {
  30001: { name: 'MESSAGE_SENT', status: 'sent' },
  30002: { name: 'MESSAGE_DELIVERED', status: 'delivered' },
  30003: { name: 'MESSAGE_SEEN', status: 'read' },
}
/** Payment pending, payment success: no word about a message. */
export const EXOTEL_PAYMENTS: ReadonlySet<number> = new Set([30049, 30050])

/** Error codes of Exotel, of an answer to a send and of a delivery report. Source: Exotel "Error codes" and "Send messages". */
export const EXOTEL_CODES: Readonly<Record<number, ExotelRow>> = {
  1001: bug('MANDATORY_PARAMETER_MISSING', 'Exotel misses a required field or the channel'),
  1002: bug('INVALID_PARAMETER', 'A field has a value that Exotel does not accept'),
  1010: {
    name: 'AUTHORIZATION_FAILED',
    class: 'hold-account',
    alert: true,
    title: 'Exotel rejects our credentials',
    advice: 'Ask a developer to check the API key and token, and the region of the account.',
  },
  30004: { name: 'SYSTEM_ERROR', class: 'retry', title: 'Exotel had a fault', advice: PASSES },
  30005: { name: 'NUMBER_ERROR', class: 'permanent', title: 'There is something wrong with the number', advice: 'Check the phone number of the customer.' },
  30006: {
    name: 'SETUP_ERROR',
    class: 'permanent',
    title: 'The WhatsApp account is not set up completely',
    advice: 'Ask Exotel to check the set-up of the account.',
  },
  30007: { name: 'RATE_LIMIT_HIT', class: 'retry', title: 'Too many messages at once', advice: PASSES },
  30008: {
    name: 'SPAM_RATE_LIMIT_HIT',
    class: 'hold-account',
    alert: true,
    afterMs: HOUR,
    title: 'Too many customers reported or blocked this number',
    advice: 'It lasts for hours. Send less, and only what customers asked for.',
  },
  30009: { name: 'TOO_MANY_REQUEST', class: 'retry', title: 'Too many requests at once', advice: PASSES },
  30010: bug('INVALID_REQUEST', 'Exotel could not read the request'),
  30011: { name: 'UNKNOWN_ERROR', class: 'retry', atMost: 2, title: 'Exotel had an unknown fault', advice: PASSES },
  30012: { name: 'INVALID_RECIPIENT', class: 'permanent', title: 'The recipient is not a valid number', advice: 'Check the phone number of the customer.' },
  30013: {
    name: 'INCAPABLE_RECIPIENT',
    class: 'permanent',
    title: 'The customer cannot receive this message',
    advice: 'The number may not be on WhatsApp, or its app is too old. Reach the customer another way.',
  },
  30014: { name: 'RECIPIENT_BLOCKED', class: 'permanent', title: 'The recipient is blocked', advice: 'Send no more messages to this customer.' },
  30015: bug('UNSUPPORTED_MESSAGE', 'WhatsApp does not support this type of message'),
  30016: { name: 'MEDIA_DOWNLOAD_ERROR', class: 'permanent', title: 'The file of the message could not be fetched', advice: MEDIA },
  30017: { name: 'MEDIA_UPLOAD_ERROR', class: 'permanent', title: 'The file of the message could not be used', advice: MEDIA },
  30018: {
    name: 'REENGAGEMENT_ERROR',
    class: 'needs-template',
    title: 'The 24-hour window is closed',
    advice: 'Wait until the customer writes, or send an approved template.',
  },
  30019: bug('INVALID_PARAM', 'A field of the message is not allowed'),
  30020: bug('MISSING_PARAM', 'A required field is missing'),
  30021: bug('INVALID_PARAM_VALUE', 'A field has a value that WhatsApp does not accept'),
  30022: template('TEMPLATE_ERROR', 'There is something wrong with the template'),
  30023: template('TEMPLATE_PARAM_ERROR', 'A value does not fit the template'),
  30024: template('TEMPLATE_NOT_FOUND', 'The template does not exist in this language or is not approved'),
  30025: template('TEMPLATE_TEXT_TOO_LONG', 'The text of the template became too long'),
  30026: template('INVALID_TEMPLATE_NAMESPACE', 'The template belongs to another account'),
  30027: {
    name: 'MESSAGE_PENDING_TOO_LONG',
    class: 'permanent',
    title: 'The message waited too long and was given up',
    advice: 'The phone of the customer may be off. Send it again if it still matters.',
  },
  30028: {
    name: 'MESSAGE_EXPIRED',
    class: 'permanent',
    title: 'The message expired before it could be delivered',
    advice: 'The phone of the customer may be off. Send it again if it still matters.',
  },
  30029: { name: 'MESSAGE_TOO_LONG', class: 'permanent', title: 'The message is longer than 4096 characters', advice: 'Shorten it and send it again.' },
  30030: {
    name: 'WEBHOOK_ERROR',
    class: 'permanent',
    title: 'Exotel could not reach the webhook',
    advice: 'Ask a developer to check the webhook address in the Exotel account.',
  },
  30031: bug('SECTION_COUNT_ERROR', 'The list has no section or too many (1 to 10)'),
  30032: bug('ROWS_COUNT_ERROR', 'The list has no row or too many (1 to 10)'),
  30033: bug('PRODUCT_COUNT_ERROR', 'The message has no product or too many'),
  30034: catalogue('CATALOGUE_NOT_FOUND', 'The catalogue does not exist'),
  30035: catalogue('CATALOGUE_NOT_LINKED', 'The catalogue is not linked to the account'),
  30036: catalogue('MISSING_PRODUCT', 'A product of the message is missing'),
  30037: catalogue('PRODUCT_NOT_FOUND', 'A product of the message does not exist'),
  30038: catalogue('PRODUCT_COMPLIANCE_ERROR', 'A product may not be sold on WhatsApp'),
  30039: bug('INVALID_HEADER', 'The header of the message is not allowed'),
  30040: {
    name: 'MISSING_COMPLIANCE',
    class: 'permanent',
    title: 'Compliance details of the business are missing',
    advice: 'Complete them in WhatsApp Manager.',
  },
  30041: {
    name: 'CHAR_POLICY_VIOLATION',
    class: 'permanent',
    title: 'The message has characters that are not allowed',
    advice: 'Correct the words and send it again.',
  },
}

/** Seen in production by name; its number was not recorded. */
const BY_NAME_ONLY: readonly ExotelRow[] = [
  {
    name: 'RESTRICTED_BY_META',
    class: 'permanent',
    title: 'Meta restricts this account or recipient',
    advice: 'Look into WhatsApp Manager for a restriction of the account.',
  },
]
const plainName = (name: string): string => name.trim().toUpperCase().replace(/^EX_/, '')

/** The row of an error. The name decides before the number: numbers were used twice, names were not. Meta's numbers pass through Exotel too. */
export function exotelRow(code: number, name: string | null = null): CodeRow | undefined {
  const plain = name === null ? null : plainName(name)
  const named = plain === null ? undefined : [...Object.values(EXOTEL_CODES), ...BY_NAME_ONLY].find((row) => row.name === plain)
  return named ?? EXOTEL_CODES[code] ?? (code >= 100_000 ? cloudApiRow(code) : undefined)
}

/** What a delivery report says, null when it speaks of no message. Every 30xxx that is no good news is a failure. */
export function exotelStatus(code: number | null, name: string | null): IncomingStatus['status'] | null {
  const plain = name === null ? null : plainName(name)
  const good = Object.values(EXOTEL_GOOD).find((row) => row.name === plain)
  if (good !== undefined) return good.status
  if (code !== null && EXOTEL_PAYMENTS.has(code)) return null
  if (plain !== null && exotelRow(0, plain) !== undefined) return 'failed'
  if (code === null) return null
  return EXOTEL_GOOD[code]?.status ?? (code >= 30_000 && code <= 30_999 ? 'failed' : null)
}
