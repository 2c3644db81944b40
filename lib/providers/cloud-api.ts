import { WaError } from '../errors'
import type { SentMessage } from '../model/message'
import { detailsIn, errorIn, parseCloudApi } from './cloud-api-callbacks'
import { resultOf, resultOfStatus } from './codes'
import { cloudApiRow } from './codes-cloud-api'
import { deliver } from './deliver'
import { type Answer, agentFor, targetOf } from './http'
import type { Knock, Parcel, Provider, SendResult, Verdict } from './provider'
import { field, idOf, isObject, jsonOf, numberOf, textOf } from './reading'
import { hmacMatches, isSignature, safeEqual } from './secrets'
import { baseUrlOf, type Env, missingOf, rateOf, secretsOf, setting, shown, shownSecret } from './settings'
import { phoneOf } from './who'
import { contentOf } from './wire'

export interface CloudApiOptions {
  /** Id of the business number in Meta's tables, not the number itself. */
  phoneNumberId?: string
  accessToken?: string
  /** Signs every webhook. Two during rotation. */
  appSecret?: string | readonly string[]
  /** A word of your own choice, typed into Meta's webhook form. */
  verifyToken?: string
  /** With the version, `https://graph.facebook.com/v25.0`. */
  baseUrl?: string
  /** Requests per second at most, 80: Meta's limit of a number before its upgrade. */
  perSecond?: number
}

/** What must be set before anything can be sent. */
export const CLOUD_API_CREDENTIALS = ['WHATSAPP_PHONE_NUMBER_ID', 'WHATSAPP_ACCESS_TOKEN'] as const

/** WhatsApp over Meta's Cloud API. Each option falls back to its environment variable. */
export function cloudApi(options: CloudApiOptions = {}, env: Env = process.env): Provider {
  const phoneNumberId = setting(options.phoneNumberId, env, 'WHATSAPP_PHONE_NUMBER_ID')
  const accessToken = setting(options.accessToken, env, 'WHATSAPP_ACCESS_TOKEN')
  const appSecrets = secretsOf(options.appSecret, env, 'WHATSAPP_APP_SECRET')
  const verifyToken = setting(options.verifyToken, env, 'WHATSAPP_VERIFY_TOKEN')
  const baseUrl = baseUrlOf(setting(options.baseUrl, env, 'WHATSAPP_BASE_URL') ?? 'https://graph.facebook.com/v25.0', 'WHATSAPP_BASE_URL')
  const perSecond = rateOf(options.perSecond, 80, env, 'WHATSAPP_PER_SECOND')

  const missing = missingOf({
    WHATSAPP_PHONE_NUMBER_ID: phoneNumberId,
    WHATSAPP_ACCESS_TOKEN: accessToken,
    WHATSAPP_APP_SECRET: appSecrets,
    WHATSAPP_VERIFY_TOKEN: verifyToken,
  })
  const withoutCredentials = missing.filter((name) => (CLOUD_API_CREDENTIALS as readonly string[]).includes(name))
  const to = targetOf(`${baseUrl}/${encodeURIComponent(phoneNumberId ?? '')}/messages`, { authorization: `Bearer ${accessToken}` })
  const agent = agentFor(baseUrl)
  return {
    name: 'cloudApi',
    from: null,
    settings: {
      phoneNumberId: shown(phoneNumberId),
      accessToken: shownSecret(accessToken),
      appSecret: shownSecret(appSecrets),
      verifyToken: shownSecret(verifyToken),
      baseUrl,
      perSecond: String(perSecond),
    },
    missing,
    perSecond,
    verify: (knock) => (knock.method === 'GET' ? verifySubscription(knock, verifyToken) : verifySignature(knock, appSecrets)),
    needsBody: ({ headers }) => appSecrets.length > 0 && isSignature(headers['x-hub-signature-256']),
    parse: (body) => parseCloudApi(body, { provider: 'cloudApi', phoneNumberId }),
    wire: (parcel) => JSON.parse(cloudApiBody(parcel)) as unknown,
    send: (parcel, signal) =>
      deliver({
        missing: withoutCredentials,
        to,
        body: () => cloudApiBody(parcel),
        agent,
        signal,
        resultOf: (answer) => resultOfAnswer(answer, parcel),
      }),
    close: () => agent.destroy(),
  }
}

