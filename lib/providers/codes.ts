import type { StatusError } from '../model/event'
import type { SendResult } from './provider'
import { withoutSecrets } from './secrets'

/**
 * What a code asks for. `retry`: again, with backoff. `hold-recipient`, `hold-account`: again, and nothing else leaves there meanwhile.
 * `needs-template`: the window is closed. `permanent`: never this message. `uncertain`: it may have been sent.
 */
export type Class = 'retry' | 'hold-recipient' | 'hold-account' | 'needs-template' | 'permanent' | 'uncertain'

export interface CodeRow {
  class: Class
  title: string
  /** What to do, for operations staff. */
  advice: string
  /** Wait before the next try, ms; without it the usual backoff. */
  afterMs?: number
  /** Tries in all; without it until the message expires. */
  atMost?: number
  /** Nothing gets better by itself: a person must act. */
  alert?: boolean
}

export const MINUTE = 60_000
export const HOUR = 3_600_000

/** Advice for what mends itself. True for a message that waits and for one that failed after all. */
export const PASSES = 'This usually passes by itself. If the message stays failed, send it again later.'

const UNKNOWN = 'This code is not in our tables. Open the message to see what the provider said; if it keeps happening, show it to a developer.'

/** Characters of a provider's own words that are kept. */
const SHORT = 300
const shorten = (text: string): string => (text.length > SHORT ? `${text.slice(0, SHORT)}…` : text).toWellFormed().replaceAll('\u0000', '\uFFFD')

/** `code` has to fit an integer column of every engine. */
const storableCode = (code: number): number => (Number.isSafeInteger(code) && Math.abs(code) < 2 ** 31 ? code : 0)

/** The words of a person for a row of a table, with the provider's own detail behind them. `details` may come from anywhere: shortened and masked. */
export function errorOf(code: number, row: CodeRow | undefined, details: string | null): StatusError {
  const said = details === null ? '' : shorten(withoutSecrets(details))
  if (row === undefined) return { code: storableCode(code), title: said || `The provider answered with code ${storableCode(code)}`, advice: UNKNOWN }
  return { code: storableCode(code), title: said && said !== row.title ? `${row.title}: ${said}` : row.title, advice: row.advice }
}

/** What a classified error means for the parcel. */
export function resultOf(row: CodeRow, error: StatusError, retryAfterMs?: number): SendResult {
  const afterMs = retryAfterMs ?? row.afterMs
  const wait = afterMs === undefined ? {} : { afterMs }
  const common = { reason: error.title, error }
  switch (row.class) {
    case 'retry':
      return { outcome: 'retry', ...common, ...wait, ...(row.atMost === undefined ? {} : { atMost: row.atMost }) }
    case 'hold-recipient':
      return { outcome: 'hold', scope: 'recipient', ...common, ...wait }
    case 'hold-account':
      if (!row.alert) return { outcome: 'hold', scope: 'account', ...common, ...wait }
      return { outcome: 'hold', scope: 'account', ...common, error: { ...error, advice: `Sending is paused. ${error.advice}` }, ...wait, alert: true }
    case 'uncertain':
      return { outcome: 'uncertain', ...common }
    case 'needs-template':
    case 'permanent':
      return { outcome: 'failed', ...common }
  }
}

/** An HTTP status without a code that a table knows. Sources: contract 3 "Provider answers", reliability 2D, Exotel's table of HTTP codes. */
export function resultOfStatus(status: number, details: string | null, retryAfterMs?: number, code = 0): SendResult {
  const row = rowOfStatus(status)
  const known = errorOf(code, row, details)
  return resultOf(row, known, retryAfterMs)
}

function rowOfStatus(status: number): CodeRow {
  const row = HTTP_STATUSES[status]
  if (row !== undefined) return row
  if (status >= 500) return { class: 'uncertain', title: `The provider had a fault (HTTP ${status})`, advice: MAY_HAVE_ARRIVED }
  if (status >= 400) return { class: 'permanent', title: `The provider refused the message (HTTP ${status})`, advice: UNKNOWN }
  if (status >= 300) {
    return {
      class: 'hold-account',
      alert: true,
      title: `The address of the provider leads elsewhere (HTTP ${status})`,
      advice: 'Ask a developer to check the base URL; redirects are not followed.',
    }
  }
  return { class: 'uncertain', title: `The provider's answer carries no message id (HTTP ${status})`, advice: MAY_HAVE_ARRIVED }
}

const MAY_HAVE_ARRIVED = 'The message may have arrived. Wait for a status, or ask the customer before you send it again.'

const HTTP_STATUSES: Readonly<Record<number, CodeRow>> = {
  401: {
    class: 'hold-account',
    alert: true,
    title: 'The provider rejects our credentials',
    advice: 'Ask a developer to check the key and token, and the region of the account.',
  },
  402: {
    class: 'hold-account',
    alert: true,
    title: 'The credit or the plan of the account is used up',
    advice: 'Top up or change the plan in the account of the provider.',
  },
  403: {
    class: 'hold-account',
    alert: true,
    title: 'The account may not send',
    advice: 'Check in the account of the provider that WhatsApp is enabled for it.',
  },
  404: {
    class: 'permanent',
    title: 'The provider does not know this account or address',
    advice: 'Ask a developer to check the account id and the region (the base URL).',
  },
  408: { class: 'uncertain', title: 'The provider took too long', advice: MAY_HAVE_ARRIVED },
  429: { class: 'hold-account', title: 'Too many requests at once', advice: PASSES },
}
