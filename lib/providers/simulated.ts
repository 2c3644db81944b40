import type { IncomingStatus } from '../model/event'
import { CLOUD_API_CODES } from './codes-cloud-api'
import type { Knock } from './provider'
import type { Content } from './wire'

/** Who holds a simulated phone. Without a number the customer is known by the user id alone, as on WhatsApp. */
export interface SimulatedCustomer {
  phone: string | null
  bsuid?: string | null
  username?: string | null
  name?: string | null
}
export interface SimulatedMessage {
  from: SimulatedCustomer
  /** Ms since epoch; the wire carries whole seconds. */
  at: number
  /** The provider's id of this message; the same id twice is the same message. */
  id: string
  content: Content
  /** Provider id of the message that is answered. */
  replyTo?: string | null
}
export interface SimulatedStatus {
  id: string
  status: IncomingStatus['status']
  to: SimulatedCustomer
  at: number
  /** Correlation word of the parcel. */
  ref?: string | null
  /** For `failed`: a code of the Cloud API. */
  code?: number
}

/** What a customer's phone says: content objects of the wire, for `knockOf`. */
export const says = (text: string): Content => ({ type: 'text', text: { body: text } })

export function taps(option: { id: string; title: string; description?: string }, via: 'button' | 'list' | 'template'): Content {
  const { id, title, description } = option
  if (via === 'template') return { type: 'button', button: { payload: id, text: title } }
  if (via === 'button') return { type: 'interactive', interactive: { type: 'button_reply', button_reply: { id, title } } }
  return { type: 'interactive', interactive: { type: 'list_reply', list_reply: { id, title, ...(description ? { description } : {}) } } }
}

export const sendsImage = (image: { id: string; caption?: string }): Content => ({
  type: 'image',
  image: { id: image.id, mime_type: 'image/jpeg', sha256: 'c2ltdWxhdGVk', ...(image.caption ? { caption: image.caption } : {}) },
})

export const sendsLocation = (location: { latitude: number; longitude: number; name?: string; address?: string }): Content => ({ type: 'location', location })

/** The request with which the Cloud API would bring this message to our webhook, byte for byte. */
export function knockOf({ from, at, id, content, replyTo }: SimulatedMessage): Knock {
  const message = {
    ...addressed('from', 'from_user_id', from),
    id,
    timestamp: seconds(at),
    ...(replyTo ? { context: { from: NUMBER, id: replyTo } } : {}),
    ...content,
  }
  const profile = { ...(from.name ? { name: from.name } : {}), ...(from.username ? { username: from.username } : {}) }
  return knockWith({ contacts: [{ profile, ...addressed('wa_id', 'user_id', from) }], messages: [message] })
}

/** The request with which the Cloud API would tell how a message of ours fared. */
export function statusKnock({ id, status, to, at, ref, code }: SimulatedStatus): Knock {
  const errors = status === 'failed' ? { errors: [{ code: code ?? 131000, title: CLOUD_API_CODES[code ?? 131000]?.title ?? 'Simulated failure' }] } : {}
  const item = {
    id,
    status,
    timestamp: seconds(at),
    ...addressed('recipient_id', 'recipient_user_id', to),
    ...(ref ? { biz_opaque_callback_data: ref } : {}),
    ...errors,
  }
  return knockWith({ statuses: [item] })
}

const NUMBER = '12025550100'
const seconds = (at: number): string => String(Math.floor(at / 1000))

/** Fields without a value are left out, not empty: that is how a customer without a number looks. */
function addressed(phone: string, userId: string, who: SimulatedCustomer): object {
  return { ...(who.phone ? { [phone]: who.phone.replace(/^\+/, '') } : {}), ...(who.bsuid ? { [userId]: who.bsuid } : {}) }
}

function knockWith(value: object): Knock {
  const metadata = { display_phone_number: NUMBER, phone_number_id: 'simulator' }
  const change = { field: 'messages', value: { messaging_product: 'whatsapp', metadata, ...value } }
  const body = { object: 'whatsapp_business_account', entry: [{ id: 'simulator', changes: [change] }] }
  return { method: 'POST', headers: { 'content-type': 'application/json' }, query: new URLSearchParams(), body: Buffer.from(JSON.stringify(body)) }
}
