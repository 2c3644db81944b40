import type { StatusError } from '../model/event'
import type { Status } from '../model/message'
import type { Db, Query } from './database'
import { insertHistory } from './history'
import {
  fromJson,
  insertOnce,
  insertRow,
  numeric,
  type Page,
  type PageRequest,
  pageById,
  randomRef,
  shortHashOf,
  storable,
  toJson,
  toShortJson,
  type UpTo,
  within,
} from './rows'

/** One message in either direction. The same row is the log and, while it has not left, the outbox. */
export interface MessageRow {
  id: number
  number: string
  conversation_id: number
  direction: 'in' | 'out'
  /** Outbound: type of the SentMessage. Inbound: type of the event (`button_reply`, `text`, …). */
  type: string
  text: string | null
  /** Outbound: the SentMessage as it was drawn. Inbound: the structured part (reply, media, location, …). */
  payload: unknown
  status: Status | null
  provider_id: string | null
  provider_key: string | null
  ref: string | null
  menu_key: string | null
  menu_version: number | null
  variables: Record<string, unknown> | null
  reply_id: string | null
  /** Our id of the message that this one answers or quotes. */
  reply_to: number | null
  error: StatusError | null
  meta: Record<string, string> | null
  /** Who of the staff sent it; null for code and customers. */
  sent_by: string | null
  at: number
  created_at: number
  next_at: number | null
  expires_at: number | null
  attempts: number
  lease_until: number | null
  lease_token: string | null
  idempotency_key: string | null
  fingerprint: string | null
}

type RawTimes = Record<'at' | 'created_at', number | string>
export type RawMessage = Omit<MessageRow, 'payload' | 'variables' | 'meta' | 'error'> & {
  payload: string | null
  variables: string | null
  meta: string | null
  error: string | null
  error_code: number | null
  /** PostgreSQL's index of the text. */
  words?: unknown
}
const NUMBERS = ['id', 'conversation_id', 'menu_version', 'reply_to', 'at', 'created_at', 'next_at', 'expires_at', 'attempts', 'lease_until'] as const
export const readMessage = (row: RawMessage): MessageRow => {
  const { error_code: _code, words: _words, ...columns } = numeric(row, NUMBERS)
  return { ...columns, payload: fromJson(row.payload), variables: fromJson(row.variables), meta: fromJson(row.meta), error: fromJson(row.error) }
}

/** Provider ids are unique per business number at most. */
export const providerKey = (number: string, providerId: string): string => shortHashOf(`${number}\n${providerId}`)

export interface InboundMessage {
  number: string
  conversationId: number
  type: string
  text: string | null
  payload: unknown
  providerId: string | null
  replyId: string | null
  replyTo: number | null
  menu: { key: string; version: number } | null
  at: number
  now: number
}
export async function insertInbound(trx: Query, db: Db, message: InboundMessage): Promise<number> {
  return insertRow(trx, db.dialect, 'wa_messages', {
    number: message.number,
    conversation_id: message.conversationId,
    direction: 'in',
    type: message.type,
    text: message.text === null ? null : storable(message.text),
    payload: toJson(message.payload),
    provider_id: message.providerId?.slice(0, 255) ?? null,
    reply_id: message.replyId === null ? null : storable(message.replyId).slice(0, 256),
    reply_to: message.replyTo,
    menu_key: message.menu?.key ?? null,
    menu_version: message.menu?.version ?? null,
    at: message.at,
    created_at: message.now,
  })
}

export interface OutboundMessage {
  number: string
  conversationId: number
  /** Type of the SentMessage. */
  type: string
  /** The SentMessage as JSON. */
  json: string
  text: string
  menu: { key: string; version: number; variables: Record<string, unknown> } | null
  replyTo: number | null
  meta: Record<string, string> | null
  sentBy: string | null
  /** Hash that makes a repeated decision one message; null when every call is a new one. */
  idempotencyKey: string | null
  fingerprint: string | null
  expiresAt: number
  now: number
}
/** The decision to send, as a row. Answers the id, or null when the same idempotency key is there already. */
export async function insertOutbound(trx: Query, db: Db, message: OutboundMessage): Promise<number | null> {
  const row = {
    number: message.number,
    conversation_id: message.conversationId,
    direction: 'out',
    type: message.type,
    text: storable(message.text),
    payload: message.json,
    status: 'queued',
    ref: randomRef(),
    menu_key: message.menu?.key ?? null,
    menu_version: message.menu?.version ?? null,
    variables: toJson(message.menu?.variables ?? null),
    reply_to: message.replyTo,
    meta: toShortJson('meta', message.meta),
    sent_by: message.sentBy,
    at: message.now,
    created_at: message.now,
    next_at: message.now,
    expires_at: message.expiresAt,
    idempotency_key: message.idempotencyKey,
    fingerprint: message.fingerprint,
  }
  const id =
    message.idempotencyKey === null
      ? await insertRow(trx, db.dialect, 'wa_messages', row)
      : await insertOnce(trx, db.dialect, 'wa_messages', row, '(idempotency_key) where idempotency_key is not null')
  if (id === null) return null
  await insertHistory(trx, id, 'queued', message.now, null, message.sentBy)
  return id
}

