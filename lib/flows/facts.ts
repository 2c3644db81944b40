import type { IncomingMedia, IncomingReply, MessageType } from '../model/event'
import { optionsOf, type SentMessage } from '../model/message'
import type { Query } from '../store/database'
import { latestOffers, type MessageRow } from '../store/messages'
import type { StoredScene } from '../store/scenes'

/** The structured part of an inbound message, as it is kept in its row. */
export interface InboundPayload {
  reply?: IncomingReply
  media?: IncomingMedia
  location?: { latitude: number; longitude: number; name?: string; address?: string }
  form?: { name: string | null; response: Record<string, unknown> | null }
  reaction?: { to: string | null; emoji: string | null }
  original?: string | null
  reason?: string
}

/** A tap, with what is known of the menu that was tapped. */
export interface ReplyFacts {
  id: string
  title: string
  via: 'button' | 'list' | 'template' | 'text'
  /** An older version of the menu, or a menu that a later one has replaced. */
  stale: boolean
  /** The same option of the same message was tapped before. */
  repeat: boolean
  /** The message that was answered; null when the provider sent no context. */
  menu: { key: string; version: number; variables: Record<string, unknown>; messageId: string } | null
  /** The menu it most likely belongs to when there was no context: enough to find a listener, not enough to act on its variables. */
  likelyMenu: string | null
}

/** What a message says, in the form that listeners get. */
export interface Facts {
  type: MessageType
  text: string | null
  payload: InboundPayload
  reply: ReplyFacts | null
}

/** What stands around a message. */
type Around = Pick<StoredScene, 'answered' | 'liveVersion' | 'latestOffer' | 'isRepeat'>

/** A tap without its context is looked for among so many of our latest menus. */
const LIKELY_OFFERS = 20

export async function factsOf(query: Query, message: MessageRow, around: Around): Promise<Facts> {
  const payload = (message.payload ?? {}) as InboundPayload
  return {
    type: message.type as MessageType,
    text: message.text,
    payload,
    reply: payload.reply ? await replyFacts(query, message, payload.reply, around) : null,
  }
}

async function replyFacts(query: Query, message: MessageRow, reply: IncomingReply, around: Around): Promise<ReplyFacts> {
  const { answered, liveVersion, latestOffer, isRepeat } = around
  const outdated = answered !== null && liveVersion !== null && liveVersion !== answered.menu_version
  const replaced = answered !== null && latestOffer !== null && latestOffer > answered.id
  return {
    id: reply.id,
    title: reply.title,
    via: reply.via,
    stale: outdated || replaced,
    repeat: isRepeat,
    menu:
      answered?.menu_key && answered.menu_version !== null
        ? { key: answered.menu_key, version: answered.menu_version, variables: answered.variables ?? {}, messageId: String(answered.id) }
        : null,
    likelyMenu: answered ? answered.menu_key : latestOffer === null ? null : await likelyMenu(query, message.conversation_id, reply.id),
  }
}

async function likelyMenu(query: Query, conversationId: number, replyId: string): Promise<string | null> {
  const offers = await latestOffers(query, conversationId, LIKELY_OFFERS)
  return offers.find((offer) => JSON.stringify(offer.payload).includes(JSON.stringify(replyId)))?.menu_key ?? null
}

/** Ids that a sent message offers. */
export const offeredIds = (message: SentMessage): string[] => optionsOf(message).map((option) => option.id)
