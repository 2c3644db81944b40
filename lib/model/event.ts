/** Who wrote. Both identities may be absent: a customer with a username may have no phone number (protocol 5.3). */
export interface Who {
  /** Digits with a leading `+`. */
  phone: string | null
  /** Business-scoped user id of Meta, `IN.7Qx…`. */
  bsuid: string | null
  username: string | null
  name: string | null
}

/** A customer's tap or choice. */
export interface IncomingReply {
  id: string
  title: string
  description?: string
  /** How it arrived on the wire. */
  via: 'button' | 'list' | 'template'
}
export interface IncomingMedia {
  type: 'image' | 'video' | 'audio' | 'document' | 'sticker'
  /** Media id of the provider, or null when it gave a link. */
  id: string | null
  link: string | null
  mimeType: string | null
  filename: string | null
  caption: string | null
}

/**
 * The types of an inbound message, and under which names a listener hears each. The first name is its own.
 * `edit`, `revoke` and `system` are no new words of the customer: they do not advance a flow and open no window.
 */
export const HEARD_AS = {
  button_reply: ['button_reply', 'reply', 'message'],
  list_reply: ['list_reply', 'reply', 'message'],
  quick_reply: ['quick_reply', 'reply', 'message'],
  text: ['text', 'message'],
  media: ['media', 'message'],
  location: ['location', 'message'],
  contacts: ['contacts', 'message'],
  order: ['order', 'message'],
  form: ['form', 'message'],
  reaction: ['reaction'],
  edit: ['edit'],
  revoke: ['revoke'],
  system: ['system'],
  unsupported: ['unsupported', 'message'],
} as const
export type MessageType = keyof typeof HEARD_AS

/** Words, taps and files are the customer's turn: they advance a flow and open the session window. */
export const TURNS: ReadonlySet<MessageType> = new Set([
  'button_reply',
  'list_reply',
  'quick_reply',
  'text',
  'media',
  'location',
  'contacts',
  'order',
  'form',
  'unsupported',
])

interface IncomingBase {
  /**
   * What makes this event one event: the provider's id with its kind. The store hashes it; the same key is stored once, for ever.
   * Null when the body carries no id: then the receiver takes the bytes of the body and the minute.
   */
  dedupe: string | null
  /** The item as it came, text of JSON, never re-serialised from a normalised form. */
  raw: string
  /** Provider's time, ms since epoch; null when absent or unreadable (then the arrival counts). */
  at: number | null
}

/** One message of a customer, normalised. `text` is what a person would read; the structured field of its type is set, the others are not. */
export interface IncomingMessage extends IncomingBase {
  kind: 'message'
  type: MessageType
  providerId: string | null
  who: Who
  /** Provider id of the message that was answered (`context`), null when the provider sent none. */
  replyTo: string | null
  text: string | null
  reply?: IncomingReply
  media?: IncomingMedia
  location?: { latitude: number; longitude: number; name?: string; address?: string }
  /** `form`: the answers of a WhatsApp flow (nfm_reply); null when they are no JSON object. */
  form?: { name: string | null; response: Record<string, unknown> | null }
  reaction?: { to: string | null; emoji: string | null }
  /** `edit`, `revoke`: provider id of the older message. */
  original?: string | null
  /** `system`: the customer has a new number or user id. */
  moved?: { phone: string | null; bsuid: string | null; previousBsuid: string | null }
  /** `unsupported`: why, in the provider's words. */
  reason?: string
}

/** A word about a message that we sent. */
export interface IncomingStatus extends IncomingBase {
  kind: 'status'
  providerId: string
  /** Our correlation data, echoed (`custom_data`, `biz_opaque_callback_data`); null when absent. */
  ref: string | null
  status: 'sent' | 'delivered' | 'read' | 'played' | 'failed'
  error: StatusError | null
  /** The failure is one of the whole account (payment, a lock, reports of customers): a person must act. */
  alert: boolean
  who: Who
}

/** What the provider says went wrong, classified and put into plain words (providers/codes.ts). */
export interface StatusError {
  /** The provider's number; 0 when it gave none. */
  code: number
  title: string
  /** What to do, in plain words, for a person who does not know the wire. */
  advice: string
}

/** Authentic, but nothing we know: kept, shown, answered 200. */
export interface IncomingUnrecognised extends IncomingBase {
  kind: 'unrecognised'
  /** `field` or `type` of the wire, or why it could not be read. */
  what: string
}

export type Incoming = IncomingMessage | IncomingStatus | IncomingUnrecognised

/** Where an event stands in the inbox. */
export const EVENT_STATES = ['waiting', 'running', 'done', 'unhandled', 'retrying', 'needs_attention', 'discarded', 'unrecognised'] as const
export type EventState = (typeof EVENT_STATES)[number]