export async function messageById(query: Query, id: number): Promise<MessageRow | null> {
  return one(query('wa_messages').where({ id }))
}
/** Within a transaction: the row as it is, and as it stays until the commit unless the holder changes it. */
export async function lockMessage(trx: Query, db: Db, id: number): Promise<MessageRow | null> {
  const row = trx('wa_messages').where({ id })
  return one(db.dialect === 'sqlite' ? row : row.forUpdate())
}
/** A message that we sent. (Those of customers are found by their events: `eventKey`.) */
export async function messageByProviderId(query: Query, number: string, providerId: string): Promise<MessageRow | null> {
  return one(query('wa_messages').where({ provider_key: providerKey(number, providerId) }))
}
export async function messageByRef(query: Query, ref: string): Promise<MessageRow | null> {
  return ref.length === 22 ? one(query('wa_messages').where({ ref })) : null
}
export async function messageByIdempotencyKey(query: Query, key: string): Promise<MessageRow | null> {
  return one(query('wa_messages').where({ idempotency_key: key }))
}
async function one(rows: PromiseLike<RawMessage[]>): Promise<MessageRow | null> {
  const [row] = await rows
  return row ? readMessage(row) : null
}

/** Messages of one conversation, newest first. */
export async function listMessages(query: Query, conversationId: number, request: PageRequest): Promise<Page<MessageRow>> {
  return pageById(query('wa_messages').where({ conversation_id: conversationId }), request, readMessage)
}
/** Messages of one conversation from this id on, newest first; null when there are more than `limit`. */
export async function messagesFrom(query: Query, conversationId: number, from: number, limit: number): Promise<MessageRow[] | null> {
  const rows = query('wa_messages').where({ conversation_id: conversationId }).where('id', '>=', from)
  const found = (await rows.orderBy('id', 'desc').limit(limit + 1)) as RawMessage[]
  return found.length > limit ? null : found.map(readMessage)
}
/** Id of the `count`-th message of a conversation after this one; null when there are fewer. */
export async function messageAfter(query: Query, conversationId: number, id: number, count: number): Promise<number | null> {
  const rows = query('wa_messages').where({ conversation_id: conversationId }).where('id', '>', id)
  const [found] = (await rows
    .orderBy('id')
    .offset(count - 1)
    .limit(1)
    .select('id')) as { id: number | string }[]
  return found ? Number(found.id) : null
}
/** What the customer had said last before this message, of these types: by the provider's time, and when it arrived. Null when nothing. */
export async function saidLastBefore(
  query: Query,
  conversationId: number,
  id: number,
  types: Iterable<string>,
): Promise<Pick<MessageRow, 'at' | 'created_at'> | null> {
  const [row] = (await query('wa_messages')
    .where({ conversation_id: conversationId, direction: 'in' })
    .where('id', '<', id)
    .whereIn('type', [...types])
    .orderBy('id', 'desc')
    .limit(1)
    .select('at', 'created_at')) as RawTimes[]
  return row ? { at: Number(row.at), created_at: Number(row.created_at) } : null
}
/** The customer's first message from this id on; null when they said nothing more. */
export async function firstInboundFrom(query: Query, conversationId: number, id: number): Promise<number | null> {
  const [row] = (await query('wa_messages')
    .where({ conversation_id: conversationId, direction: 'in' })
    .where('id', '>=', id)
    .orderBy('id')
    .limit(1)
    .select('id')) as { id: number | string }[]
  return row ? Number(row.id) : null
}
/** Messages that we sent, newest first, by state; only of these business numbers when they are given. */
export async function listOutbound(
  query: Query,
  statuses: readonly Status[],
  request: PageRequest & { numbers?: readonly string[] | undefined },
): Promise<Page<MessageRow>> {
  // One state at a time, each from the newest end of the index: all states together would be collected and sorted. Only what we send has a state.
  const found = statuses.map(async (status) => {
    const rows = query('wa_messages').where({ status })
    if (request.numbers !== undefined) rows.whereIn('number', [...request.numbers])
    if (request.after !== undefined) rows.where('id', '<', Number(request.after))
    return (await rows
      .orderBy('id', 'desc')
      .limit(request.limit + 1)
      .select('id')) as { id: number | string }[]
  })
  const ids = (await Promise.all(found)).flat().map((row) => Number(row.id))
  return pageById(query('wa_messages').whereIn('id', ids.sort((a, b) => b - a).slice(0, request.limit + 1)), request, readMessage)
}

