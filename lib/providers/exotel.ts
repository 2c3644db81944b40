import { WaError } from '../errors'
import { errorOf, resultOf, resultOfStatus } from './codes'
import { exotelRow } from './codes-exotel'
import { deliver } from './deliver'
import { parseExotel } from './exotel-callbacks'
import { type Answer, agentFor, targetOf } from './http'
import type { Knock, Parcel, Provider, SendResult, Verdict } from './provider'
import { field, idOf, isObject, jsonOf, labelOf, numberOf, textOf } from './reading'
import { isOneOf } from './secrets'
import { baseUrlOf, type Env, missingOf, rateOf, secretsOf, setting, shown, shownSecret } from './settings'
import { phoneOf } from './who'
import { contentOf } from './wire'

export interface ExotelOptions {
  accountSid?: string
  apiKey?: string
  apiToken?: string
  /** Business number, `+918000000001`. */
  from?: string
  /** The region: `https://api.exotel.com` (Singapore, the default) or `https://api.in.exotel.com` (Mumbai). */
  baseUrl?: string
  /** Arrives as `?token=` with every callback: Exotel does not sign. At least 16 characters. Two during rotation, the newer one first. */
  webhookToken?: string | readonly string[]
  /** The running service takes the envelope; `flat` is the body of the "Interactive Messages" page, which it was seen to refuse. */
  body?: 'envelope' | 'flat'
  /** Requests per second at most, 5. Exotel publishes no number for WhatsApp. */
  perSecond?: number
}

/** What must be set before anything can be sent. */
export const EXOTEL_CREDENTIALS = ['EXOTEL_ACCOUNT_SID', 'EXOTEL_API_KEY', 'EXOTEL_API_TOKEN', 'EXOTEL_FROM'] as const

/** WhatsApp over Exotel's API v2. Each option falls back to its environment variable. */
export function exotel(options: ExotelOptions = {}, env: Env = process.env): Provider {
  const accountSid = setting(options.accountSid, env, 'EXOTEL_ACCOUNT_SID')
  const apiKey = setting(options.apiKey, env, 'EXOTEL_API_KEY')
  const apiToken = setting(options.apiToken, env, 'EXOTEL_API_TOKEN')
  const from = setting(options.from, env, 'EXOTEL_FROM')
  const tokens = secretsOf(options.webhookToken, env, 'EXOTEL_WEBHOOK_TOKEN')
  for (const token of tokens) refuseGuessable(token)
  const baseUrl = baseUrlOf(setting(options.baseUrl, env, 'EXOTEL_BASE_URL') ?? 'https://api.exotel.com', 'EXOTEL_BASE_URL')
  const shape = options.body ?? 'envelope'
  const perSecond = rateOf(options.perSecond, 5, env, 'EXOTEL_PER_SECOND')

  const missing = missingOf({
    EXOTEL_ACCOUNT_SID: accountSid,
    EXOTEL_API_KEY: apiKey,
    EXOTEL_API_TOKEN: apiToken,
    EXOTEL_FROM: from,
    EXOTEL_WEBHOOK_TOKEN: tokens,
  })
  const withoutCredentials = missing.filter((name) => (EXOTEL_CREDENTIALS as readonly string[]).includes(name))
  const to = targetOf(`${baseUrl}/v2/accounts/${encodeURIComponent(accountSid ?? '')}/messages`, {
    authorization: `Basic ${Buffer.from(`${apiKey}:${apiToken}`).toString('base64')}`,
  })
  const agent = agentFor(baseUrl)
  const number = phoneOf(from) ?? from
  const bodyOf = (parcel: Parcel): string => (shape === 'flat' ? flat : envelope)(parcel, number, tokens[0])
  return {
    name: 'exotel',
    from: number,
    settings: {
      accountSid: shown(accountSid),
      apiKey: shownSecret(apiKey),
      apiToken: shownSecret(apiToken),
      from: shown(number),
      baseUrl,
      webhookToken: shownSecret(tokens),
      body: shape,
      perSecond: String(perSecond),
    },
    missing,
    perSecond,
    verify: (knock) => verifyToken(knock, tokens),
    needsBody: ({ query }) => isOneOf(tokens, query.get('token') ?? ''),
    parse: (body) => parseExotel(body),
    wire: (parcel) => JSON.parse(bodyOf(parcel)) as unknown,
    send: (parcel, signal) =>
      deliver({
        missing: withoutCredentials,
        to,
        body: () => bodyOf(parcel),
        agent,
        signal,
        resultOf: resultOfAnswer,
      }),
    close: () => agent.destroy(),
  }
}

/** The token is all that tells Exotel from a stranger. */
function refuseGuessable(token: string): void {
  if (token.length >= LEAST_TOKEN) return
  const message = `EXOTEL_WEBHOOK_TOKEN has ${token.length} characters; a token that nobody guesses has at least ${LEAST_TOKEN}.`
  const fix = 'Make one: openssl rand -hex 24. Give the same to Exotel, behind ?token= in the callback address.'
  throw new WaError('WA_OPTION_INVALID', `${message} ${fix}`, [{ path: 'EXOTEL_WEBHOOK_TOKEN', message, actual: token.length, limit: LEAST_TOKEN, fix }])
}
const LEAST_TOKEN = 16