/** `GET ?hub.mode=subscribe&hub.verify_token=…&hub.challenge=…`: the challenge comes back as plain text. Carries no signature. */
function verifySubscription({ query }: Knock, verifyToken: string | null): Verdict {
  if (verifyToken === null) return { ok: false, status: 503, reason: 'WHATSAPP_VERIFY_TOKEN is not set' }
  const matches = safeEqual(verifyToken, query.get('hub.verify_token') ?? '')
  const challenge = query.get('hub.challenge') ?? ''
  if (query.get('hub.mode') !== 'subscribe' || !matches || challenge === '' || challenge.length > 256)
    return { ok: false, status: 403, reason: 'not a subscription with our verify token' }
  return { answer: { status: 200, contentType: 'text/plain; charset=utf-8', body: challenge } }
}

function verifySignature({ headers, body }: Knock, appSecrets: readonly string[]): Verdict {
  if (appSecrets.length === 0) return { ok: false, status: 503, reason: 'WHATSAPP_APP_SECRET is not set: webhooks cannot be told from forgeries' }
  return hmacMatches(appSecrets, body, headers['x-hub-signature-256'])
    ? { ok: true }
    : { ok: false, status: 401, reason: 'wrong or missing X-Hub-Signature-256' }
}

/** What leaves, as JSON. A user id goes into `recipient`: in `to` it is answered 200 and never arrives. */
export function cloudApiBody(parcel: Parcel): string {
  const { to, recipient } = addressOf(parcel)
  const message = parcel.content ? null : parcel.message
  if (message?.type === 'raw') return JSON.stringify(rawWire(parcel, message))
  const content = message === null ? parcel.content : JSON.stringify(contentOf(message)).slice(1, -1)
  const address = to === undefined ? `"recipient":${JSON.stringify(recipient)}` : `"to":"${to}"`
  const context = parcel.replyTo === null ? '' : `"context":{"message_id":${JSON.stringify(parcel.replyTo)}},`
  const ref = JSON.stringify(parcel.ref)
  return `{"messaging_product":"whatsapp","recipient_type":"individual",${address},${context}"biz_opaque_callback_data":${ref},${content}}`
}

/** A raw message can add fields, but not change who gets it: "to" would win over our "recipient". */
function rawWire(parcel: Parcel, message: SentMessage): unknown {
  const head = headOf(parcel)
  const { to: _to, recipient: _recipient, ...content } = contentOf(message)
  return { ...head, ...content, ...head }
}

const headOf = (parcel: Parcel): object => ({
  messaging_product: 'whatsapp',
  recipient_type: 'individual',
  ...addressOf(parcel),
  ...(parcel.replyTo === null ? {} : { context: { message_id: parcel.replyTo } }),
  biz_opaque_callback_data: parcel.ref,
})

function addressOf({ to }: Parcel): { to: string; recipient?: never } | { recipient: string; to?: never } {
  const phone = phoneOf(to.phone)
  if (phone !== null) return { to: phone.slice(1) }
  if (to.bsuid !== null) return { recipient: to.bsuid }
  throw new WaError('WA_PHONE_INVALID', 'The customer has neither a valid phone number nor a user id, so nothing can be sent to them.')
}

/** The code decides before the HTTP status: Meta's throttles come as 400. */
function resultOfAnswer({ status, body, retryAfterMs }: Answer, parcel: Parcel): SendResult {
  const json = jsonOf(body)
  const error = field(json, 'error')
  const is2xx = status >= 200 && status < 300
  if (!isObject(error)) {
    const messages = field(json, 'messages')
    const providerId = idOf(Array.isArray(messages) ? field(messages[0], 'id') : undefined)
    if (is2xx && providerId !== null) return { outcome: 'accepted', providerId, ...knownAs(json, parcel) }
    return resultOfStatus(status, null, retryAfterMs)
  }
  const code = numberOf(error.code)
  const row = code === null ? undefined : cloudApiRow(code)
  if (row !== undefined) return resultOf(row, errorIn(error), retryAfterMs)
  return resultOfStatus(is2xx ? 400 : status, detailsIn(error) ?? textOf(error.message), retryAfterMs, code ?? 0)
}

/** The number as WhatsApp knows it, when that is another one (Brazil, Mexico, Argentina). */
function knownAs(json: unknown, { to }: Parcel): { phone?: string } {
  const contacts = field(json, 'contacts')
  const phone = phoneOf(Array.isArray(contacts) ? field(contacts[0], 'wa_id') : undefined)
  return phone === null || phone === phoneOf(to.phone) ? {} : { phone }
}