/** Messages with greater ids, oldest first: how an export walks through the log. */
export async function messagesAfter(
  query: Query,
  after: number,
  limit: number,
  filter: { conversationId: number | null; numbers?: readonly string[] | undefined },
): Promise<MessageRow[]> {
  const rows = query('wa_messages').where('id', '>', after)
  if (filter.conversationId !== null) rows.where({ conversation_id: filter.conversationId })
  if (filter.numbers !== undefined) rows.whereIn('number', [...filter.numbers])
  return ((await rows.orderBy('id').limit(limit)) as RawMessage[]).map(readMessage)
}

/** Id of the newest message: what a live page watches beside the conversations. */
export async function newestMessage(query: Query): Promise<number> {
  const row = (await query('wa_messages').max({ id: 'id' }).first()) as { id: number | string | null } | undefined
  return Number(row?.id ?? 0)
}

export async function messagesById(query: Query, ids: readonly number[]): Promise<Map<number, MessageRow>> {
  if (ids.length === 0) return new Map()
  const rows = (await query('wa_messages').whereIn('id', [...new Set(ids)])) as RawMessage[]
  return new Map(rows.map(readMessage).map((message) => [message.id, message]))
}
/** What was tapped on these messages of one conversation, oldest first. A tap is always newer than what it answers. */
export async function tapsOn(query: Query, conversationId: number, ids: readonly number[]): Promise<{ id: number; reply_to: number; reply_id: string }[]> {
  if (ids.length === 0) return []
  const rows = query('wa_messages')
    .where({ conversation_id: conversationId, direction: 'in' })
    .where('id', '>', Math.min(...ids))
    .whereIn('reply_to', [...ids])
    .whereNotNull('reply_id')
  const taps = (await rows.orderBy('id').limit(500).select('id', 'reply_to', 'reply_id')) as { id: number; reply_to: number; reply_id: string }[]
  return taps.map((row) => numeric(row, ['id', 'reply_to']))
}
/** Ids of the messages between two that offered something to tap, oldest first: a tap on an older one was late. */
export async function offersBetween(query: Query, conversationId: number, after: number, before: number): Promise<number[]> {
  const rows = query('wa_messages')
    .where({ conversation_id: conversationId, direction: 'out' })
    .whereIn('type', ['button', 'list', 'template'])
    .where('id', '>', after)
    .where('id', '<', before)
  return ((await rows.orderBy('id').limit(500).select('id')) as { id: number | string }[]).map((row) => Number(row.id))
}
/** Our messages of a conversation that were delivered and not read: whoever writes has read them. */
export async function deliveredUnread(query: Query, conversationId: number): Promise<MessageRow[]> {
  const rows = query('wa_messages')
    .where({ conversation_id: conversationId, direction: 'out' })
    .whereIn('status', ['sent', 'delivered'])
    .whereNotNull('provider_id')
  return ((await rows.orderBy('id', 'desc').limit(50)) as RawMessage[]).map(readMessage).reverse()
}
/** Ours in these states, up to a bound. */
export function outbound(query: Query, statuses: readonly Status[], upTo: Partial<UpTo> | null) {
  const rows = query('wa_messages').whereIn('status', [...statuses])
  if (upTo) within(rows, upTo)
  return rows
}
/** How many messages stand in each of these states; counted up to `cap`, because nobody reads further. */
export async function countOutbound(query: Query, statuses: readonly Status[], cap = 10_000, upTo: Partial<UpTo> | null = null): Promise<number> {
  const inner = outbound(query, statuses, upTo).select('id').limit(cap).as('t')
  const row = (await query.count({ n: '*' }).from(inner).first()) as { n: number | string } | undefined
  return Number(row?.n ?? 0)
}

/** The latest messages of ours that offered something to tap, newest first. */
export async function latestOffers(query: Query, conversationId: number, limit: number): Promise<MessageRow[]> {
  const rows = query('wa_messages').where({ conversation_id: conversationId, direction: 'out' }).whereIn('type', ['button', 'list', 'template'])
  return ((await rows.orderBy('id', 'desc').limit(limit)) as RawMessage[]).map(readMessage)
}

/** Time of the `count`-th newest message sent in a conversation; null when there are fewer. */
export async function sentAtNth(query: Query, conversationId: number, count: number): Promise<number | null> {
  const rows = (await query('wa_messages')
    .where({ conversation_id: conversationId, direction: 'out' })
    .orderBy('id', 'desc')
    .offset(count - 1)
    .limit(1)
    .select('created_at')) as { created_at: number | string }[]
  return rows[0] ? Number(rows[0].created_at) : null
}