/** Exotel signs nothing: an unguessable token in the address is the proof. Verification handshakes are answered once it matched. */
function verifyToken({ method, query, body }: Knock, tokens: readonly string[]): Verdict {
  if (tokens.length === 0) return { ok: false, status: 503, reason: 'EXOTEL_WEBHOOK_TOKEN is not set: callbacks cannot be told from forgeries' }
  const matches = isOneOf(tokens, query.get('token') ?? '')
  if (method === 'GET')
    return matches
      ? { answer: { status: 200, contentType: 'text/plain; charset=utf-8', body: 'ok' } }
      : { ok: false, status: 403, reason: 'wrong or missing ?token=' }
  if (!matches) return { ok: false, status: 401, reason: 'wrong or missing ?token=' }
  const challenge = challengeIn(body)
  return challenge === null ? { ok: true } : { answer: { status: 200, contentType: 'application/json; charset=utf-8', body: JSON.stringify({ challenge }) } }
}

/** `{ type: 'verification', challenge }`. Longer bodies are none and are not parsed twice. */
function challengeIn(body: Buffer): string | null {
  if (body.length > 2048) return null
  const json = jsonOf(body.toString('utf8'))
  return field(json, 'type') === 'verification' ? idOf(field(json, 'challenge'), 256) : null
}

interface Head {
  from: string | null
  to: string
}

/** Exotel has no field for a user id, and none for quoting that was seen to work: `replyTo` stays here. */
function headOf({ to }: Parcel, from: string | null): Head {
  const phone = phoneOf(to.phone)
  if (phone === null) throw new WaError('WA_PHONE_INVALID', 'Exotel can only send to a phone number, and the number of this customer is not known.')
  return { from, to: phone }
}

function envelope(parcel: Parcel, from: string | null, token?: string): string {
  const head = JSON.stringify({ ...headOf(parcel, from), custom_data: parcel.ref, ...callbackOf(parcel, token) }).slice(0, -1)
  const content = parcel.content
    ? `{"recipient_type":"individual",${parcel.content}}`
    : JSON.stringify({ recipient_type: 'individual', ...contentOf(parcel.message) })
  return `{"whatsapp":{"messages":[${head},"content":${content}}]}}`
}

function flat(parcel: Parcel, from: string | null, token?: string): string {
  const head = JSON.stringify(headOf(parcel, from)).slice(0, -1)
  const tail = JSON.stringify({ custom_data: parcel.ref, ...callbackOf(parcel, token) }).slice(1)
  return `${head},"content":${parcel.content ? `{${parcel.content}}` : JSON.stringify(contentOf(parcel.message))},${tail}`
}

/** With the token: what Exotel reports there has to prove itself as at the default address. The most specific address wins, so without it every report would be lost. */
function callbackOf({ statusCallback }: Parcel, token: string | undefined): object {
  if (statusCallback === null) return {}
  const url = new URL(statusCallback)
  if (token !== undefined) url.searchParams.set('token', token)
  return { status_callback: url.href }
}

/**
 * HTTP 2xx does not mean accepted: the item of our one message decides, `response.whatsapp.messages[0]`, where `data.sid` is the id.
 * Its own code wins over that of the whole answer, and a code of the tables over an HTTP status.
 */
function resultOfAnswer({ status, body, retryAfterMs }: Answer): SendResult {
  const json = jsonOf(body)
  const messages = field(json, 'response', 'whatsapp', 'messages')
  const item = Array.isArray(messages) ? messages[0] : messages
  const sid = idOf(field(item, 'data', 'sid'))
  const itemStatus = numberOf(field(item, 'code'))
  const failed = isError(field(item, 'error_data')) || (itemStatus !== null && itemStatus >= 300) || /^fail/i.test(labelOf(field(item, 'status')) ?? '')
  const succeeded = !failed && (field(item, 'status') === 'success' || (itemStatus !== null && itemStatus >= 200))
  const is2xx = status >= 200 && status < 300

  if (succeeded && sid !== null) {
    if (is2xx) return { outcome: 'accepted', providerId: sid }
    return { outcome: 'uncertain', reason: `Exotel answered HTTP ${status}, but with a message id.`, providerId: sid }
  }
  const error = [field(item, 'error_data'), field(json, 'response', 'error_data'), field(json, 'error_data')].find(isError)
  const code = numberOf(field(error, 'code'))
  const details = textOf(field(error, 'description')) ?? textOf(field(error, 'message'))
  const row = code === null ? undefined : exotelRow(code)
  if (code !== null && row !== undefined) return resultOf(row, errorOf(code, row, details), retryAfterMs)
  const refused = failed || error !== undefined
  return resultOfStatus(statusOf(status, itemStatus, refused), details, retryAfterMs, code ?? 0)
}

const isError = (value: unknown): boolean => isObject(value) && Object.keys(value).length > 0

/** The status that counts: the item's own, then that of the whole. A failure inside a 2xx without a status of its own is a refusal. */
function statusOf(status: number, itemStatus: number | null, refused: boolean): number {
  if (itemStatus !== null && itemStatus >= 300 && itemStatus <= 599) return itemStatus
  return refused && status >= 200 && status < 300 ? 400 : status
}
